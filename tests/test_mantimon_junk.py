"""What is no message of the dialect mantimon: every one is answered with a typed error, an ack that was asked for is called, and
the connection goes on; but for what is too long, which ends it."""

import json

import pytest

import mantimon
import parlour
import sio

INVALID, UNKNOWN = "invalid_message", "unknown_message_type"

TOO_LONG = 2_000_000


def deep(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


def junk(front):
    """By name: the event, the message, and the code that it is answered with."""
    heartbeat = {"type": "heartbeat", "message_id": "a"}
    join = {"type": "join_game", "message_id": "a", "game_id": "g"}
    action = {"type": "action", "message_id": "a", "game_id": "g"}
    by_event = not front.is_plain
    tried = {
        "empty id": ("game:heartbeat", heartbeat | {"message_id": ""}, INVALID),
        "blank id": ("game:heartbeat", heartbeat | {"message_id": "  "}, INVALID),
        "number as id": ("game:heartbeat", heartbeat | {"message_id": 5}, INVALID),
        "null as id": ("game:heartbeat", heartbeat | {"message_id": None}, INVALID),
        "long id": ("game:heartbeat", heartbeat | {"message_id": "i" * 257}, INVALID),
        "empty id of a join": ("game:join", join | {"message_id": ""}, INVALID),
        "blank id of an action": ("game:action", action | {"message_id": "\t", "action": {"type": "ready"}}, INVALID),
        "no game": ("game:join", {"type": "join_game", "message_id": "a"}, INVALID),
        "number as game": ("game:join", join | {"game_id": 5}, INVALID),
        "null as game": ("game:action", action | {"game_id": None, "action": {"type": "ready"}}, INVALID),
        "number as event id": ("game:join", join | {"last_event_id": 5}, INVALID),
        "no action": ("game:action", action, INVALID),
        "text as action": ("game:action", action | {"action": "ready"}, INVALID),
        "list as action": ("game:action", action | {"action": [{"type": "ready"}]}, INVALID),
        "type unknown": ("game:heartbeat", heartbeat | {"type": "no_such_type"}, UNKNOWN),
        "type of the server's": ("game:join", join | {"type": "game_state"}, UNKNOWN),
        "number as type": ("game:heartbeat", heartbeat | {"type": 5}, INVALID),
        "null as type": ("game:heartbeat", heartbeat | {"type": None}, INVALID),
        "list": ("game:join", [join], INVALID),
        "list of fields": ("game:heartbeat", ["heartbeat", "a"], INVALID),
        "text": ("game:join", "join_game", INVALID),
        "number": ("game:action", 5, INVALID),
        "null": ("game:heartbeat", None, INVALID),
        "100 deep": ("game:join", deep(100), INVALID),
        "100 deep in a field": ("game:join", join | {"game_id": deep(100)}, INVALID),
        "100 deep as action": ("game:action", action | {"action": deep(100)}, INVALID),
        "200 deep": ("game:join", deep(200), INVALID),
    }
    if front.mode == "strict":
        tried["no id"] = ("game:heartbeat", {"type": "heartbeat"}, INVALID)
    if front.mode == "strict" or front.is_plain:
        tried["no type"] = ("game:heartbeat", {"message_id": "a"}, INVALID)
        tried["empty"] = ("game:heartbeat", {}, INVALID)
    if by_event:
        tried["type of another event"] = ("game:join", heartbeat, INVALID)
        tried["event unknown"] = ("game:no_such_event", heartbeat, UNKNOWN)
        tried["event unknown, with nothing"] = ("anything", {}, UNKNOWN)
        tried["event of the server's"] = ("game:state", join, UNKNOWN)
        # What events of the library are called is a name like any other.
        tried["event of another kind"] = ("message", "hello", UNKNOWN)
    if front.kind == "python":
        tried["bytes"] = ("game:heartbeat", b"bytes", INVALID)
        tried["bytes in a field"] = ("game:heartbeat", heartbeat | {"more": b"bytes"}, INVALID)
    return tried


def code_of(answer):
    """Why it failed, of whatever answers."""
    return answer["code"] if answer.get("type") == "error" else answer["error_code"]


async def assert_answered(player, event, message, code, name):
    """By an event with the code; by the ack too, where one was asked for; and the connection goes on."""
    is_failure = lambda _, frame, *__: frame["type"] == "error" or frame["type"] == "action_result"
    asks = [player.client.emit] if player.front.is_plain else [player.client.emit, player.client.call]
    for ask in asks:
        start = player.mark
        answer = await ask(event, json.dumps(message) if player.front.is_plain else message)
        (said,) = await player.client.until(is_failure, start=start)
        assert code_of(said) == code, (name, said)
        assert said.get("message") or said.get("error_message"), (name, said)
        if ask == player.client.call:
            assert len(answer) == 1 and code_of(answer[0]) == code, (name, answer)
        await player.settled()
        assert len(player.of("error", "action_result", start=start)) == 1, (name, player.frames[start:])


@mantimon.check(11, 12)
@mantimon.ways(*mantimon.EVERY)
def test_junk_is_answered_with_a_typed_error_and_the_connection_goes_on(front):
    async def talk():
        async with front.open() as table:
            (ada,) = await table.seat("ada")
            shown = ada.state, ada.at
            for name, (event, message, code) in junk(front).items():
                await assert_answered(ada, event, message, code, name)
            await ada.join()
            assert (ada.state, ada.at) == shown
            lived = [name for name, _ in ada.client.life if name != "upgrade"]
            assert lived == ["connect"]

    parlour.run(talk())


@mantimon.check(11)
@mantimon.ways("plain")
def test_a_frame_that_is_no_json_is_answered_too(front):
    async def talk():
        async with front.open() as table:
            ada = await table.connected("ada")
            cut_off = '{"type":"heartbeat","message_id":"a"'
            for frame in ("", "nonsense", "{", "nul", cut_off, "\ufeff{}", b"", b"\x00\xff", b"{}"):
                start = ada.mark
                await ada.client.emit("", frame)
                said = await ada.until("error", start=start)
                assert (said["code"], said["request_message_id"]) == (INVALID, None), (frame, said)
                await ada.settled()
                assert ada.mark - start == 2

    parlour.run(talk())


@mantimon.check(12)
@mantimon.ways(*mantimon.EVERY[:-1])
def test_an_unknown_event_is_answered_where_an_answer_was_asked_for(front):
    async def talk():
        async with front.open() as table:
            ada = await table.connected("ada")
            for args in ([], [{}], [{"type": "heartbeat", "message_id": "m"}], [1, 2, 3], ["x" * 1000]):
                (answer,) = await ada.client.call("no:such:event", *args)
                assert (answer["type"], answer["code"]) == ("error", UNKNOWN), answer
            (answer,) = await ada.client.call("game:heartbeat")
            assert code_of(answer) == INVALID if front.mode == "strict" else answer["type"] == "heartbeat_ack"
            await ada.settled()

    parlour.run(talk())


@mantimon.check(11)
@mantimon.ways(*mantimon.SOME)
def test_only_compat_takes_a_message_without_an_id_and_then_each_counts(front):
    async def talk():
        async with front.open() as table:
            await table.deal()
            ada = await table.connected("ada")
            start = ada.mark
            message = {"type": "join_game", "game_id": table.game}
            if front.mode == "strict":
                await assert_answered(ada, "game:join", message, INVALID, "no id")
                assert not ada.of("game_state")
            else:
                await ada.client.emit("game:join", message)
                state = await ada.until("game_state", start=start)
                assert state["game_id"] == table.game
                for _ in range(2):
                    start = ada.mark
                    action = {"type": "action", "game_id": table.game, "action": {"type": "pass"}}
                    await ada.client.emit("game:action", action)
                    result = await ada.until("action_result", start=start)
                    assert result["success"] is False and result["request_message_id"]

    parlour.run(talk())


@mantimon.check(11)
@mantimon.ways("node/websocket", "node/polling", "python/websocket", "plain")
def test_what_is_too_long_ends_the_connection_and_nothing_else(front):
    async def talk():
        async with front.open() as table:
            (ada,) = await table.seat("ada")
            shown = ada.state
            start = ada.mark_of_life
            message = ada.message("join_game", game_id=table.game, more="x" * TOO_LONG)
            await ada.client.emit("game:join", message)
            # Not over polling in Python: there a client whose post is refused says nothing more, and goes on polling.
            _, how = await ada.client.lived("disconnect", start=start)
            assert how[0] == 1009 if front.is_plain else how[0].startswith("transport"), how
            await ada.connect()
            await ada.join()
            assert ada.state == shown

    parlour.run(talk())


@mantimon.check(11)
@mantimon.ways("raw/polling", "raw/websocket")
def test_what_is_too_long_is_refused_by_name(front, transport):
    async def talk():
        async with await sio.Session.open(front.server, transport) as session:
            await session.join(front.token(sio.new_user()))
            packet = '42/game,1["game:heartbeat",{"type":"heartbeat","message_id":"' + "x" * TOO_LONG + '"}]'
            if transport == "polling":
                answer = await session.post(packet)
                assert answer.status == 413, answer
                await session.ask(2)
            else:
                with pytest.raises(sio.Ended) as ended:
                    await session.say(packet)
                    await session.hear()
                assert ended.value.how == 1009

    parlour.run(talk())
