"""Rooms on several shards, each a loop on a thread of its own: whoever is where, a room has one order, and a line between two
shards that is full says so."""

import asyncio
import random

import parlour

ROOMS = 200
USERS = 20
EACH = 40
"""How many rooms each user follows; a connection may follow 64."""


def shards(make_server, **limits):
    env = {f"PARLOUR_LIMITS__{name.upper()}": str(value) for name, value in ({"shards": 2} | limits).items()}
    return make_server(program=parlour.lab(), env=env)


def test_two_hundred_rooms_on_two_shards_have_one_order_for_everybody(make_server, seed):
    luck = random.Random(seed)
    server = shards(make_server)
    rooms = [f"pad-{number}" for number in range(ROOMS)]

    async def play():
        clients = [parlour.Client(server, f"user-{number}") for number in range(USERS)]
        for client in clients:
            await client.__aenter__()
        mine = [[rooms[(number * ROOMS // USERS * 3 + step * 7) % ROOMS] for step in range(EACH)] for number in range(USERS)]
        for client, names in zip(clients, mine, strict=True):
            for room in names:
                try:
                    await client.open("pad", room)
                except parlour.Refused as refused:
                    assert refused.code == "room_exists"
                await client.join(room)

        async def write(client, names, who):
            for number in range(60):
                room = luck.choice(names)
                line = f"{who}.{number}"
                assert (await client.act(room, {"type": "write", "text": line}, id=line))["dup"] is False

        pairs = enumerate(zip(clients, mine, strict=True))
        await asyncio.gather(*(write(client, names, who) for who, (client, names) in pairs))
        shown = [await asyncio.to_thread(server.http, "GET", f"/v1/rooms/{room}", token=server.token("root")) for room in rooms]
        there = [(room, answer.json()) for room, answer in zip(rooms, shown, strict=True) if answer.status == 200]
        last = {room: int(about["at"].split(".")[1]) for room, about in there}
        told = {}
        for client, names in zip(clients, mine, strict=True):
            for room in names:
                await client.until(lambda _, client=client, room=room: heard(client, room) >= last[room], f"all of {room}")
                events = [(frame["n"], frame["payload"]["text"]) for frame in client.of_room(room, "written")]
                numbers = [n for n, _ in events]
                assert numbers == list(range(last[room] - len(numbers) + 1, last[room] + 1)), f"a gap in {room}: {numbers}"
                for n, text in events:
                    assert told.setdefault((room, n), text) == text, f"two orders in {room}"
        assert len(told) == USERS * 60, "every line was told, once"
        for client in clients:
            await client.__aexit__(None, None, None)
        return len(told)

    print(parlour.run(play()), "lines in one order")
    assert "panicked" not in server.err


def heard(client, room):
    """The last number heard of a room."""
    position = client.after(room)
    return int(position.split(".")[1]) if position else 0


def test_a_full_line_between_shards_is_limited_and_then_everything_arrives(make_server):
    server = shards(make_server, forwarded_per_connection=4, connection_tokens=1_000_000, user_tokens=1_000_000)
    rooms = [f"pad-{number}" for number in range(8)]

    async def play():
        async with parlour.Client(server, "ada") as ada, parlour.Client(server, "ben") as ben:
            for room in rooms:
                await ada.open("pad", room)
                for client in (ada, ben):
                    await client.join(room)
            limited = 0
            for round_ in range(5):
                waiting = {}
                for room in rooms:
                    for number in range(20):
                        key = f"{room}.{round_}.{number}"
                        waiting[key] = (room, await ada.post("action", {"type": "write", "text": key}, room=room, id=key))
                while waiting:
                    again = {}
                    for key, (room, answer) in waiting.items():
                        try:
                            payload = await answer
                        except parlour.Refused as refused:
                            payload = refused.payload
                        if payload["status"] == "ok":
                            continue
                        assert (payload["kind"], payload["code"]) == ("limited", "too_many_waiting"), payload
                        limited += 1
                        again[key] = (room, await ada.post("action", {"type": "write", "text": key}, room=room, id=key))
                    waiting = again
            for client in (ada, ben):
                for room in rooms:
                    await client.until(lambda _, client=client, room=room: heard(client, room) >= 100, f"all of {room}")
                    numbers = [frame["n"] for frame in client.of_room(room, "written")]
                    assert numbers == list(range(1, 101)), f"{room}: {numbers}"
            return limited

    limited = parlour.run(play())
    print(limited, "requests were limited")
    assert limited > 0, "the line was never full"
