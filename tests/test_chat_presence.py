"""The dialect chat: who is there, who is waited for, and who is waited for no more."""

import asyncio
import contextlib
import time

import pytest

import chat
import parlour
import raw

PING_MS, SILENCE_MS, AWAY_MS = 300, 3000, 200
QUICK = {f"PARLOUR_LIMITS__{name}": str(value) for name, value in {
    "PING_MS": PING_MS, "SILENCE_MS": SILENCE_MS, "AWAY_MS": AWAY_MS, "PRESENCE_MS": 100}.items()}
SEAT_MS = 2500
"""For so long a seat waits, after `AWAY_MS`."""


async def opened(talker, room, **config):
    """A room whose seats wait for a short time, opened and joined by this one."""
    await talker.done("open_room", {"kind": "chat", "room_id": room, "config": {"away_ms": SEAT_MS} | config})
    await talker.join(room)


def told_of(talker, user, start=0):
    """What somebody was told of another: `connected`, `reconnecting`, `disconnected`."""
    told = talker.of("user_joined", "user_left", start=start)
    return [payload["status"] for payload in told if payload["user_id"] == user]


async def until_told(talker, user, status, start=0):
    kind = "user_joined" if status == "connected" else "user_left"
    return await talker.until(kind, lambda told: (told["user_id"], told["status"]) == (user, status), start=start)


@chat.check(7)
@chat.by_all
@pytest.mark.server(env=QUICK)
def test_a_seat_waits_for_who_lost_the_connection_and_not_for_ever(place):
    async def talk():
        async with place.open() as new_talker:
            room, (ada, eve, cyn) = place.room(), [await new_talker(name).connect() for name in ("ada", "eve", "cyn")]
            await opened(ada, room, members=2)
            await eve.join(room)
            await cyn.fails("GAME_FULL", "join_room", {"room_id": room, "as": "player"})

            # Back in time: the seat was kept.
            left = asyncio.create_task(until_told(ada, eve.user, "reconnecting"))
            await eve.close()
            seat = (await left)["seat"]
            await cyn.fails("GAME_FULL", "join_room", {"room_id": room, "as": "player"})
            start = ada.mark
            if place.mode == "compat":
                # A guest is the same only by the token of the greeting.
                greeted = eve.of("connected")[0]
                assert (await eve.connect(token=greeted["token"])).user == greeted["user_id"]
            else:
                await eve.connect()
            await eve.join(room)
            assert (await until_told(ada, eve.user, "connected", start))["seat"] == seat

            # Not in time: somebody else may have it, and who comes back then is another member.
            start = ada.mark
            await eve.close()
            assert "seat" not in await until_told(ada, eve.user, "disconnected", start)
            assert told_of(ada, eve.user, start) == ["reconnecting", "disconnected"]
            await cyn.done("join_room", {"room_id": room, "as": "player"})
            await eve.connect(token=eve.token or greeted["token"])
            await eve.fails("GAME_FULL", "join_room", {"room_id": room, "as": "player"})
            await ada.chat(room, "welcome")
            assert await cyn.until_heard("welcome")

    parlour.run(talk())


@chat.check(14)
@chat.by_all
@pytest.mark.parametrize("seat_is_taken", [False, True])
@pytest.mark.server(env=QUICK)
def test_who_comes_back_after_the_seat_was_freed_is_told_what_they_missed_too(place, seat_is_taken):
    async def talk():
        async with place.open() as new_talker:
            room, bob = place.room(), await new_talker("bob", named=True).connect()
            ada, cyn, dan = [await new_talker(name, named=True).connect() for name in ("ada", "cyn", "dan")]
            await opened(ada, room)
            await bob.join(room)
            await cyn.join(room)
            # What the others have read is told each member in private.
            await ada.chat(room, "heard")
            await cyn.done("read", {"room_id": room, "up_to": (await cyn.until_heard("heard"))["message"]})
            await bob.until("read")
            after = (await bob.join(room))["at"]
            await bob.close()
            await until_told(ada, bob.user, "reconnecting")
            await ada.chat(room, "missed")
            await cyn.done("read", {"room_id": room, "up_to": (await cyn.until_heard("missed"))["message"]})
            await until_told(ada, bob.user, "disconnected")
            if seat_is_taken:
                await dan.join(room)
            await ada.chat(room, "missed as well")
            start = bob.mark
            await bob.connect()
            ack = await bob.join(room, after=after)
            assert ack["resumed"] == {"kind": "view", "events": 2}
            # What was missed comes after the ack, and the view after that.
            assert (await bob.until("view", start=start))["messages"] == 3
            assert bob.heard(room, start=start) == [(ada.user, "missed"), (ada.user, "missed as well")]
            await ada.chat(room, "now")
            await bob.until_heard("now")

    parlour.run(talk())


@chat.check(7)
@chat.by_all
@pytest.mark.server(env=QUICK)
def test_who_answers_no_ping_is_gone_and_who_says_nothing_is_not(place):
    async def talk():
        async with place.open() as new_talker:
            room, (ada, idle) = place.room(), [await new_talker(name).connect() for name in ("ada", "idle")]
            await opened(ada, room)
            await idle.join(room)
            with deaf(place, room) as (wire, user):
                began = time.monotonic()
                await until_told(ada, user, "connected")
                start = ada.mark
                left = await until_told(ada, user, "reconnecting")
                # No timing: it cannot be shorter than the server was told to wait.
                assert time.monotonic() - began > (SILENCE_MS - PING_MS) / 1000
                assert "seat" in left
                opcodes, end = await asyncio.to_thread(everything, wire)
                assert raw.PING in opcodes and end == (1008, "silent")
            await until_told(ada, user, "disconnected", start=start)
            assert told_of(ada, user) == ["connected", "reconnecting", "disconnected"]
            # These two were as quiet; but their clients answered.
            assert (ada.socket.closed, idle.socket.closed, told_of(ada, idle.user, start)) == (None, None, [])
            await idle.chat(room, "I was here all along")

    parlour.run(talk())


