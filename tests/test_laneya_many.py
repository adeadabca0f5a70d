"""The dialect laneya where many are in one dungeon: who sees what, who does not read, and who came by another protocol."""

import asyncio
import contextlib
import itertools
import json
import os

import pytest

import clients
import compatibility
import laneya
import parlour
from laneya import Peer, netstring, request

both = pytest.mark.parametrize("mode", ["strict", "compat"])
DARK = {"sight": "fov", "monsters": 150, "items": 100}
WANDER = ("east", "south", "west", "north")
SPECTATORS = int(os.environ.get("SPECTATORS", "500"))


def is_place(said):
    return said.get("action") in ("position", "spawn")


def named(frame):
    """The ids of entities that a native event names, so far as they are told to be somewhere."""
    payload = frame["payload"]
    if frame["type"] == "stepped":
        return [(move["entity"], move["x"], move["y"]) for move in payload["moves"]]
    if frame["type"] == "appeared":
        return [tuple(payload["entity"][field] for field in ("id", "x", "y"))]
    return []


def number_of(at):
    """A position as a number that grows with all that one viewer is told."""
    return sum(map(int, at.split(".")[1:]))


def updates_after(peer, begun):
    """What happened after a position, as who said hello is told it: after each turn of it how far it was heard."""
    told, turn = [], []
    for said in peer.said:
        if said.get("action") == "seq":
            told += turn if number_of(said["data"]["seq"]) > begun else []
            turn = []
        elif said["type"] == "update" and said["action"] != "snapshot":
            turn.append(said)
    return told


def places_after(peer, begun):
    return [said["data"] for said in updates_after(peer, begun) if is_place(said)]


@both
@compatibility.check("laneya", 15)
def test_in_the_dark_a_netstring_client_is_told_what_the_same_player_is_told_natively_and_nothing_else(make_server, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server, "dark", **DARK)
    ids = lambda seat_of: lambda data: seat_of.get(data["entity"]) or int(data["entity"].split(":")[1])

    async def talk():
        token = server.token("ada")
        async with Peer(server, "ada", hello=False) as ada, parlour.Client(server, "ada") as twin:
            await ada.say_hello(room="dark", token=token)
            seat = (await twin.request("join_room", {"room_id": "dark"}))["seat"]
            number = ids({"User:ada": seat + 1})
            # From here on both are told the same: the twin was shown how it is then.
            begun = number_of((await twin.until(lambda frame: frame["type"] == "view", "the view"))["at"])
            places = lambda: places_after(ada, begun)
            for direction in itertools.cycle(WANDER):
                await ada.walk(direction)
                with contextlib.suppress(AssertionError):
                    for _ in range(4):
                        await ada.until(is_place, "a step", len(ada.said), deadline=0.3)
                if len(places()) > 30:
                    break
            await ada.walk("stop")
            heard = [(number(data), data["x"], data["y"]) for data in places()]
            is_other = lambda said: said["action"] not in ("position", "spawn", "despawn")
            others = [said["data"] for said in filter(is_other, updates_after(ada, begun))]
            # What she was told was sent to both: after this answer the twin has it too, and perhaps a tick more.
            await twin.request("ping")
            events = [frame for frame in twin.frames if frame.get("room") == "dark" and ("n" in frame or "m" in frame)]
            told = [one for frame in events for one in named(frame)]
            assert len(heard) > 10 and told[:len(heard)] == heard
            assert all(data in [frame["payload"] for frame in twin.frames] for data in others)
            layer = (await ada.ask("get_map"))["floor_layer"]
            rows = (await ada.ask("get_view"))["view"]["map"]["rows"]
            unknown = [(x, y) for y, row in enumerate(rows) for x, field in enumerate(row) if field == " "]
            assert unknown and all(layer[x][y] == "wall" for x, y in unknown)

    parlour.run(talk())


@both
@compatibility.check("laneya", 16)
def test_a_client_that_does_not_read_is_dropped_and_the_others_go_on(make_server, mode):
    env = {"PARLOUR_LIMITS__OUTPUT_BYTES": "65536", "PARLOUR_LIMITS__BEHIND_MS": "1000"}
    server = laneya.serve(make_server, mode, env=env)
    laneya.open_room(server)

    async def talk():
        async with Peer(server, "ada") as ada:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.laneya, limit=1024)
            writer.transport.pause_reading()
            if mode == "strict":
                writer.write(netstring(request(0, "deaf", "hello", {"token": server.token("deaf")})))
            writer.write(b"".join(netstring(request(key, "deaf", "get_map")) for key in range(1, 1000)))
            dropped = asyncio.create_task(is_dropped(reader, writer))
            while not dropped.done():
                await ada.ask("move", {"direction": "stop"})
                await ada.ask("get_map")
            await dropped
            await ada.ask("move", {"direction": "stop"})

    async def is_dropped(_, writer):
        """The server has let go: writing to it fails."""
        async with asyncio.timeout(40):
            while not writer.transport.is_closing():
                writer.write(netstring(request("x", "deaf", "get_map")))
                await asyncio.sleep(0.02)

    parlour.run(talk())


