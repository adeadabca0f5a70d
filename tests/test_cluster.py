"""Connections as they are counted beyond one server: which keys lie in Redis, for how long, and what becomes of them when a
client, a server or Redis itself is gone. Heartbeats come every second here, not every 30, so three are missed after three."""

import asyncio
import time

import pytest

import parlour
from codes import assert_typed

SHORT = {
    "PARLOUR_LIMITS__CLUSTER_HEARTBEAT_MS": "1000",
    "PARLOUR_LIMITS__CLUSTER_RETRY_MS": "50",
    # So that a client that says nothing is heard from within each heartbeat, by its pongs.
    "PARLOUR_LIMITS__PING_MS": "300",
    "PARLOUR_LIMITS__SHARDS": "2",
}


@pytest.fixture
def make_node(make_server, redis):
    """A function that starts a server on that Redis."""
    return lambda name="server", **env: make_server(name, args=["--cluster", redis.url], env=SHORT | env)


async def eventually(condition, what, deadline=parlour.DEADLINE):
    """Waits until `condition()` is true, while clients go on, and returns what it gave."""
    end = time.monotonic() + deadline
    while not (value := await asyncio.to_thread(condition)):
        assert time.monotonic() < end, f"waited {deadline} s for {what}"
        await asyncio.sleep(0.01)
    return value


def sid_of(client):
    """The session's name, as the last greeting told it."""
    return [frame for frame in client.frames if frame["type"] == "connected"][-1]["payload"]["session_id"]


def asked(server, path):
    """What an admin is told at a path."""
    answer = server.http("GET", path, token=server.token("root", "admin"))
    assert answer.status == 200, answer
    return answer.json()


def test_the_keys_are_there_are_renewed_by_heartbeats_and_gone_after_a_disconnect(make_node, redis):
    server = make_node()

    async def talk():
        async with parlour.Client(server, "ada") as ada, parlour.Client(server, "bob") as bob:
            # Rooms enough that some live on the other loop than their players.
            rooms = [(await ada.open("cards"))["room_id"] for _ in range(4)]
            for room in rooms:
                await ada.join(room)
            await bob.join(rooms[-1])
            sid = sid_of(ada)
            await eventually(lambda: redis.hash(f"conn:{sid_of(bob)}").get("game_id") == rooms[-1], "all of it to be told")
            assert redis("GET", "user_conn:ada") == sid
            conn = redis.hash(f"conn:{sid}")
            assert (conn["user_id"], conn["game_id"]) == ("ada", rooms[-1])
            assert set(conn) == {"user_id", "game_id", "connected_at", "last_seen"}
            assert all(abs(float(conn[at]) - time.time()) < 60 for at in ("connected_at", "last_seen"))
            assert all(redis.members(f"game_conns:{room}") >= {sid} for room in rooms)
            assert redis.members(f"game_conns:{rooms[-1]}") == {sid, sid_of(bob)}
            for key in redis.keys():
                assert 3500 < redis("TTL", key) <= 3600, key
                assert redis("EXPIRE", key, 100) == 1
            await eventually(lambda: all(redis("TTL", key) > 3500 for key in redis.keys()), "a heartbeat to renew them")
            assert float(redis.hash(f"conn:{sid}")["last_seen"]) > float(conn["last_seen"])
            assert redis.hash(f"conn:{sid}")["connected_at"] == conn["connected_at"]
            await ada.request("unsubscribe", {"room_id": rooms[-1]})
            await eventually(lambda: redis.members(f"game_conns:{rooms[-1]}") == {sid_of(bob)}, "Ada to be out of the room")
            await ada.drop()
            await eventually(lambda: not any(sid in key or "ada" in key for key in redis.keys()), "Ada's keys to be gone")
            assert not any(redis.members(f"game_conns:{room}") for room in rooms[:-1])
            assert redis("GET", "user_conn:bob") == sid_of(bob)
        await eventually(lambda: redis.keys() == [], "nothing to be left")

    parlour.run(talk())


