"""The dialect chat with a thousand people in one room: what they cost each other, and one who does not read."""

import asyncio
import os
import statistics
import time

import pytest

import chat
import crowd
import parlour
import prometheus
import raw

CROWD = int(os.environ.get("CHAT_CROWD", "1000"))
"""So many people, each with a connection and an identity of their own."""

NAMED, PRESENCE_MS, BEHIND_MS = 64, 1000, 4000
SETTINGS = {f"PARLOUR_LIMITS__{name}": str(value) for name, value in {
    "NAMED_MEMBERS": NAMED, "PRESENCE_MS": PRESENCE_MS, "BEHIND_MS": BEHIND_MS, "OUTPUT_BYTES": 65536, "LINGER_MS": 60000,
    "ARRIVAL_TOKENS": 1000000}.items()}

CONTENT = "x" * 8000
STEADY = 20
"""So many messages are timed before somebody does not read."""

CLOSED = 'parlour_connections_closed_total{code="1008"}'


@pytest.fixture(scope="module")
def people(mode, chat_servers):
    """A thousand connections to one server, of guests where that is allowed."""
    print(f"CHAT_CROWD={CROWD}")
    front = chat.Front(chat_servers.get(mode, env=SETTINGS), mode, None)
    tokens = [front.token(f"reader-{number}") if mode == "strict" else None for number in range(CROWD)]
    with crowd.Crowd(front.server, tokens) as people:
        people.connect("/ws")
        assert len({member.user for member in people.members}) == CROWD
        yield people


def join(room, **payload):
    return {"type": "join_room", "ref": "join", "payload": {"room_id": room} | payload}


def is_in(member):
    """Whether it was let in."""
    answers = member.of("ack")
    assert not any(b'"status":"error"' in answer for answer in answers), answers
    return bool(answers)


def said_to(member):
    """The numbers of what was said to it."""
    return [int(frame.split(b'"n":')[1].split(b",")[0]) for frame in member.of("chat")]


def updates(since):
    """So many merged notices may have come since: one for each period that was begun, and one that was under way."""
    return (time.monotonic() - since) * 1000 / PRESENCE_MS + 2


@chat.check(3, 14)
@chat.by_websockets
@pytest.mark.server(env=SETTINGS)
def test_what_a_crowd_costs_that_comes_hears_drops_and_comes_back_is_nothing_quadratic(place, people):
    room = place.room()

    async def until(condition, what):
        await asyncio.to_thread(people.until, condition, what)

    async def talk():
        async with place.open() as new_talker:
            ada, here = await new_talker("ada").connect(), CROWD + 1
            life = (await ada.join(room))["at"].split(".")[0]

            # They come, all at once: `joined`, the ack and a view to each; the first few are told of by name, and then how many
            # there are, once in a while.
            people.begin()
            since = time.monotonic()
            people.say(join(room))
            await until(is_in, "that it is in")
            await ada.until("room_update", lambda update: update["count"] == here, deadline=60)
            assert people.frames <= CROWD * (3 + updates(since)) + NAMED**2
            assert len(ada.of("user_joined")) <= NAMED and len(ada.of("room_update")) <= updates(since)

            # A message is a frame for each.
            people.begin()
            since = time.monotonic()
            await ada.chat(room, "hello")
            await until(lambda member: member.chats, "what was said")
            assert people.frames <= CROWD * (1 + updates(since)) and people.bytes <= people.frames * crowd.KEPT
            assert all(member.chats == 1 for member in people.members)
            first = said_to(people.members[0])[0]

            # Who types or reads in a crowd is nobody else's matter, and who comes is only counted.
            people.begin()
            await ada.done("typing", {"room_id": room, "is_typing": True})
            await ada.done("read", {"room_id": room, "up_to": first})
            await (await new_talker("last").connect()).join(room)
            here += 1
            await ada.until("room_update", lambda update: update["count"] == here, deadline=60)
            await until(lambda member: f'"count":{here}'.encode() in b"".join(member.of("room_update")), "how many there are")
            assert all(len(member.of("room_update")) == len(member.frames) for member in people.members)

            # All of them drop at once, and come back at once for what was said meanwhile. While few are there, they are told of
            # by name again.
            start, since = ada.mark, time.monotonic()
            people.drop()
            await ada.until("room_update", lambda update: update["count"] == 2, start=start, deadline=60)
            missed = 5
            for number in range(missed):
                await ada.chat(room, f"missed {number}")
            await asyncio.to_thread(people.connect, "/ws")
            people.begin()
            people.say(join(room, after=f"{life}.{first}"))
            await until(lambda member: is_in(member) and member.chats >= missed, "what it missed")
            await ada.until("room_update", lambda update: update["count"] == here, start=start, deadline=60)
            expected = list(range(first + 1, first + 1 + missed))
            assert all(said_to(member) == expected and not member.of("view") for member in people.members)
            assert people.frames <= CROWD * (2 + missed + updates(since)) + NAMED**2
            assert len(ada.of("user_joined", "user_left", start=start)) <= 2 * NAMED
            assert len(ada.of("room_update", start=start)) <= updates(since)

    parlour.run(talk(), deadline=180)


