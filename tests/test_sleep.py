"""Rooms that sleep: what is due wakes by itself, once and in its order, whatever happened to the server; what sleeps costs no
memory of the loop's; and whoever comes back notices nothing.

`SLEEPERS=100000` in the environment makes the memory test as large as it was meant to be.
"""

import asyncio
import contextlib
import hashlib
import itertools
import os
import pathlib
import random
import re
import sqlite3
import time

import pytest

import parlour
import prometheus

EGGS = 1000
SLEEPERS = int(os.environ.get("SLEEPERS") or 3000)
AT_ONCE = 60
"""Fewer than a connection may follow."""

QUICK = parlour.UNLIMITED | {"PARLOUR_LIMITS__IDLE_MS": "100", "PARLOUR_LIMITS__WAKE_SOON_MS": "300"}
"""Rooms fall asleep soon, unless they are to wake within 300 ms."""


@pytest.fixture
def kitchen(make_server):
    """A server of egg timers, whose rooms sleep soon."""
    return make_server(program=parlour.lab(), env=QUICK)


def ask(server, sql):
    """What the journal says, read beside the server."""
    with contextlib.closing(sqlite3.connect(f"file:{server.data}/journal.sqlite3?mode=ro", uri=True)) as journal:
        return journal.execute(sql).fetchall()


def loaded(server):
    """How many rooms are in the server's memory."""
    samples = prometheus.metrics(server)
    return sum(value for name, value in samples.items() if name.startswith("parlour_rooms{"))


def home(room, shards):
    """The shard that owns a room, as ARCHITECTURE.md says: by the first 8 bytes of the SHA-256 of its name."""
    return int.from_bytes(hashlib.sha256(room.encode()).digest()[:8], "big") % shards


def all_sleep(server, deadline=60.0):
    parlour.poll(lambda: loaded(server) == 0, "all rooms to sleep", deadline)


def resident(server):
    """The server's resident memory in bytes."""
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


async def fine(answers):
    for answer in answers:
        said = await asyncio.wait_for(answer, parlour.DEADLINE)
        assert said["status"] == "ok", said


async def crowd(server, rooms, asks):
    """Does something about many rooms, some at a time. `asks(client, room)` gives the futures of what it asked."""

    async with parlour.Client(server, "cook") as cook:
        for at in range(0, len(rooms), AT_ONCE):
            await asyncio.gather(*[fine(await asks(cook, room)) for room in rooms[at : at + AT_ONCE]])


async def set_up(cook, room):
    """A room with its cook, whom it needs not: nobody follows it."""
    opened = await cook.post("open_room", {"kind": "egg", "room_id": room})
    joined = await cook.post("join_room", {"room_id": room})
    return [opened, joined, await cook.post("unsubscribe", {"room_id": room})]


def rings(server):
    """Every ring in the journal: when, and of which room."""
    return ask(server, "SELECT time, room FROM records WHERE cause = 'signal' ORDER BY time")


def is_whole(server, room):
    """Replaying all its records gives every recorded hash, its snapshot and its row."""
    parlour.cli("replay", room, "--verify", "--data", server.data, program=parlour.lab(), expect=0)