def test_a_second_connection_is_the_one_that_counts_and_the_first_is_still_known(make_node, redis):
    server = make_node()

    async def talk():
        async with parlour.Client(server, "ada") as first, parlour.Client(server, "ada") as second:
            both = sorted([sid_of(first), sid_of(second)])
            await eventually(lambda: redis("GET", "user_conn:ada") == sid_of(second), "the second to be named")
            seen = redis.hash(f"conn:{sid_of(first)}")["last_seen"]
            await eventually(lambda: redis.hash(f"conn:{sid_of(first)}")["last_seen"] > seen, "a heartbeat of the first")
            assert redis("GET", "user_conn:ada") == sid_of(second)
            found = await asyncio.to_thread(asked, server, "/v1/users/ada/connections")
            assert [one["session"] for one in found["connections"]] == both
            await second.drop()
            await eventually(lambda: redis("GET", "user_conn:ada") == sid_of(first), "the first to be named again")
        await eventually(lambda: redis.keys() == [], "nothing to be left")

    parlour.run(talk())
    replacing = make_node("replacing", PARLOUR_AUTH__SECOND_CONNECTION="replaces")

    async def talk_again():
        async with parlour.Client(replacing, "ada") as first:
            async with parlour.Client(replacing, "ada") as second:
                assert (await first.until_closed())[0] == 1008
                await eventually(lambda: redis.members("user_conns:ada") == {sid_of(second)}, "the first to be gone")
                assert redis("GET", "user_conn:ada") == sid_of(second)

    parlour.run(talk_again())


def test_two_servers_see_each_others_connections_and_one_removes_what_the_other_left_when_it_was_killed(make_node, redis):
    one, other = make_node("one"), make_node("other")

    async def talk():
        ada = parlour.Client(one, "ada")
        async with ada, parlour.Client(one, "bob") as bob, parlour.Client(other, "ada") as elsewhere:
            room = (await ada.open("cards"))["room_id"]
            await ada.join(room)
            await bob.join(room)
            path = f"/v1/rooms/{room}/connections"
            await eventually(lambda: asked(other, path)["total"] == 2, "both to be known to the other server")
            found = await asyncio.to_thread(asked, other, f"{path}?others_of=ada")
            (opponent,) = found["connections"]
            assert (opponent["session"], opponent["user"], opponent["rooms"]) == (sid_of(bob), "bob", [room])
            assert found["alive"] and opponent["alive"] and opponent["connected_ms"] <= opponent["seen_ms"]
            await eventually(lambda: asked(one, "/v1/users/ada/connections")["total"] == 2, "Ada's connections to both")
            await asyncio.to_thread(one.kill)
            assert redis("EXISTS", f"conn:{sid_of(ada)}") == 1, "who is killed says no goodbye"
            again = await asyncio.to_thread(make_node, "again")
            await eventually(lambda: asked(again, path)["total"] == 0, "the ghosts to be removed")
            assert not any(sid_of(client) in key for client in (ada, bob) for key in redis.keys())
            await eventually(lambda: redis("GET", "user_conn:ada") == sid_of(elsewhere), "whoever is left to be named")
            assert asked(again, "/v1/users/ada/connections")["alive"]
            assert not asked(again, "/v1/users/bob/connections")["alive"]
            await ada.until_closed()

    parlour.run(talk())


