"""`list_rooms` shows what a stranger may know; `find_room` ends in one room where seats allow, also after a kill."""

import asyncio

import pytest

import parlour
import prometheus
from codes import assert_typed


async def listed(client, **payload):
    """All pages of the list."""
    rooms, after = [], ""
    while after is not None:
        page = await client.request("list_rooms", {"after": after} | payload)
        rooms, after = rooms + page["rooms"], page["next"]
    return rooms


def test_rooms_are_listed_in_pages_by_kind_as_over_http(server):
    async def talk():
        async with parlour.Client(server, "ada") as ada:
            names = [f"room-{n:02}" for n in range(11)]
            for name in names:
                await ada.open("cards", name)
            await ada.join("room-03")
            for limit in (1, 4, 200):
                assert [room["room_id"] for room in await listed(ada, limit=limit, kind="cards")] == names
            rooms = await listed(ada)
            assert [room["status"] for room in rooms] == ["open"] * len(names)
            over_http = await asyncio.to_thread(server.http, "GET", "/v1/rooms?kind=cards", token=server.token("bob"))
            shown = over_http.json()["rooms"]
            assert [room["room_id"] for room in shown] == names
            assert [member["user_id"] for member in shown[3]["members"]] == ["ada"]
            page = await ada.request("list_rooms", {"limit": 4, "after": "room-06"})
            assert [room["room_id"] for room in page["rooms"]] == names[7:]
            assert page["next"] == "room-10"

    parlour.run(talk())


def test_two_find_each_other_and_a_third_gets_a_room_of_his_own(server):
    async def talk():
        ada, bob, cyn = (parlour.Client(server, name) for name in ("ada", "bob", "cyn"))
        async with ada, bob, cyn:
            found = [await client.request("find_room", {"kind": "cards"}) for client in (ada, bob, cyn)]
            assert [answer["created"] for answer in found] == [True, False, True]
            assert [answer["seat"] for answer in found] == [0, 1, 0]
            rooms = [answer["room_id"] for answer in found]
            assert rooms[0] == rooms[1] != rooms[2]
            # Another configuration is another room.
            other = await bob.request("find_room", {"kind": "cards", "config": {"turn_limit": 12}})
            assert other["created"] and other["room_id"] not in rooms
            await ada.until(lambda said: said["type"] == "view" and said["room"] == rooms[0], "a view")

    parlour.run(talk())


def test_those_who_look_at_the_same_time_end_in_as_few_rooms_as_have_seats_for_them(server):
    async def talk():
        users = [parlour.Client(server, f"user-{n}") for n in range(12)]
        await asyncio.gather(*(user.connect() for user in users))
        found = await asyncio.gather(*(user.request("find_room", {"kind": "cards"}, id="one") for user in users))
        rooms = [answer["room_id"] for answer in found]
        assert len(set(rooms)) == 6, rooms
        assert all(rooms.count(room) == 2 for room in rooms)
        assert sum(answer["created"] for answer in found) == 6
        for user in users:
            await user.drop()

    parlour.run(talk())


def test_the_same_request_ends_in_the_same_room_across_a_kill_and_a_sleeping_room_is_found(server):
    async def first():
        async with parlour.Client(server, "ada") as ada:
            found = await ada.request("find_room", {"kind": "cards"}, id="f1")
            again = await ada.request("find_room", {"kind": "cards"}, id="f1")
            assert (again["room_id"], again["created"], again["dup"]) == (found["room_id"], True, True)
            return found["room_id"]

    room = parlour.run(first())
    server.kill()
    server.start()

    async def second():
        async with parlour.Client(server, "bob") as bob, parlour.Client(server, "ada") as ada:
            # Nothing is loaded: the room is found in the journal, the earlier request too.
            found = await bob.request("find_room", {"kind": "cards"}, id="f1")
            assert (found["room_id"], found["created"], found["dup"], found["seat"]) == (room, False, False, 1)
            again = await ada.request("find_room", {"kind": "cards"}, id="f1")
            assert (again["room_id"], again["created"], again["dup"], again["seat"]) == (room, True, True, 0)
            with pytest.raises(parlour.Refused) as refused:
                await ada.request("find_room", {"kind": "cards", "config": {"turn_limit": 12}}, id="f1")
            assert_typed(refused.value.payload, "id_reused")

    parlour.run(second())


