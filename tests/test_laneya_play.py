"""The dialect laneya as clients of a dungeon use it: coming in, walking, being told of others, going. Over plain TCP."""

import asyncio
import contextlib
import itertools
import json
import socket

import pytest

import compatibility
import laneya
import parlour
from laneya import Original, Peer

both = pytest.mark.parametrize("mode", ["strict", "compat"])
FAR = 6
"""How many free fields are enough to walk."""


async def at_a_free_way(peer, least=FAR):
    """Walks a newcomer to where there is a way: (direction, free fields, where it stands)."""
    layer = (await peer.ask("get_map", {"map_id": 1}))["floor_layer"]
    at = await peer.position()
    direction, fields = laneya.way(layer, at, least, peer.others())
    return direction, fields, at, layer


async def walk(peer, direction, fields, at):
    """Walks so far and stops; where that is."""
    dx, dy = laneya.STEPS[direction]
    start = len(peer.said)
    await peer.ask("move", {"direction": direction})
    while not peer.positions(start=start) or abs(sum(peer.positions(start=start)[-1]) - sum(at)) < fields:
        await peer.until(is_position, "a step", len(peer.said))
    await peer.ask("move", {"direction": "stop"})
    last = peer.positions(start=start)[-1]
    assert last[0] in (at[0], last[0]) and (last[0] - at[0]) * dy == 0 and (last[1] - at[1]) * dx == 0
    return last


def is_position(said):
    return said.get("action") == "position"


@pytest.mark.parametrize("mode", ["compat"])
@compatibility.check("laneya", 1)
def test_a_client_that_does_what_the_original_does_plays_and_is_never_told_what_it_does_not_know(make_server, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server)

    async def talk():
        async with Peer(server, "newer", hello=True), Original(server, "ada") as ada:
            direction, fields, at, _ = await at_a_free_way(ada)
            await walk(ada, direction, min(fields, 3), at)
            async with Original(server, "bob") as bob:
                await bob.ask("get_map", {"map_id": "0:0:0"})
                start = len(ada.said)
                await ada.ask("move", {"direction": direction})
                await bob.position(ada.entity)
                await bob.ask("logout")
            await ada.ask("move", {"direction": "stop"})
            assert all(said["action"] == "position" for said in ada.said[start:] if said["type"] == "update")
            assert (await ada.ask("fly", expect="invalid"))["message"]
            assert await ada.ask("logout") == {}

    parlour.run(talk())


@pytest.mark.parametrize("mode", ["strict"])
@compatibility.check("laneya", 1)
def test_without_a_token_the_original_is_told_what_is_missing_and_stays_connected(make_server, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server)

    async def talk():
        async with Original(server, "ada") as ada:
            for action in ("get_map", "move", "logout"):
                assert "hello" in (await ada.ask(action, expect="illegal"))["message"]
            assert not [said for said in ada.said if said["type"] == "update"]

    parlour.run(talk())


@both
@compatibility.check("laneya", 2)
def test_the_map_is_60_by_40_of_walls_and_floor_the_same_for_all_and_after_a_restart(make_server, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server)

    async def maps(*users):
        raw = []
        for user in users:
            async with Peer(server, user) as peer:
                layer = (await peer.ask("get_map"))["floor_layer"]
                assert len(layer) == 60 and {len(column) for column in layer} == {40}
                assert {field for column in layer for field in column} == {"wall", "floor"}
                raw.append(json.dumps(layer))
                raw.append(peer.raw[-1].split(b'"data":')[1])
                await peer.ask("logout")
        return raw

    before = parlour.run(maps("ada", "bob"))
    server.stop()
    server.start()
    after = parlour.run(maps("ada", "eve"))
    assert set(before) == set(after) and len(set(after)) == 2


@both
@compatibility.check("laneya", 3, 7)
def test_a_move_is_answered_then_one_field_a_tick_until_the_wall_where_the_heading_stays(make_server, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server)

    async def talk():
        async with Peer(server, "ada", hello=True) as ada:
            direction, fields, at, _ = await at_a_free_way(ada)
            start = len(ada.said)
            await ada.ask("move", {"direction": direction})
            dx, dy = laneya.STEPS[direction]
            end = (at[0] + dx * fields, at[1] + dy * fields)
            is_end = lambda said: is_position(said) and (said["data"]["x"], said["data"]["y"]) == end
            await ada.until(is_end, "the last free field", start)
            assert ada.positions(start=start) == [(at[0] + dx * n, at[1] + dy * n) for n in range(1, fields + 1)]
            # Ticks go on, and nothing is told of one who stands before a wall.
            you = (await ada.ask("get_view"))["view"]["you"]
            assert (you["x"], you["y"], you["heading"]) == (*end, direction)
            assert ada.positions(start=start)[-1] == end
            assert await ada.ask("position", {"x": at[0], "y": at[1], "entity": ada.entity}, expect="invalid")
            assert (await ada.ask("get_view"))["view"]["you"]["x"] == end[0]
            await is_one_field_a_tick(server, direction, ada.positions(start=start))

    parlour.run(talk())


