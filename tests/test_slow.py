"""A client that does not read: nobody else waits for it, and when it reads again one view stands for all it was not sent."""

import asyncio

import parlour
import prometheus
from raw import Ended, Wire

LINES = 200
"""At most so many are written until a reader that stalls is behind: more than the system keeps for a connection."""
LINE_BYTES = 60_000
SOCKETS = 'parlour_connections{transport="websocket"}'


def stalled(server, user):
    """A connection that follows the pad and reads nothing more."""
    wire = Wire.greeted(server, server.token(user))
    joined = wire.ask({"type": "join_room", "ref": "j", "payload": {"room_id": "p", "as": "spectator"}})
    assert joined["status"] == "ok", joined
    return wire


async def write(ada, ben, number):
    """A line on the pad, which another hears at once."""
    start = len(ben.frames)
    await ada.act("p", {"type": "write", "text": f"{number} {number:0{LINE_BYTES}}"})
    await ben.until(lambda frame: frame["type"] == "written", f"line {number}", start=start)


async def write_until_lost(server, ada, ben):
    """Lines until somebody lost track, and some more; how many."""
    for number in range(LINES):
        await write(ada, ben, number)
        if (await asyncio.to_thread(prometheus.metrics, server))["parlour_rooms_lost_total"] == 1:
            break
    else:
        raise AssertionError(f"after {LINES} lines nobody is behind")
    for more in range(number + 1, number + 6):
        await write(ada, ben, more)
    return number + 6


def test_who_reads_again_gets_one_view_and_goes_on_without_a_gap(make_server):
    server = make_server(program=parlour.lab())

    async def talk():
        async with parlour.Client(server, "ada") as ada, parlour.Client(server, "ben") as ben:
            await ada.open("pad", "p")
            await ada.join("p")
            await ben.join("p", as_="spectator")
            slow = await asyncio.to_thread(stalled, server, "slow")
            lines = await write_until_lost(server, ada, ben)
            view, before = await asyncio.to_thread(until_word, slow)
            n = int(view["at"].split(".")[1])
            assert before < n, "something was lost"
            assert view["payload"]["lines"] == lines and view["at"] == ben.after("p")
            await write(ada, ben, lines)
            written = await asyncio.to_thread(slow.next_of, "written")
            assert written["n"] == n + 1
            answer = await asyncio.to_thread(slow.ask, {"type": "ping", "ref": "p"})
            assert answer["status"] == "ok"
            slow.socket.close()

    parlour.run(talk())


def until_word(slow):
    """Reads on: every number follows the one before it, until a view says that some were left out. That view, and the last
    number before it."""
    last = None
    while "resumed" not in (said := slow.next()):
        if "n" in said:
            assert last is None or said["n"] == last + 1, f"{said['n']} after {last}"
            last = said["n"]
    assert (said["type"], said["resumed"]) == ("view", {"kind": "view"})
    return said, last


def test_who_never_reads_is_closed_and_the_others_stay(make_server):
    server = make_server(program=parlour.lab(), env={"PARLOUR_LIMITS__BEHIND_MS": "500"})

    async def talk():
        async with parlour.Client(server, "ada") as ada, parlour.Client(server, "ben") as ben:
            await ada.open("pad", "p")
            await ada.join("p")
            await ben.join("p", as_="spectator")
            slow = await asyncio.to_thread(stalled, server, "slow")
            lines = await write_until_lost(server, ada, ben)
            connections = lambda: prometheus.metrics(server)[SOCKETS]  # noqa: E731
            await asyncio.to_thread(parlour.poll, lambda: connections() == 2, "the connection that reads nothing to be closed")
            await write(ada, ben, lines)
            ended = await asyncio.to_thread(until_ended, slow)
            assert ended.code in (None, 1008), ended
            slow.socket.close()

    parlour.run(talk())


def until_ended(slow):
    while True:
        try:
            slow.next()
        except Ended as ended:
            return ended