@chat.check(15)
@chat.by_all
@pytest.mark.server(env=SETTINGS)
def test_who_does_not_read_delays_none_of_a_thousand_who_do_and_is_closed_with_a_reason(place, people):
    room = place.room()

    async def talk():
        async with place.open() as new_talker:
            ada, ben = [await new_talker(name).connect() for name in ("ada", "ben")]
            await ada.join(room)
            await ben.join(room)
            people.begin()
            people.say(join(room))
            await asyncio.to_thread(people.until, is_in, "that it is in")
            people.begin()
            said = 0

            async def says():
                """Until everybody has heard it; how long that took."""
                nonlocal said
                said += 1
                begun, content = time.monotonic(), f"{said} {CONTENT}"
                await ada.chat(room, content)
                await ben.until_heard(content, start=max(0, ben.mark - 5))
                await asyncio.to_thread(people.until, lambda member: member.chats >= said, "what was said")
                return time.monotonic() - begun

            steady = [await says() for _ in range(STEADY)]
            with await asyncio.to_thread(stalled, place, room) as slow:
                delays, heard, before = [], 0, said
                while not (await closed(place)):
                    # Everybody has heard so much while the one who does not read was still there.
                    heard = said - before
                    assert heard < 5000
                    delays.append(await says())
                chats, ended = await asyncio.to_thread(read_all, slow)
            assert (ended.code, ended.reason) == (1008, "not_reading")
            print(f"p99 {p99(steady)} ms of {STEADY} before, {p99(delays)} ms of {len(delays)} while one did not read")
            assert heard > chats + 1, "they waited for who does not read"
            # Who waited for who does not read would have waited for most of `BEHIND_MS`.
            assert p99(delays) < max(10 * p99(steady), BEHIND_MS / 4) and statistics.median(delays) < BEHIND_MS / 1000
            last = said_to(people.members[0])
            assert last == list(range(last[0], last[0] + said))
            assert all(said_to(member) == last for member in people.members), "all of it, in one order"

    async def closed(place):
        return (await asyncio.to_thread(prometheus.metrics, place.server)).get(CLOSED, 0) > closed_before

    closed_before = prometheus.metrics(place.server).get(CLOSED, 0)
    parlour.run(talk(), deadline=180)


def stalled(place, room):
    """A connection in the room that reads nothing more."""
    wire = raw.Wire(place.server, keeps_little=True)
    wire.send(raw.upgrade_request(f"/ws/room/{room}", token=place.token("stalled")))
    assert wire.response().status == 101
    wire.next_of("joined")
    return wire


def read_all(wire):
    """How many messages came, and how it ended."""
    chats = 0
    try:
        while True:
            chats += wire.next()["type"] == "chat"
    except raw.Ended as ended:
        return chats, ended


def p99(delays):
    return round(1000 * (statistics.quantiles(delays, n=100)[98] if len(delays) > 1 else delays[0]))
