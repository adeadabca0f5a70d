"""Connections of Socket.IO as they are counted in Redis: by the name that their clients know them by, over whatever they come."""

import asyncio
import json

import pytest

import parlour
import sio
from test_cluster import eventually


@pytest.fixture
def server(make_server, redis):
    limits = {"CLUSTER_HEARTBEAT_MS": "1000", "ENGINEIO_PING_MS": "100", "SHARDS": "2"}
    env = {f"PARLOUR_LIMITS__{name}": value for name, value in limits.items()}
    return make_server("sio", args=["--cluster", redis.url], env=env)


@pytest.mark.parametrize("transport", sio.TRANSPORTS)
def test_a_player_over_socketio_is_found_under_the_id_that_the_client_knows(server, redis, transport):
    room = server.http("POST", "/v1/rooms", {"kind": "cards"}, token=server.token("root")).json()["room_id"]

    async def talk():
        session = await sio.Session.open(server, transport)
        sid = await session.join(server.token("ada"))
        join = {"type": "join_game", "message_id": "j", "game_id": room}
        await session.say("42/game,1" + json.dumps(["game:join", join]))
        answer = (await session.until("43/game,1["))[-1]
        assert json.loads(answer.removeprefix("43/game,1"))[0]["success"] is True
        await eventually(lambda: redis.hash(f"conn:{sid}").get("game_id") == room, "the game to be told")
        assert redis("GET", "user_conn:ada") == sid and redis.members(f"game_conns:{room}") == {sid}
        assert len(redis.keys()) == 6
        for key in redis.keys():
            assert 3500 < redis("TTL", key) <= 3600 and redis("EXPIRE", key, 100) == 1, key

        async def lives():
            async for packet in packets(session):
                if packet == "2":
                    await session.say("3")

        living = asyncio.create_task(lives())
        await eventually(lambda: all(redis("TTL", key) > 3500 for key in redis.keys()), "a heartbeat to renew them")
        assert len(redis.keys()) == 6
        living.cancel()
        await asyncio.wait([living])
        # A clean disconnect: its keys are gone at once, not when they are stale.
        await session.say("41/game,")
        await eventually(lambda: redis.keys() == [], "nothing to be left")
        if session.websocket is not None:
            await session.websocket.close()

    parlour.run(talk())


async def packets(session):
    while True:
        yield await session.hear()
