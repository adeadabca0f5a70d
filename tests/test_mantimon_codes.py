"""Each of the fourteen codes of the dialect mantimon, brought about by clients of others."""

import pytest

import clients
import mantimon
import parlour

PRODUCERS = {}


def produces(code, **settings):
    """How a code comes about: the function gets a table, and returns the message that has it."""

    def note(produce):
        PRODUCERS[code] = (produce, settings)
        return produce

    return note


@produces("authentication_failed")
async def produce_authentication_failed(table):
    with pytest.raises(clients.Refused) as refused:
        await table.player("ada").connect({"token": "no token"})
    return refused.value.data


@produces("connection_closed", env={"PARLOUR_AUTH__SECOND_CONNECTION": "replaces"})
async def produce_connection_closed(table):
    first = await table.connected("ada")
    await table.connected("ada")
    return await first.until("error")


@produces("rate_limited", env={"PARLOUR_LIMITS__CONNECTION_TOKENS": "20", "PARLOUR_LIMITS__CONNECTION_TOKENS_PER_S": "1"})
async def produce_rate_limited(table):
    ada = await table.connected("ada")
    for _ in range(30):
        await ada.client.emit("game:heartbeat", ada.message("heartbeat"))
    return await ada.until("error")


@produces("game_not_found")
async def produce_game_not_found(table):
    return await (await table.connected("ada")).ask("join_game", game_id="nowhere")


@produces("not_in_game")
async def produce_not_in_game(table):
    game = await table.deal()
    return await (await table.connected("ada")).act({"type": "ready"}, game=game)


@produces("already_in_game")
async def produce_already_in_game(table):
    (ada,) = await table.seat("ada")
    return await ada.ask("join_game", game_id=await table.deal())


@produces("game_full")
async def produce_game_full(table):
    await table.seat("ada", "bob")
    return await (await table.connected("cem")).ask("join_game", game_id=table.game)


@produces("game_ended")
async def produce_game_ended(table):
    ada, bob = await table.seat("ada", "bob")
    await ada.ask("resign", game_id=table.game)
    await bob.until("game_over")
    return await bob.act({"type": "ready"})


@produces("invalid_action")
async def produce_invalid_action(table):
    ada, _ = await table.seat("ada", "bob")
    return await ada.act({"type": "no_such_action"})


@produces("not_your_turn")
async def produce_not_your_turn(table):
    _, other = await table.set_up(*await table.seat("ada", "bob"))
    return await other.act({"type": "end_turn"})


@produces("action_not_allowed")
async def produce_action_not_allowed(table):
    ada, _ = await table.seat("ada", "bob")
    return await ada.act({"type": "ready"})


@produces("invalid_message")
async def produce_invalid_message(table):
    return await (await table.connected("ada")).ask("join_game", game_id=5)


@produces("unknown_message_type")
async def produce_unknown_message_type(table):
    ada = await table.connected("ada")
    return await ada.say("game:no_such_event", ada.message("no_such_type"))


@produces("internal_error", program=parlour.lab)
async def produce_internal_error(table):
    await table.deal({}, kind="brittle")
    players = [await table.connected(name) for name in ("ada", "bob")]
    for player in players:
        await player.join()
    return await players[0].act({"type": "touch"})


CODES = """authentication_failed connection_closed rate_limited game_not_found not_in_game already_in_game game_full game_ended
    invalid_action not_your_turn action_not_allowed invalid_message unknown_message_type internal_error""".split()


def test_there_are_fourteen():
    assert list(PRODUCERS) == CODES and len(CODES) == 14


@mantimon.ways("node/polling", "python/polling")
@pytest.mark.server(**PRODUCERS["connection_closed"][1])
def test_who_polls_is_told_why_before_the_connection_ends(front):
    """Said in one answer with the end of the session, it was lost by clients in JavaScript, which end before they pass on what
    they were told."""

    async def talk():
        async with front.open() as table:
            for _ in range(5):
                said = await produce_connection_closed(table)
                assert (said["code"], said["details"]) == ("connection_closed", {"reason": "replaced"}), said

    parlour.run(talk())


@mantimon.check(21)
@mantimon.ways("node/websocket", "node/upgrade", "python/polling", "chromium/websocket", "plain")
@pytest.mark.parametrize("code", [pytest.param(code, marks=pytest.mark.server(**PRODUCERS[code][1])) for code in PRODUCERS])
def test_the_code_is_said(front, code):
    async def talk():
        async with front.open() as table:
            said = await PRODUCERS[code][0](table)
            assert (said.get("error_code") or said["code"]) == code, said

    parlour.run(talk())
