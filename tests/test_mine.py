"""`list_rooms` with `mine`: the rooms in which one holds a seat, wherever they live and whatever became of them, also after a
kill."""

import asyncio

import pytest

import parlour

USERS = ("ada", "bob")


@pytest.fixture
def lab(make_server):
    """The small rooms, on two loops, with enough tokens for whoever asks often."""
    return make_server(program=parlour.lab(), env=parlour.UNLIMITED | {"PARLOUR_LIMITS__SHARDS": "2"})


async def listed(client, **payload):
    """All pages of the list, with at most so many in each."""
    rooms, after = {}, ""
    while after is not None:
        page = await client.request("list_rooms", {"after": after} | payload)
        rooms |= {room["room_id"]: room for room in page["rooms"]}
        after = page["next"]
    return rooms


async def restarted(server, *clients):
    await asyncio.to_thread(server.kill)
    for client in clients:
        await client.until_closed()
    await asyncio.to_thread(server.start)
    for client in clients:
        await client.connect()


def test_my_rooms_are_those_in_which_i_hold_a_seat_and_no_others(lab):
    async def talk():
        ada, bob = clients = [parlour.Client(lab, user) for user in USERS]
        for client in clients:
            await client.connect()
        assert await listed(ada, mine=True) == {}
        seats = {user: set() for user in USERS}
        for number in range(24):
            room, kind = f"room-{number:02}", ("pad", "lounge", "cards")[number % 3]
            await ada.open(kind, room)
            for client in clients[number % 2 :][: 1 + number % 5 // 3]:
                await client.join(room)
                seats[client.user].add(room)
        # Who only watches holds no seat, and who left holds none any more.
        await ada.join("room-01", as_="spectator")
        await ada.request("leave_room", {"room_id": "room-00"})
        seats["ada"].remove("room-00")
        # Where strangers may not watch, and where all is over, a seat is a seat.
        shut, over = [room for room in sorted(seats["ada"]) if int(room[-2:]) % 3 == 1][:2]
        await ada.act(shut, {"type": "shut", "shut": True})
        await ada.act(over, {"type": "end"})
        assert shut not in await listed(bob)

        for step in ("loaded", "after a kill"):
            if step == "after a kill":
                await restarted(lab, *clients)
            for client in clients:
                for limit in (1, 4, 200):
                    assert set(await listed(client, mine=True, limit=limit)) == seats[client.user], (step, limit)
                for kind in ("pad", "lounge", "cards"):
                    mine = await listed(client, mine=True, kind=kind, limit=2)
                    assert {room["kind"] for room in mine.values()} <= {kind}
                    of_kind = {room for room in seats[client.user] if ("pad", "lounge", "cards")[int(room[-2:]) % 3] == kind}
                    assert set(mine) == of_kind, (step, kind)
            mine = await listed(ada, mine=True)
            assert (mine[over]["status"], mine[over]["outcome"]) == ("ended", "over"), step
            assert {room["status"] for name, room in mine.items() if name != over} == {"open"}
            page = await ada.request("list_rooms", {"mine": True, "after": sorted(seats["ada"])[2], "limit": 2})
            assert [room["room_id"] for room in page["rooms"]] == sorted(seats["ada"])[3:5]
            assert set(await listed(ada, mine=False)) == {f"room-{number:02}" for number in range(24)} - {shut}

        # A name that begins a new life begins without its former members.
        await ada.open("lounge", over)
        await bob.join(over)
        assert over not in await listed(ada, mine=True) and over in await listed(bob, mine=True)
        for client in clients:
            await client.drop()

    parlour.run(talk())


def test_a_seat_that_another_took_in_the_same_room_is_no_longer_mine(lab):
    """However many seats are free, who holds them counts."""

    async def talk():
        ada, bob = clients = [parlour.Client(lab, user) for user in USERS]
        for client in clients:
            await client.connect()
        await ada.open("cards", "c")
        for one, other in ((ada, bob), (bob, ada), (ada, bob)):
            await one.join("c")
            assert (set(await listed(one, mine=True)), await listed(other, mine=True)) == ({"c"}, {})
            await restarted(lab, *clients)
            assert (set(await listed(one, mine=True)), await listed(other, mine=True)) == ({"c"}, {})
            await one.request("leave_room", {"room_id": "c"})
        for client in clients:
            await client.drop()

    parlour.run(talk())


def test_of_a_crowd_it_is_not_listed_who_is_in_it(lab):
    async def talk():
        ada = parlour.Client(lab, "ada")
        await ada.connect()
        await ada.open("egg", "e")
        await ada.join("e")
        crowd = [parlour.Client(lab, f"u{number:02}") for number in range(64)]
        for client in crowd:
            assert "e" in await listed(ada, mine=True)
            await client.connect()
            await client.join("e")
        assert await listed(ada, mine=True) == {}
        await crowd[0].request("leave_room", {"room_id": "e"})
        assert "e" in await listed(ada, mine=True) and await listed(crowd[0], mine=True) == {}
        assert "e" in await listed(crowd[1], mine=True)
        await asyncio.gather(*(client.drop() for client in [ada, *crowd]))

    parlour.run(talk())
