"""How evenly a dungeon ticks for many clients on plain TCP, each of which asks ten times a second. Not a test: it prints.

    PARLOUR_BIN=target/release/parlour python tests/laneya_bench.py [CLIENTS] [SECONDS] [DEAF]

Prints the intervals between ticks as one client is told of them, how long its own requests took, and whether DEAF clients that
never read changed that. Of the others it only counts bytes.
"""

import json
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


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


class Line:
    """One client's socket."""

    def __init__(self, server, number, is_deaf):
        self.user, self.is_deaf, self.key = f"p{number}", is_deaf, 0
        self.socket = socket.create_connection(("127.0.0.1", server.laneya))
        self.socket.setblocking(False)
        self.unsent, self.received = b"", 0

    def ask(self, action, data):
        self.key += 1
        self.unsent += laneya.netstring(laneya.request(self.key, self.user, action, data))
        self.send()

    def send(self):
        try:
            self.unsent = self.unsent[self.socket.send(self.unsent):]
        except BlockingIOError:
            pass
        except OSError:
            self.unsent = b""


def measure(server, clients, seconds, deaf):
    lines = [Line(server, number, number >= clients) for number in range(clients + deaf)]
    selector = selectors.DefaultSelector()
    for line in lines[:clients]:
        selector.register(line.socket, selectors.EVENT_READ, line)
    begun = time.monotonic()
    turns = [begun + TICK_S * number / len(lines) for number in range(len(lines))]
    asked, waits, ticks, last, first = {}, [], [], 0.0, lines[0]
    buffer = b""
    while (now := time.monotonic()) < begun + seconds:
        for number, line in enumerate(lines):
            if turns[number] <= now:
                turns[number] = max(turns[number] + TICK_S, now)
                step = int((now - begun) * 2) + number
                action = ("get_map", {}) if line.is_deaf else ("move", {"direction": DIRECTIONS[step % 4]})
                line.ask(*action)
                if line is first:
                    asked[line.key] = now
        for event, _ in selector.select(0.005):
            try:
                data = event.data.socket.recv(1 << 18)
            except BlockingIOError:
                continue
            event.data.received += len(data)
            if not data:
                selector.unregister(event.data.socket)
            if event.data is first:
                came = time.monotonic()
                buffer += data
                while b":" in buffer:
                    length, rest = buffer.split(b":", 1)
                    if len(rest) <= int(length):
                        break
                    message, buffer = json.loads(rest[:int(length)]), rest[int(length) + 1:]
                    if message["type"] == "response":
                        waits.append(came - asked.pop(message["key"], came))
                    elif came - last > TICK_S / 2:
                        if last and came > begun + 2:
                            ticks.append(came - last)
                        last = came
    received = sum(line.received for line in lines) / seconds / 1e6
    for line in lines:
        line.socket.close()
    print(f"{clients} clients, {deaf} that do not read, {seconds} s, {received:.1f} MB/s received")
    p50, p99 = (percentile(ticks, part) * 1000 for part in (0.5, 0.99))
    print(f"  between ticks: p50 {p50:.1f} ms, p99 {p99:.1f} ms, of {len(ticks)}")
    print(f"  requests: p50 {percentile(waits, .5) * 1000:.1f} ms, p99 {percentile(waits, .99) * 1000:.1f} ms, of {len(waits)}")


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
