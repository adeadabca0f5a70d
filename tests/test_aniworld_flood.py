"""The dialect aniworld: of more than anybody can look at few are told, and who does not read delays nobody.

The server is the lab's, whose downloads are pretended ones: each tells of its progress a thousand times a second, and nothing but
the server stands between it and a client.
"""

import asyncio
import contextlib
import time
import uuid

import pytest

import aniworld
import compatibility
import parlour
import prometheus
import raw
from aniworld_judge import ENDS, judge

in_thread = asyncio.to_thread

APART_S = 0.1
"""So far apart pulses of a job are told at least: `limits.job_pulse_ms`."""
HASTY = {"PARLOUR_LIMITS__BEHIND_MS": "500"}
PATIENT = {"PARLOUR_LIMITS__BEHIND_MS": "300000"}
"""For how long a server waits for who fell behind."""
PULSES = 1500


@pytest.fixture
def make_front(mode, client, aniworld_servers, aniworld_files, aniworld_hosts):
    def make(**env):
        server = aniworld_servers(mode, client, parlour.lab(), **env)
        front = aniworld.Front(server, mode, aniworld_files, aniworld.Clients(client, aniworld_hosts))
        front.open(max_bytes=PULSES)
        return front

    return make


@pytest.fixture
def front(make_front):
    return make_front(**HASTY)


async def flood(front, listeners):
    """A download of as many pulses, of which each listener hears few, the last and the end; its id."""
    heard, began = {listener: listener.mark for listener in listeners}, time.monotonic()
    download = await in_thread(front.add, "http://files.example/flood", name=f"{uuid.uuid4().hex}.bin")
    for listener, start in heard.items():
        assert (await listener.until_end(download, start=start))["type"] == "download_complete"
    took = time.monotonic() - began
    for listener, start in heard.items():
        told = [frame for frame in listener.of(start=start) if frame["data"].get("download_id") == download]
        assert [frame["type"] for frame in told][-2:] == ["download_progress", "download_complete"]
        progress = [frame["data"] for frame in told if frame["type"] == "download_progress"]
        # The first at once, the others so far apart, and the last when it ended.
        assert 2 <= len(progress) <= took / APART_S + 2, (len(progress), took)
        done = [data["bytes_done"] for data in progress]
        assert done == sorted(set(done)) and (done[-1], progress[-1]["percent"]) == (PULSES, 100)
    return download


@aniworld.by_all
@compatibility.check("aniworld", 13)
def test_of_a_thousand_updates_a_second_few_are_told_but_the_last_and_the_end(front):
    async def talk():
        async with front.listen() as ada, front.listen("bob") as bob:
            await ada.join("downloads")
            await bob.join("downloads", "queue")
            await flood(front, [ada, bob])

    front.run(talk)


STATUSES = 200_000
"""So many answers would be 50 MB and more."""
SOME = 40_000
"""So many are more than the system keeps for a connection."""
MEMORY = 24 * 2**20
CONNECTIONS = 'parlour_connections{transport="websocket"}'


def memory(server):
    """How much the server holds, in bytes."""
    status = open(f"/proc/{server.pid}/status").read()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) * 1024


class Deaf:
    """A connection that reads nothing once it has joined, and asks all the more; until it reads again."""

    def __init__(self, front, user):
        self.wire = raw.Wire(front.server)
        self.wire.send(raw.upgrade_request(f"/ws/aniworld?room={front.queue}", token=front.token(user)))
        assert self.wire.response().status == 101
        self.wire.send(raw.message({"action": "join", "room": "downloads"}))
        self.frames = []
        self.read_to("system_info")

    def read_to(self, kind):
        """Reads on to the next message of this type."""
        while not self.frames or self.frames[-1]["type"] != kind:
            self.read_one()

    def read_one(self):
        self.frames.append(self.wire.next(60.0))

    def shout(self, statuses=STATUSES):
        """Asks for so many, and for a pong. Returns when all of it is said, or when nobody listens any more."""
        self.wire.socket.settimeout(100.0)
        with contextlib.suppress(OSError):
            self.wire.send(raw.message({"action": "status"}) * statuses + raw.message({"action": "ping"}))

    def close(self):
        self.wire.socket.close()


@aniworld.by_all
@compatibility.check("aniworld", 13, 14)
def test_who_does_not_read_delays_nobody_and_is_held_within_bounds(front):
    async def talk():
        async with front.listen() as ada:
            await ada.join("downloads")
            before = memory(front.server)
            deaf = [await in_thread(Deaf, front, f"deaf-{at}") for at in range(2)]
            shouting = [asyncio.create_task(in_thread(one.shout)) for one in deaf]
            await flood(front, [ada])
            assert memory(front.server) - before < MEMORY
            # They are closed, whatever they still say.
            is_alone = lambda: prometheus.metrics(front.server)[CONNECTIONS] == 1  # noqa: E731
            await in_thread(parlour.poll, is_alone, "those who do not read to be closed", 60.0)
            await asyncio.gather(*shouting)
            assert memory(front.server) - before < MEMORY
            await ada.settled()
            for one in deaf:
                one.close()

    front.run(talk, 120.0)


@aniworld.by_websockets
@compatibility.check("aniworld", 13, 14)
def test_who_reads_again_is_told_the_ends_it_missed_once_and_without_a_gap(make_front):
    front = make_front(**PATIENT)

    async def talk():
        async with front.listen() as ada:
            await ada.join("downloads")
            slow = await in_thread(Deaf, front, "slow")
            shouting = asyncio.create_task(in_thread(slow.shout, SOME))
            ids = []
            while not ids or not (await in_thread(prometheus.metrics, front.server))["parlour_rooms_lost_total"]:
                assert len(ids) < 20, "it is not behind"
                ids.append(await flood(front, [ada]))
            # Everything it asked is answered, and then it is told how things are.
            await in_thread(slow.read_to, "pong")
            await shouting
            ends = lambda: [frame["data"]["download_id"] for frame in slow.frames if frame["type"] in ENDS]  # noqa: E731
            while len(ends()) < len(ids):
                await in_thread(slow.read_one)
            slow.wire.say({"action": "ping"})
            await in_thread(slow.read_one)
            await in_thread(slow.read_to, "pong")
            assert ends() == ids
            seen = {}
            for frame in slow.frames:
                judge(frame, seen)
            told = [frame for frame in slow.frames if frame["type"] == "download_progress"]
            assert len(told) <= len(ada.of("download_progress"))
            slow.close()

    front.run(talk, 120.0)