@both
@compatibility.check("laneya", 19)
def test_requests_are_answered_within_two_seconds_while_many_others_play(make_server, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server)
    loop_time = lambda: asyncio.get_running_loop().time()

    async def play(peer):
        waits = []
        for step in range(20):
            began = loop_time()
            await peer.ask("move", {"direction": WANDER[step % 4]})
            waits.append(loop_time() - began)
        return waits

    async def talk():
        peers = [Peer(server, f"p{number}") for number in range(30)]
        await asyncio.gather(*(peer.connect() for peer in peers))
        waits = sorted(wait for waits in await asyncio.gather(*map(play, peers)) for wait in waits)
        print(f"median {waits[len(waits) // 2]:.3f} s, worst {waits[-1]:.3f} s")
        assert waits[len(waits) // 2] < 2.0
        # A response that comes when nobody waits for it any more harms nothing.
        await peers[0].send(request("late", peers[0].user, "move", {"direction": "stop"}))
        await peers[0].ask("get_map")
        assert [said["status"] for said in peers[0].said if said.get("key") == "late"] == ["success"]
        await asyncio.gather(*(peer.drop() for peer in peers))

    parlour.run(talk())


@pytest.fixture(scope="module")
def socketio():
    host = clients.start("python")
    yield host
    host.stop()


@both
@compatibility.check("laneya", 18)
def test_one_dungeon_by_socketio_websocket_netstrings_and_with_500_who_watch_has_one_order_and_no_leak(
    make_server, socketio, mode
):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server, "deep", **DARK)

    async def talk():
        watchers = [parlour.Client(server, f"watcher-{number % 4}", role="spectator") for number in range(SPECTATORS)]
        async with Peer(server, "net", hello=False) as net, parlour.Client(server, "web") as web, \
                socketio.clients(server) as new_client:
            await net.say_hello(room="deep", token=server.token("net"))
            await web.request("join_room", {"room_id": "deep"})
            sio = await new_client().connect(auth={"token": server.token("sio")}, transports=("websocket",))
            [joined] = await sio.call("game:join", {"type": "join_game", "message_id": "j", "game_id": "deep"})
            assert joined["success"] and joined["role"] == "player", joined
            for first in range(0, SPECTATORS, 25):
                some = watchers[first:first + 25]
                await asyncio.gather(*(watcher.connect() for watcher in some))
                await asyncio.gather(*(watcher.request("join_room", {"room_id": "deep", "as": "spectator"}) for watcher in some))

            async def by_sio(step):
                action = {"type": "move", "direction": WANDER[step % 4]}
                message = {"type": "action", "message_id": f"a{step}", "game_id": "deep", "action": action}
                [result] = await sio.call("game:action", message)
                if not result["success"]:
                    # Monsters are about: who is dead begins again.
                    again = {"type": "action", "message_id": f"r{step}", "game_id": "deep", "action": {"type": "respawn"}}
                    [begun] = await sio.call("game:action", again)
                    assert begun["success"], (result, begun)

            async def by_web(action):
                try:
                    await web.request("action", action, room="deep")
                except parlour.Refused as refused:
                    assert refused.code == "dead", refused.payload
                    await web.request("action", {"type": "respawn"}, room="deep")

            steps = itertools.count()
            while len([said for said in net.said if said.get("action") == "position"]) < 12:
                step = next(steps)
                with contextlib.suppress(AssertionError):
                    await net.until(is_place, "a step", len(net.said), deadline=0.2)
                await net.walk(WANDER[step % 4])
                await by_web({"type": "move", "direction": WANDER[step % 4]})
                await by_sio(step)
            async with Peer(server, "late", hello=False) as late:
                await late.say_hello(room="deep", token=server.token("late"))
                await late.ask("logout")
            for peer in (net, web):
                is_left = lambda said: (said.get("action") or said["type"]) == "departed"
                await peer.until(is_left, "who was late to leave")
            for watcher in watchers:
                await watcher.until(lambda frame: frame["type"] == "departed", "who was late to leave", deadline=30)

            # What everybody is told is told to all in one order, whatever they speak.
            public = ("entered", "departed", "reached")
            by_watcher = {json.dumps([frame["payload"] for frame in watcher.frames if frame["type"] in public][-2:])
                          for watcher in watchers}
            by_web = [frame["payload"] for frame in web.frames if frame["type"] in public][-2:]
            by_net = [said["data"] for said in net.said if said.get("action") in public][-2:]
            assert len(by_watcher) == 1 and json.loads(by_watcher.pop()) == by_web == by_net

            # Who watches is told of nobody's place by any event; players only of what they see themselves.
            for watcher in watchers:
                assert {frame["type"] for frame in watcher.frames if "n" in frame or "m" in frame} <= set(public)
            seen = {"net": places_of_net(net), "web": places_of_web(web), "sio": places_of_sio(sio)}
            for user, own in seen.items():
                async with parlour.Client(server, user) as twin:
                    await twin.request("join_room", {"room_id": "deep"})
                    view = twin.view("deep")
                known = {(x, y) for y, row in enumerate(view["map"]["rows"]) for x, field in enumerate(row) if field != " "}
                assert own and own <= known, (user, own - known)
            await asyncio.gather(*(watcher.drop() for watcher in watchers))

    parlour.run(talk(), deadline=150)


def places_of_net(net):
    told = [said["data"] for said in net.said if said.get("action") in ("position", "spawn")]
    return {(data["x"], data["y"]) for data in told}


def places_of_web(web):
    return {(x, y) for frame in web.frames if "m" in frame or "n" in frame for _, x, y in named(frame)}


def places_of_sio(sio):
    states = [args[0]["state"] for name, args in sio.events if name == "game:state"]
    return {(entity["x"], entity["y"]) for state in states for entity in state["entities"]}