def loaded(server):
    """How many rooms are in the server's memory."""
    samples = prometheus.metrics(server)
    return sum(value for name, value in samples.items() if name.startswith("parlour_rooms{"))


@pytest.mark.parametrize("shards", [1, 2])
def test_rooms_that_sleep_are_listed_and_found_the_fullest_first(make_server, shards):
    env = {"PARLOUR_LIMITS__IDLE_MS": "100", "PARLOUR_LIMITS__SHARDS": str(shards)}
    server = make_server(program=parlour.lab(), env=env)
    wanted = {"kind": "lounge", "config": {"seats": 3}}

    async def find(user, **fields):
        """Where somebody comes in, who does not stay to look on: the room may sleep."""
        async with parlour.Client(server, user) as client:
            found = await client.request("find_room", wanted, **fields)
            await client.request("unsubscribe", {"room_id": found["room_id"]})
            return found

    async def all_sleep():
        await asyncio.to_thread(parlour.poll, lambda: loaded(server) == 0, "all rooms to sleep")

    async def talk():
        first = [await find(user) for user in ("ada", "bob", "cyn")]
        full = first[0]["room_id"]
        assert [found["room_id"] for found in first] == [full] * 3
        async with parlour.Client(server, "dot") as dot:
            # One with two seats free, and one with one; and one that strangers may not see.
            second = await find("dot", id="d1")
            assert second["created"] and second["room_id"] != full
            hidden = (await dot.open("lounge", "hidden", {"seats": 2}))["room_id"]
            await dot.join(hidden)
            await dot.act(hidden, {"type": "shut", "shut": True})
        await all_sleep()
        async with parlour.Client(server, "eve") as eve:
            rooms = await listed(eve)
            assert {room["room_id"] for room in rooms} == {full, second["room_id"]}
            assert {room["status"] for room in rooms} == {"open"}
            assert await asyncio.to_thread(loaded, server) == 0, "nobody is woken for a list"
        for user, seat in (("eve", 1), ("fay", 2)):
            found = await find(user)
            assert (found["room_id"], found["created"], found["seat"]) == (second["room_id"], False, seat)
            await all_sleep()
        # All that sleep are full now; who sits in one is let into it again.
        third = await find("gil")
        assert third["created"] and third["room_id"] not in (full, second["room_id"])
        again = await find("dot", id="d1")
        assert (again["room_id"], again["created"], again["dup"]) == (second["room_id"], True, True)

    parlour.run(talk())


WRONG = [
    ("list_rooms", {"kind": 5}, "invalid_message"),
    ("list_rooms", {"kind": "chess"}, "unknown_kind"),
    ("list_rooms", {"after": 5}, "invalid_message"),
    ("list_rooms", {"after": "a b"}, "invalid_name"),
    ("list_rooms", {"limit": -1}, "invalid_message"),
    ("list_rooms", {"limit": "9"}, "invalid_message"),
    ("list_rooms", {"limit": 2**40}, "invalid_message"),
    ("find_room", {}, "invalid_message"),
    ("find_room", {"kind": 5}, "invalid_message"),
    ("find_room", {"kind": "chess"}, "unknown_kind"),
    ("find_room", {"kind": "cards", "config": []}, "invalid_config"),
    ("find_room", {"kind": "cards", "config": {"unknown": 1}}, "invalid_config"),
    ("find_room", {"kind": "cards", "config": {"seconds_per_turn": 0}}, "bad_seconds_per_turn"),
    ("find_room", {"kind": "cards", "nonce": 5}, "invalid_message"),
    ("find_room", {"kind": "cards", "nonce": "n" * 65}, "invalid_nonce"),
]


def test_each_wrong_request_gets_one_typed_answer(server):
    async def talk():
        async with parlour.Client(server, "ada") as ada, parlour.Client(server, "eve", role="spectator") as eve:
            for kind, payload, code in WRONG:
                before = len(ada.frames)
                with pytest.raises(parlour.Refused) as refused:
                    await ada.request(kind, payload)
                assert refused.value.code == code, (kind, payload)
                await ada.request("ping")
                assert [said["type"] for said in ada.frames[before:]] == ["ack", "pong", "ack"], (kind, payload)
            with pytest.raises(parlour.Refused) as refused:
                await eve.request("find_room", {"kind": "cards"})
            assert_typed(refused.value.payload, "role_required")
            assert await listed(eve) == []

    parlour.run(talk())