def test_play_goes_on_while_redis_is_dead_and_the_keys_come_back_to_an_empty_one(make_node, redis):
    server = make_node()

    async def talk():
        async with parlour.Client(server, "ada") as ada, parlour.Client(server, "bob") as bob:
            room = (await ada.open("cards"))["room_id"]
            await ada.join(room)
            await bob.join(room)
            await eventually(lambda: len(redis.members(f"game_conns:{room}")) == 2, "both to be there")
            before = redis.keys()
            redis.kill()
            await eventually(lambda: server.http("GET", "/readyz").json()["cluster"] == "lost", "the loss to be seen")
            ready = server.http("GET", "/readyz")
            assert ready.status == 200 and ready.json()["ready"], "everything in it may be lost"
            failed = server.http("GET", f"/v1/rooms/{room}/connections", token=server.token("root", "admin"))
            assert failed.status == 503
            assert_typed(failed.json(), "cluster_down")
            player = ada if await ada.legal(room) else bob
            assert (await player.act(room, (await player.legal(room))[0]))["status"] == "ok"
            async with parlour.Client(server, "eve") as eve:
                await eve.join(room, as_="spectator")
                redis.start()
                keys = [f"conn:{sid_of(eve)}", f"conn_games:{sid_of(eve)}", "user_conn:eve", "user_conns:eve"]
                await eventually(lambda: redis.keys() == sorted([*before, *keys]), "all keys to be back")
                assert redis.members(f"game_conns:{room}") == {sid_of(client) for client in (ada, bob, eve)}
                assert redis("GET", "user_conn:ada") == sid_of(ada)
            assert server.http("GET", "/readyz").json()["cluster"] == "connected"
        said = [line for line in server.err.splitlines() if "cluster:" in line]
        assert len(said) == 2 and "cannot be reached" in said[0] and "there again" in said[1], said

    parlour.run(talk())
    assert server.stop() == 0
    assert redis.keys() == [], "a server that ends in good order leaves nothing behind"


def test_a_redis_that_is_not_there_yet_is_waited_for_and_a_place_that_cannot_be_is_refused(make_server, redis, tmp_path):
    redis.kill()
    address = redis.url.replace("//", "//:sesame@")
    server = make_server(env=SHORT | {"PARLOUR_CLUSTER": address})
    assert server.http("GET", "/readyz").json()["cluster"] == "lost"
    parlour.poll(lambda: "cannot be reached" in server.err, "the operator to be told")
    assert "Play goes on without it" in server.err and "sesame" not in server.err + server.out
    shown = parlour.cli("config", "print", "--origin", env={"PARLOUR_CLUSTER": address}, expect=0).stdout
    assert "PARLOUR_CLUSTER" in shown and "********" in shown and "sesame" not in shown
    (tmp_path / "wrong.toml").write_text('cluster = "rediss://:sesame@host"\n')
    for more in (["--cluster", "redis:/sesame@host"], ["--config", tmp_path / "wrong.toml"]):
        done = parlour.cli("serve", "--data", tmp_path / "data", *more, expect=78)
        assert "cluster must be alone, or redis://HOST" in done.stderr and "sesame" not in done.stderr


def test_in_memory_the_same_is_known_and_only_admins_are_told(make_server):
    alone, none = make_server("alone", args=["--cluster", "alone"], env=SHORT), make_server("none")

    async def talk():
        async with parlour.Client(alone, "ada") as ada, parlour.Client(alone, "bob") as bob:
            room = (await ada.open("cards"))["room_id"]
            await ada.join(room)
            await bob.join(room)
            path = f"/v1/rooms/{room}/connections"
            await eventually(lambda: asked(alone, path)["total"] == 2, "both to be known")
            (opponent,) = asked(alone, f"{path}?others_of=bob")["connections"]
            assert (opponent["user"], opponent["session"], opponent["alive"]) == ("ada", sid_of(ada), True)
            for wrong in (f"{path}?others=bob", f"{path}?others_of=bob&more=1"):
                assert alone.http("GET", wrong, token=alone.token("root", "admin")).json()["code"] == "invalid_query"
        nobody = {"connections": [], "total": 0, "alive": False}
        await eventually(lambda: asked(alone, "/v1/users/ada/connections") == nobody, "Ada to be gone")

    parlour.run(talk())
    assert alone.http("GET", "/readyz").json()["cluster"] == "alone"
    for path in ("/v1/users/ada/connections", "/v1/rooms/a/connections"):
        for token, code in ((None, "authentication_required"), (alone.token("ada"), "role_required")):
            assert_typed(alone.http("GET", path, token=token).json(), code)
        unknown = none.http("GET", path, token=none.token("root", "admin"))
        assert unknown.status == 503
        assert_typed(unknown.json(), "not_tracked")
    assert_typed(alone.http("GET", "/v1/rooms/a%20b/connections", token=alone.token("root", "admin")).json(), "invalid_name")
