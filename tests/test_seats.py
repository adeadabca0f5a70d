"""Who sits where: told to who joins, and with who comes and goes; also where the room lives on another loop than its members."""

import asyncio

import pytest

import parlour


@pytest.fixture
def lab(make_server):
    """The small rooms, on two loops: of any few users and rooms some are not on the same one."""
    return make_server(program=parlour.lab(), env={"PARLOUR_LIMITS__SHARDS": "2"})


def sits(seat, user, online=True):
    return {"seat": seat, "user_id": user, "online": online}


async def told(client, kind, user, room, start):
    """The payload of the next presence notice of this kind about somebody."""
    def is_it(said):
        return said["type"] == kind and (said["payload"]["room_id"], said["payload"].get("user_id")) == (room, user)
    return (await client.until(is_it, f"{kind} of {user}", start=start))["payload"]


def test_a_join_tells_who_holds_which_seat_and_who_of_them_is_here(lab):
    async def talk():
        ada, bob, cyn = (parlour.Client(lab, name) for name in ("ada", "bob", "cyn"))
        async with ada, bob, cyn:
            for room in ("one", "two", "three"):
                await ada.open("pad", room)
                assert (await ada.join(room, seat=3))["seats"] == [sits(3, "ada")]
                assert (await bob.join(room, seat=1))["seats"] == [sits(1, "bob"), sits(3, "ada")]
                start = len(bob.frames)
                await ada.request("unsubscribe", {"room_id": room})
                await told(bob, "user_left", "ada", room, start)
                watching = await cyn.join(room, as_="spectator")
                assert watching["seats"] == [sits(1, "bob"), sits(3, "ada", online=False)]
                again = await ada.join(room)
                assert again["seats"] == [sits(1, "bob"), sits(3, "ada")]

    parlour.run(talk())


def test_bots_hold_seats_too_and_a_search_tells_as_much_as_a_join(server):
    async def talk():
        async with parlour.Client(server, "ada") as ada, parlour.Client(server, "bob") as bob:
            await ada.request("open_room", {"kind": "cards", "room_id": "c", "bots": {"1": "random"}})
            assert (await ada.join("c"))["seats"] == [sits(0, "ada"), sits(1, "bot:random:1")]
            found = await ada.request("find_room", {"kind": "cards"})
            assert found["created"] and found["seats"] == [sits(0, "ada")]
            found = await bob.request("find_room", {"kind": "cards"})
            assert not found["created"] and found["seats"] == [sits(0, "ada"), sits(1, "bob")]

    parlour.run(talk())


def test_who_comes_goes_or_gives_the_seat_up_is_told_with_it(lab):
    async def talk():
        ada, bob = (parlour.Client(lab, name) for name in ("ada", "bob"))
        async with ada, bob:
            for room in ("one", "two", "three"):
                await ada.open("pad", room)
                await ada.join(room)
                seen = len(ada.frames)
                await bob.join(room, seat=4)
                assert await told(ada, "user_joined", "bob", room, seen) == {"room_id": room, "user_id": "bob", "seat": 4}
                seen = len(ada.frames)
                await bob.request("unsubscribe", {"room_id": room})
                assert await told(ada, "user_left", "bob", room, seen) == {"room_id": room, "user_id": "bob", "seat": 4}
                await bob.join(room)
                seen, own = len(ada.frames), len(bob.frames)
                await bob.request("leave_room", {"room_id": room})
                assert await told(ada, "user_left", "bob", room, seen) == {"room_id": room, "user_id": "bob"}
                mine = await bob.until(lambda said: said["type"] == "user_left", "to be out", start=own)
                assert mine["payload"] == {"room_id": room, "you": True, "reason": "left"}
                assert (await ada.join(room))["seats"] == [sits(0, "ada")]

    parlour.run(talk())


def test_more_than_sixty_four_seats_are_not_named(make_server):
    lab = make_server(program=parlour.lab(), env=parlour.UNLIMITED)

    async def talk():
        async with parlour.Client(lab, "ada") as ada:
            await ada.open("egg", "e")
            clients = [parlour.Client(lab, f"u{n:02}", token=lab.token(f"u{n:02}")) for n in range(65)]
            for number, client in enumerate(clients):
                await client.connect()
                seats = (await client.join("e")).get("seats")
                assert seats is None if number == 64 else [seated["seat"] for seated in seats] == list(range(number + 1))
            await asyncio.gather(*(client.drop() for client in clients))

    parlour.run(talk())
