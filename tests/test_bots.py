"""Seats that programs and models sit on: a model thinks outside the loop, and whatever it does the game goes on."""

import pytest

import parlour

ENV = {"PARLOUR_LIMITS__BOT_MS": "100", "PARLOUR_LIMITS__BOT_RETRIES": "1"}
CONFIG = {"turn_limit": 2, "seconds_per_turn": 3600}


@pytest.fixture
def server(make_server):
    return make_server(program=parlour.lab(), env=ENV)


async def sit(server, room, bot):
    client = await parlour.Client(server, "ada").connect()
    await client.request("open_room", {"kind": "cards", "room_id": room, "config": CONFIG, "bots": {"1": bot}})
    await client.join(room, seat=0)
    return client


async def play_out(client, room):
    """Takes the first thing that is legal until the game is over."""
    while not client.of_room(room, "game_over"):
        start = len(client.frames)
        if legal := await client.legal(room):
            await client.act(room, legal[-1])
        else:
            await client.until(lambda frame: frame.get("room") == room, "the other's move", start=start)


def actions_of(server, room, user):
    records = parlour.replay(server.data, room)
    return [record["input"] for record in records if record.get("cause") == "action" and record["input"]["user"] == user]


@pytest.mark.parametrize("bot", ["thinker", "stuck", "confused", "stumbling", "first"])
def test_a_game_with_a_bot_comes_to_its_end_whatever_the_bot_does(server, bot):
    async def play():
        client = await sit(server, bot, bot)
        await play_out(client, bot)
        await client.drop()

    parlour.run(play())
    assert actions_of(server, bot, f"bot:{bot}:1"), "its seat has acted"


def test_while_a_model_thinks_the_room_goes_on(make_server):
    server = make_server(program=parlour.lab())

    async def play():
        # This model answers after minutes: all of this happens while it thinks.
        client = await sit(server, "busy", "ponderous")
        for kind in ("place", "ready"):
            legal = [action for action in await client.legal("busy") if action["type"] == kind]
            await client.act("busy", legal[0])
        await client.act("busy", {"type": "resign"})
        await client.until(lambda frame: frame["type"] == "game_over", "the end")
        await client.drop()

    parlour.run(play())


def test_a_bot_that_is_not_there_cannot_be_seated(server):
    async def play():
        client = await parlour.Client(server, "ada").connect()
        with pytest.raises(parlour.Refused) as refused:
            await client.request("open_room", {"kind": "cards", "room_id": "no", "bots": {"1": "nobody"}})
        assert refused.value.code == "unknown_bot"
        await client.drop()

    parlour.run(play())
