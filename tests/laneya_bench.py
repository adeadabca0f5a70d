"""How evenly a dungeon ticks for many clients on plain TCP, each of which asks ten times a second. Not a test: it prints.

    cargo xtask bench laneya
    PARLOUR_BIN=target/release/parlour python tests/laneya_bench.py [CLIENTS] [SECONDS] [DEAF]

Prints the intervals between ticks as one client is told of them, how long its own requests took, what a tick costs the server in
CPU time, and whether DEAF clients that never read changed that. All others are another process, which counts bytes.
"""

import json
import multiprocessing
import os
import pathlib
import selectors
import socket
import sys
import tempfile
import time

import laneya
import parlour

DIRECTIONS = ("east", "south", "west", "north")
TICK_S = 0.1
WARM_S = 2.0
"""Until all have come in, and a little longer."""


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


class Line:
    """One client's socket."""

    def __init__(self, port, number, is_deaf=False):
        self.user, self.number, self.is_deaf, self.key = f"p{number}", number, is_deaf, 0
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.unsent, self.received = b"", 0

    def ask(self, now):
        self.key += 1
        move = "move", {"direction": DIRECTIONS[(int(now * 2) + self.number) % 4]}
        action, data = ("get_map", {}) if self.is_deaf else move
        self.unsent += laneya.netstring(laneya.request(self.key, self.user, action, data))
        try:
            self.unsent = self.unsent[self.socket.send(self.unsent):]
        except BlockingIOError:
            pass
        except OSError:
            self.unsent = b""

    def receive(self):
        """What has come, and None once nothing can come any more."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return b""
        except OSError:
            return None
        self.received += len(data)
        return data or None


def play(lines, seconds, hears):
    """Each asks ten times a second, evenly spread; `hears(line, data)` is told of what comes to those that read."""
    selector = selectors.DefaultSelector()
    for line in lines:
        if not line.is_deaf:
            selector.register(line.socket, selectors.EVENT_READ, line)
    begun = time.monotonic()
    turns = [begun + TICK_S * number / len(lines) for number in range(len(lines))]
    while (now := time.monotonic()) < begun + seconds:
        for number, line in enumerate(lines):
            if turns[number] <= now:
                turns[number] = max(turns[number] + TICK_S, now)
                line.ask(now)
        for event, _ in selector.select(0.002):
            data = event.data.receive()
            if data is None:
                selector.unregister(event.data.socket)
            else:
                hears(event.data, data)


def crowd(port, clients, seconds, deaf, told):
    """All but the one that measures."""
    lines = [Line(port, number, number >= clients) for number in range(1, clients + deaf)]
    play(lines, seconds, lambda *_: None)
    told.put(sum(line.received for line in lines))
    for line in lines:
        line.socket.close()


def cpu_s(pid):
    """How long a process has computed."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Watch:
    """What the one that measures is told, and when."""

    def __init__(self, server):
        self.server, self.begun = server, time.monotonic() + WARM_S
        self.buffer, self.last, self.ticks, self.waits, self.asked = b"", 0.0, [], [], {}
        self.cpu = None

    def hears(self, _, data):
        came = time.monotonic()
        if self.cpu is None and came > self.begun:
            self.cpu = cpu_s(self.server.pid)
        self.buffer += data
        while b":" in self.buffer:
            length, rest = self.buffer.split(b":", 1)
            if len(rest) <= int(length):
                return
            message, self.buffer = json.loads(rest[:int(length)]), rest[int(length) + 1:]
            if message["type"] == "response":
                self.waits.append(came - self.asked.pop(message["key"], came))
            elif came - self.last > TICK_S / 2:
                if self.last and self.cpu is not None:
                    self.ticks.append(came - self.last)
                self.last = came

    def tells(self):
        p50, p99, worst = (percentile(self.ticks, part) * 1000 for part in (0.5, 0.99, 1))
        print(f"  between ticks: p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {worst:.1f} ms, of {len(self.ticks)}")
        waits = tuple(percentile(self.waits, part) * 1000 for part in (0.5, 0.99))
        print(f"  requests: p50 {waits[0]:.1f} ms, p99 {waits[1]:.1f} ms, of {len(self.waits)}")
        cost = (cpu_s(self.server.pid) - (self.cpu or 0)) * 1000 / max(1, len(self.ticks))
        print(f"  the server computes {cost:.1f} ms for a tick and all that is asked until the next")


def measure(server, clients, seconds, deaf):
    told = multiprocessing.Queue()
    others = multiprocessing.Process(target=crowd, args=(server.laneya, clients, seconds, deaf, told))
    others.start()
    own, watch = Line(server.laneya, 0), Watch(server)
    ask = own.ask

    def asks(now):
        ask(now)
        watch.asked[own.key] = now

    own.ask = asks
    play([own], seconds, watch.hears)
    received = (told.get() + own.received) / seconds / 1e6
    print(f"{clients} clients, {deaf} that do not read, {seconds} s, {received:.1f} MB/s received")
    watch.tells()
    others.join()


def main(clients=200, seconds=15, deaf=0):
    def make_server(name, **options):
        return parlour.Server(pathlib.Path(folder) / name, **options).start()

    with tempfile.TemporaryDirectory() as folder:
        server = laneya.serve(make_server, "compat")
        try:
            laneya.open_room(server)
            measure(server, clients, seconds, deaf)
        finally:
            server.kill()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