async def is_one_field_a_tick(server, direction, fields):
    """By the server's own times: a field in each tick, then none; never above 12 ticks in a second, and for a second not below 8.
    On a machine that is too busy ticks come late, so that second is waited for."""
    lasted, deadline = [], asyncio.get_running_loop().time() + 40
    while not any(lasts <= 1250 for lasts in lasted):
        assert asyncio.get_running_loop().time() < deadline, f"ten ticks took {lasted} ms"
        records = await asyncio.to_thread(laneya.records, server)
        is_turn = lambda record: record["input"].get("action") == {"type": "move", "direction": direction}
        turned = next(at for at, record in enumerate(records) if is_turn(record))
        ticks = [record for record in records[turned:] if record["cause"] == "signal"]
        times = [tick["at_ms"] for tick in ticks]
        lasted = [last - first for first, last in zip(times, times[10:])]
        assert all(lasts >= 830 for lasts in lasted), lasted
    steps = [[(move["x"], move["y"]) for told in tick["told"] for move in told["body"].get("moves", [])] for tick in ticks]
    assert steps == [[field] for field in fields] + [[]] * (len(steps) - len(fields))


@both
@compatibility.check("laneya", 5)
def test_who_acts_is_told_what_came_of_it_before_the_success(make_server, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server)

    async def talk():
        async with Peer(server, "ada", hello=True) as ada:
            await ada.ask("say", {"text": "here"})
            said = [said.get("action") or said["status"] for said in ada.said]
            assert said.index("said") < len(said) - 1 - said[::-1].index("success"), said
        if mode == "compat":
            async with Original(server, "bob") as bob:
                await bob.ask("move", {"direction": "stop"})
                own = [said for said in bob.said if is_position(said) and said["data"]["entity"] == bob.entity]
                assert bob.said.index(own[0]) < bob.said.index(bob.responses()[0])

    parlour.run(talk())


@both
@compatibility.check("laneya", 13, 14)
def test_who_logs_out_is_gone_for_the_others_and_who_comes_late_is_shown_all_who_stand_there(make_server, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server)

    async def talk():
        async with Peer(server, "ada") as ada, Peer(server, "bob", hello=True) as bob:
            await ada.ask("move", {"direction": "stop"})
            await bob.ask("move", {"direction": "stop"})
            place = await bob.position("User:ada")
            async with Peer(server, "eve") as eve:
                await eve.ask("move", {"direction": "stop"})
                assert {await eve.position("User:ada"), await eve.position("User:bob")} == {place, await bob.position()}
            start = len(bob.said)
            assert await ada.ask("logout") == {}
            is_gone = lambda said: said.get("action") == "despawn" and said["data"]["entity"] == "User:ada"
            await bob.until(is_gone, "ada to be gone", start)
            assert await ada.ask("logout") == {}
            # Nobody stands on the field any more: it is where the next one comes in, or can be walked on.
            start = len(bob.said)
            await ada.ask("move", {"direction": "stop"})
            assert await bob.position("User:ada", start) == place

    parlour.run(talk())


@both
@compatibility.check("laneya", 17)
def test_a_kill_of_the_server_changes_nothing_of_who_is_where_and_walks_which_way(make_server, mode):
    # Who is away stands still: between two connections nobody is to be that.
    server = laneya.serve(make_server, mode, env={"PARLOUR_LIMITS__AWAY_MS": "600000"})
    laneya.open_room(server)

    async def look(user, **more):
        async with Peer(server, user, hello=True, **more) as peer:
            view = (await peer.ask("get_view"))["view"]
            return [(one["name"], one["x"], one["y"]) for one in view["entities"]], view["you"]["heading"], view["map"]

    async def play():
        async with Peer(server, "ada") as ada:
            direction, fields, at, _ = await at_a_free_way(ada)
            await walk(ada, direction, min(fields, 2), at)
            await walk_into(ada, direction)
        return direction

    async def walk_into(peer, direction):
        """Until the wall: then nothing moves."""
        view = None
        await peer.ask("move", {"direction": direction})
        layer = (await peer.ask("get_map"))["floor_layer"]
        dx, dy = laneya.STEPS[direction]
        while view is None or laneya.is_floor(layer, view[0] + dx, view[1] + dy):
            await peer.ask("get_map")
            view = await peer.position()

    direction = parlour.run(play())
    before = parlour.run(look("ada"))
    assert before[1] == direction
    server.kill()
    server.start()
    assert parlour.run(look("ada")) == before
    server.stop()
    parlour.cli("replay", laneya.ROOM, "--verify", "--data", server.data, expect=0)


