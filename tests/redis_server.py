"""A redis-server of a test's own, and what lies in it, read by a client that speaks the protocol itself."""

import pathlib
import socket
import subprocess

import parlour


class Redis:
    """A process on `folder` that keeps nothing on disk. `start` and `kill` may follow each other; the port stays."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = parlour.free_port()
        self.process = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        """Starts it, empty, and waits until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                   "--dir", str(self.folder)]
        with open(self.folder / "out", "ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        parlour.poll(self._answers, "redis-server")
        return self

    def kill(self):
        """SIGKILL, if it runs; returns when it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self):
        assert self.process.poll() is None, (self.folder / "out").read_text()
        try:
            return self("PING") == "PONG"
        except OSError:
            return False

    def __call__(self, *words):
        """One command on a connection of its own, and its answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=parlour.DEADLINE) as link:
            parts = [str(word).encode() for word in words]
            link.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
            with link.makefile("rb") as answer:
                return _read(answer)

    def keys(self):
        """Every key, in order."""
        return sorted(self("KEYS", "*"))

    def hash(self, key):
        """A hash as a dict."""
        flat = self("HGETALL", key)
        return dict(zip(flat[::2], flat[1::2]))

    def members(self, key):
        """A set."""
        return set(self("SMEMBERS", key))


def _read(answer):
    line = answer.readline()
    kind, rest = line[:1], line[1:-2].decode()
    if kind == b"+":
        return rest
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if rest == "-1" else answer.read(int(rest) + 2)[:-2].decode()
    if kind == b"*":
        return [_read(answer) for _ in range(int(rest))]
    raise RuntimeError(f"redis says {line!r}")