@chat.check(7)
@chat.by_websockets
@pytest.mark.server(env=QUICK)
def test_the_room_of_who_has_a_name_waits_for_them_and_that_of_a_guest_does_not(place):
    async def talk():
        async with place.open() as new_talker:
            owns = lambda talker: lambda told: (told["user"], told["role"]) == (talker.user, "owner")  # noqa: E731
            cyn = await new_talker("cyn").connect()
            ada, room = await new_talker("ada", named=True).connect(), place.room()
            await opened(ada, room)
            await cyn.join(room)
            await cyn.chat(room, "read this")
            said = (await cyn.until_heard("read this"))["message"]
            await ada.done("read", {"room_id": room, "up_to": said})
            await ada.close()
            await until_told(cyn, ada.user, "disconnected")
            await cyn.fails("FORBIDDEN", "set_topic", {"room_id": room, "text": "mine"})
            await ada.connect()
            start = ada.mark
            await ada.join(room)
            assert (await ada.until("view", start=start))["you"] | {"muted_until_ms": None} == {
                "user": ada.user, "role": "owner", "read_up_to": said, "muted_until_ms": None}
            await ada.done("set_topic", {"room_id": room, "text": "mine"})

            if place.mode == "compat":
                guest, room = await new_talker("eve").connect(), place.room()
                await opened(guest, room)
                await cyn.join(room)
                await ada.join(room)
                start = ada.mark
                await guest.close()
                # That guest came before her, but is no one who could be asked again.
                await ada.until("role_changed", owns(ada), start=start)
                await until_told(ada, guest.user, "disconnected", start=start)
                await cyn.fails("FORBIDDEN", "set_topic", {"room_id": room, "text": "mine"})

    parlour.run(talk())


@chat.check(7)
@chat.by_all
@pytest.mark.server(env=QUICK)
def test_who_only_watches_from_now_on_has_gone_and_goes_on_watching(place):
    async def talk():
        async with place.open() as new_talker:
            room, ada, bob = place.room(), await new_talker("ada").connect(), await new_talker("bob").connect()
            await opened(ada, room)
            await bob.join(room)
            start = ada.mark
            await bob.join(room, **{"as": "spectator"})
            assert "seat" in await until_told(ada, bob.user, "reconnecting", start), "he has a seat to come back to"
            assert "seat" not in await until_told(ada, bob.user, "disconnected", start)
            await ada.chat(room, "do you see this?")
            await bob.until_heard("do you see this?")
            assert not [left for left in bob.of("user_left") if left.get("you")]
            await bob.fails("NOT_IN_ROOM", "chat", {"room_id": room, "content": "I do"})

    parlour.run(talk())


@chat.check(4)
@chat.by_all
@pytest.mark.parametrize("private", [False, True])
def test_who_is_banned_hears_nothing_more_in_any_tab_watching_or_not(place, private):
    async def talk():
        async with place.open() as new_talker:
            ada, tabs = await new_talker("ada", named=True).connect(), [new_talker("bob", named=True) for _ in range(3)]
            for tab in tabs:
                await tab.connect()
            room, config = place.room(), {"invited": [ada.user, tabs[0].user]} if private else {}
            await ada.done("open_room", {"kind": "chat", "room_id": room, "config": config})
            await ada.join(room)
            await tabs[0].join(room)
            await tabs[1].join(room, **{"as": "spectator"})
            await tabs[2].join(room, **{"as": "spectator"})
            await ada.chat(room, "before")
            for tab in tabs:
                await tab.until_heard("before")
            await ada.done("ban", {"room_id": room, "user": tabs[0].user})
            for tab in tabs:
                assert (await tab.until("user_left", lambda left: left.get("you")))["reason"] == "banned"
            await ada.chat(room, "after")
            await ada.done("set_topic", {"room_id": room, "text": "without him"})
            for tab in tabs:
                await tab.fails("ROOM_NOT_FOUND" if private else "FORBIDDEN", "join_room", {"room_id": room, "as": "spectator"})
                assert tab.heard(room) == [(ada.user, "before")] and not tab.of("topic_changed")

    parlour.run(talk())


@contextlib.contextmanager
def deaf(place, room):
    """A connection in a room that reads nothing and answers nothing, and its user."""
    with raw.Wire(place.server) as wire:
        wire.send(raw.upgrade_request(f"/ws/room/{room}", token=place.token("deaf") if place.mode == "strict" else None))
        assert wire.response().status == 101
        yield wire, wire.next_of("joined")["payload"]["user_id"]


def everything(wire):
    """The opcodes of all frames to the close, none of them answered, and the close."""
    opcodes = []
    while True:
        opcode, payload = wire.frame()
        opcodes.append(opcode)
        if opcode == raw.CLOSE:
            return opcodes, (int.from_bytes(payload[:2], "big"), payload[2:].decode())