@both
@compatibility.check("laneya", 17)
def test_a_kill_in_the_middle_of_luck_and_monsters_takes_nothing_back_and_everything_plays_again_the_same(make_server, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server, "dark", sight="fov", monsters=200, items=100)

    async def wander(least):
        """Two walk about, until there were so many more ticks."""
        count = lambda: sum(record["cause"] == "signal" for record in laneya.records(server, "dark"))
        begun = await asyncio.to_thread(count)
        async with Peer(server, "ada", hello=True, room="dark") as ada, Peer(server, "bob", hello=True, room="dark") as bob:
            for direction in itertools.cycle(("east", "south", "west", "north")):
                for peer in (ada, bob):
                    await peer.walk(direction)
                    with contextlib.suppress(AssertionError):
                        await peer.until(lambda said: said.get("action") == "seq", "a tick", len(peer.said), deadline=0.3)
                if await asyncio.to_thread(count) >= begun + least:
                    server.kill()
                    break

    parlour.run(wander(15))
    recorded = lambda: [line for line in parlour.replay(server.data, "dark") if "cause" in line]
    before = recorded()
    server.start()
    parlour.run(wander(5))
    after = recorded()
    # Each record has the hash of all before it, and of the state.
    assert after[:len(before)] == before and len(after) > len(before)
    parlour.cli("replay", "dark", "--verify", "--data", server.data, expect=0)


@both
@compatibility.check("laneya", 18)
def test_a_native_player_and_netstring_players_are_told_the_same_in_the_same_order(make_server, mode):
    server = laneya.serve(make_server, mode)
    laneya.open_room(server)

    def steps_of(frames):
        told = [frame["payload"]["moves"] for frame in frames if frame["type"] == "stepped"]
        return [(move["entity"], move["x"], move["y"]) for moves in told for move in moves]

    async def talk():
        async with Peer(server, "ada") as ada, Peer(server, "bob") as bob, parlour.Client(server, "web") as web:
            seats = {}
            for number, peer in enumerate((ada, bob)):
                await peer.ask("move", {"direction": "stop"})
                seats[peer.entity] = number + 1
            start = len(web.frames)
            seat = (await web.request("join_room", {"room_id": laneya.ROOM}))["seat"]
            seats["User:web"] = seat + 1
            assert sorted(seats.values()) == [1, 2, 3]
            marks = [len(peer.said) for peer in (ada, bob)]
            # Whoever is in the way of whom: all of them make some steps before this ends.
            for direction in itertools.cycle(laneya.STEPS):
                for peer in (ada, bob):
                    await peer.ask("move", {"direction": direction})
                await web.request("action", {"type": "move", "direction": direction}, room=laneya.ROOM)
                who = [entity for entity, _, _ in steps_of(web.frames[start:])]
                if min(map(who.count, (1, 2, 3))) >= 3:
                    break
                with contextlib.suppress(AssertionError):
                    await web.until(lambda frame: frame["type"] == "stepped", "a step", start=len(web.frames), deadline=0.3)
            for peer in (ada, bob):
                await peer.ask("move", {"direction": "stop"})
            await web.request("action", {"type": "move", "direction": "stop"}, room=laneya.ROOM)
            steps = steps_of(web.frames[start:])
            for peer, mark in zip((ada, bob), marks):
                def heard():
                    moved = [said["data"] for said in peer.said[mark:] if is_position(said) and said["data"]["entity"] in seats]
                    return [(seats[data["entity"]], data["x"], data["y"]) for data in moved]
                await peer.until(lambda _: heard()[-len(steps):] == steps or not steps, "all steps", mark)
                assert heard()[-len(steps):] == steps and len(heard()) - len(steps) <= 1
            assert steps

    parlour.run(talk())


def test_demo_speaks_laneya_where_nobody_else_listens_and_starts_all_the_same(make_server):
    async def play(server):
        server.laneya, server.mode = 5001, "compat"
        laneya.open_room(server, "demo-1")
        async with Peer(server, "ada", hello=True, room="demo-1") as ada:
            assert ada.greeting["user"] == "ada"

    def is_free():
        with socket.socket() as other:
            return other.connect_ex(("127.0.0.1", 5001)) != 0

    # Another program may have the port, or take it at this moment.
    for attempt in range(5):
        server = make_server(f"first-{attempt}", verb="demo")
        if "127.0.0.1:5001 (laneya:" in server.out:
            parlour.run(play(server))
            break
        server.stop()
    else:
        assert not is_free(), "the port is free, and demo did not take it"
    assert not is_free()
    assert "(laneya:" not in make_server("taken", verb="demo").out