@pytest.mark.parametrize(
    ("eggs", "sleeps_first", "shards"),
    [(EGGS, True, 1), (EGGS // 10, False, 1), (EGGS // 10, True, 2)],
    ids=["asleep", "some-loaded", "shards"],
)
def test_after_a_kill_every_clock_rings_once_and_in_its_order_and_nobody_needs_to_come(
    make_server, seed, eggs, sleeps_first, shards
):
    kitchen = make_server(program=parlour.lab(), env=QUICK | {"PARLOUR_LIMITS__SHARDS": str(shards)})
    dice = random.Random(seed)
    rooms = [f"egg-{number}" for number in range(eggs)]
    begin = time.monotonic()
    parlour.run(crowd(kitchen, rooms, set_up))
    took_ms = int((time.monotonic() - begin) * 1000)
    # Setting them takes less than opening them: none rings before the last is set, and has fallen asleep.
    times = {room: took_ms + 1500 + dice.randrange(1500) for room in rooms}

    async def boil(cook, room):
        return [await cook.post("action", {"type": "boil", "ms": times[room]}, room=room)]

    async def set_all_and_kill():
        async with parlour.Client(kitchen, "visitor") as guest:
            watched = [] if sleeps_first else rooms[:AT_ONCE]
            for room in watched:
                await guest.join(room, as_="spectator")
            await crowd(kitchen, rooms, boil)
            if sleeps_first:
                await asyncio.to_thread(parlour.poll, lambda: loaded(kitchen) == 0 or rings(kitchen), "all to sleep", 60.0)
            seen = len(rings(kitchen)), loaded(kitchen)
            rows = ask(kitchen, "SELECT room, wake_at FROM rooms WHERE wake_at IS NOT NULL")
            kitchen.kill()
            return *seen, dict(rows)

    before, awake, due = parlour.run(set_all_and_kill())
    kitchen.start()
    parlour.poll(lambda: len(rings(kitchen)) >= eggs, "every egg to ring", 60.0)
    all_sleep(kitchen)
    print(f"{eggs} eggs: {before} rang before the kill, {awake:.0f} rooms were loaded then, {len(due)} had a time to wake")
    assert before < eggs // 2 and len(due) > eggs // 2
    assert awake >= AT_ONCE if not sleeps_first else before or awake == 0

    rang = rings(kitchen)
    assert sorted(room for _, room in rang) == sorted(rooms), "each rings once"
    # Each shard keeps to the order by itself.
    for shard in range(shards):
        latest, here = 0, [ring for ring in rang if home(ring[1], shards) == shard]
        assert len(here) > eggs // 10, "every shard has some"
        for _, together in itertools.groupby(here, lambda ring: ring[0]):
            now = [due[room] for _, room in together if room in due]
            assert not now or min(now) >= latest, "one rang after another that was due later"
            latest = max([latest, *now])
    assert ask(kitchen, "SELECT count(*) FROM rooms WHERE wake_at IS NOT NULL") == [(0,)], "nobody is to be woken any more"
    for room in dice.sample(rooms, 3):
        is_whole(kitchen, room)


def test_a_room_that_sleeps_is_no_longer_in_the_memory_of_the_server(kitchen):
    def sleep(name, count):
        rooms = [f"{name}-{number}" for number in range(count)]
        parlour.run(crowd(kitchen, rooms, set_up), deadline=60 + count / 20)
        all_sleep(kitchen)
        return resident(kitchen)

    first = sleep("warm", AT_ONCE * 5)
    last = sleep("cold", SLEEPERS)
    print(f"{SLEEPERS} rooms asleep: {first / 2**20:.1f} MiB before, {last / 2**20:.1f} MiB after,", end=" ")
    print(f"{(last - first) / SLEEPERS:.0f} bytes a room")

    async def look():
        async with parlour.Client(kitchen, "cook") as cook:
            await cook.join("cold-7")
            assert (await cook.act("cold-7", {"type": "boil", "ms": 1_000_000}))["dup"] is False

    parlour.run(look())


def test_who_comes_back_while_a_room_falls_asleep_finds_it_as_it_was(kitchen, seed):
    dice = random.Random(seed)

    async def come_and_go(number):
        room = f"egg-{number}"
        async with parlour.Client(kitchen, f"cook-{number}") as cook:
            await cook.open("egg", room)
            assert (await cook.join(room))["resumed"]["kind"] == "fresh"
            last = None
            for turn in range(8):
                await cook.request("unsubscribe", {"room_id": room})
                # Around the moment at which it is put away: at times before, at times after, at times just then.
                await asyncio.sleep(dice.random() * 0.5)
                if last and dice.random() < 0.5:
                    again = await cook.act(room, last[1], id=last[0])
                    assert again["dup"] is True and again["at"] == last[2], (again, last)
                joined = await cook.join(room, after=cook.after(room))
                assert joined["resumed"] == {"kind": "replayed", "events": 0}, joined
                action = {"type": "boil", "ms": 10_000_000} if turn % 2 == 0 else {"type": "cool"}
                done = await cook.act(room, action, id=f"{number}-{turn}")
                assert done["dup"] is False
                last = (f"{number}-{turn}", action, done["at"])
                await cook.until(lambda frame: frame.get("n") == turn + 1, "the event")  # noqa: B023
            numbers = [frame["n"] for frame in cook.of_room(room, "boils", "cooled")]
            assert numbers == list(range(1, 9)), "each event once"

    async def all_together():
        await asyncio.gather(*(come_and_go(number) for number in range(8)))

    parlour.run(all_together())
    slept = ask(kitchen, "SELECT count(*) FROM records WHERE cause = 'slept'")[0][0]
    woke = ask(kitchen, "SELECT count(*) FROM records WHERE cause = 'woke'")[0][0]
    print(f"rooms fell asleep with a clock set {slept} times, and came back {woke} times")
    all_sleep(kitchen)
    for number in range(8):
        is_whole(kitchen, f"egg-{number}")
