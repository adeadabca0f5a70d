"""What the tests of the dialect aniworld share: what its checks mean, servers in both modes, queues of their own, and listeners.

    @compatibility.check("aniworld", 2)
    def test_a_ping_is_answered(front):
        async def talk():
            async with front.listen() as ada:
                assert (await ada.ask("ping"))["type"] == "pong"
        parlour.run(talk())
"""

import asyncio
import contextlib
import datetime
import json
import uuid

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

import fetch_server
import parlour
import tokens
from parlour import DEADLINE

CHECKS = {
    1: "who comes is greeted first, with a time; where a token is asked for, none, a bad and an expired one are refused",
    2: "a ping is answered by a pong",
    3: "joining is answered once, in both forms; only who has joined is told of progress",
    4: "everything said has the envelope, a type of the twenty and a time; what is of a download has its key",
    5: "percent does not go back; a download ends once, and nothing follows",
    6: "who joins late is shown what runs, and then all that follows, without a gap",
    7: "who leaves hears no more; joining and leaving twice change nothing; who is gone is in no room",
    8: "what is no message, or of no room, is answered by an error with its code, and the connection stays usable",
    9: "the counts of the queue are those of an HTTP request, and of the list",
    10: "pausing, resuming, stopping and removing midway are told; while paused nothing progresses",
    11: "a scan ends once, also one that is stopped or fails, and is never further than its whole",
    12: "a download that was under way when the server was killed is resumed, or has failed",
    13: "of a thousand updates a second few are told, but the last, and the end",
    14: "who does not read delays nobody, and does not make the server grow",
    15: "two downloads with one key are told apart",
    16: "no path and no address is told to who may not know it",
    17: "what is added twice by one client's id is one download",
    18: "each of the twenty types is said, with all its keys; each HTTP request is answered, its errors by a detail",
}

OF_A_DOWNLOAD = {"download_id", "key", "folder", "seq"}
KEYS = {
    "connected": {"connection_id", "message", "rooms"},
    "ping": set(),
    "pong": set(),
    "download_progress": OF_A_DOWNLOAD
    | {"id", "status", "percent", "current", "total", "bytes_done", "bytes_total", "speed_mbps", "eta_seconds"},
    "download_complete": OF_A_DOWNLOAD | {"file_path", "bytes_total", "sha256"},
    "download_failed": OF_A_DOWNLOAD | {"error_message", "code"},
    "download_added": OF_A_DOWNLOAD | {"position", "client_id"},
    "download_removed": OF_A_DOWNLOAD,
    "queue_status": {"active", "pending", "completed", "paused", "failed", "cancelled", "total", "state", "seq"},
    "queue_started": {"state", "seq"},
    "queue_stopped": {"state", "seq"},
    "queue_paused": {"state", "seq"},
    "queue_resumed": {"state", "seq"},
    "scan_progress": {"current", "total", "percent", "status", "seq"},
    "scan_complete": {"series_found", "files_found", "duration", "seq"},
    "scan_failed": {"error_message", "code", "seq"},
    "system_info": {"message"},
    "system_warning": {"message", "severity", "details", "seq"},
    "system_error": {"message", "severity", "details", "seq"},
    "error": {"code", "message", "action", "room"},
}
"""The twenty types, and which keys the data of each has at least."""

ENDS = ("download_complete", "download_failed", "download_removed")
SETTINGS = parlour.UNLIMITED | {
    "PARLOUR_DOWNLOADS__ALLOW_PRIVATE": "true",
    "PARLOUR_LIMITS__ANIWORLD_PING_MS": "200",
    "PARLOUR_AUTH__TOKEN_IN_QUERY": "true",
}


def judge(frame, seen):
    """Whether this is what the server may say. `seen`: of each download how it stands, for one listener."""
    assert set(frame) == {"type", "timestamp", "data"} and isinstance(frame["data"], dict), frame
    kind, data = frame["type"], frame["data"]
    assert KEYS[kind] <= set(data), frame
    at = datetime.datetime.fromisoformat(frame["timestamp"])
    assert at.utcoffset() == datetime.timedelta(0) and at.isoformat() == frame["timestamp"], frame
    if kind == "download_progress":
        download = seen.setdefault(data["download_id"], {"percent": 0, "is_over": False})
        assert not download["is_over"], f"{frame} after the end"
        if data["percent"] is not None:
            assert download["percent"] <= data["percent"] <= 100, (download, frame)
            download["percent"] = data["percent"]
        assert data["id"] == data["download_id"] and data["current"] == data["bytes_done"]
        assert data["speed_mbps"] is None or data["speed_mbps"] >= 0
    elif kind in ("download_complete", "download_failed"):
        download = seen.setdefault(data["download_id"], {"percent": 0, "is_over": False})
        assert not download["is_over"], f"{frame} after the end"
        download["is_over"] = True
    elif kind == "scan_progress":
        assert 0 <= data["current"] <= data["total"] and 0 <= data["percent"] <= 100, frame
    if kind.startswith("download_"):
        assert isinstance(data["key"], str) and data["key"], frame


class Front:
    """A server in one mode."""

    def __init__(self, server, mode, files):
        self.server, self.mode, self.files = server, mode, files
        self.queue = None

    def token(self, user="ada", **claims):
        return tokens.good(self.server, user, **claims)

    def open(self, **config):
        """Another queue than any before, which what follows is about; its name."""
        self.queue = f"queue-{uuid.uuid4().hex[:12]}"
        body = {"kind": "downloads", "id": self.queue, "config": config}
        answer = self.server.http("POST", "/v1/rooms", body, token=self.token("root", role="admin"))
        assert answer.status == 201, answer
        return self.queue

    def rest(self, method, path, body=None, *, user="ada", expect=None):
        """An HTTP request about the queue; its answer as JSON. `user`: None shows no token."""
        where = f"{path}?room={self.queue}" if self.queue else path
        answer = self.server.http(method, where, body, token=user and self.token(user), deadline=30.0)
        expect = (200, 201) if expect is None else (expect,)
        assert answer.status in expect, (method, path, body, answer)
        return answer.json()

    def add(self, url, key="show", **more):
        """Adds a download; its id."""
        return self.rest("POST", "/api/queue/add", {"url": url, "key": key} | more, expect=201)["download_id"]

    def status(self, **more):
        return self.rest("GET", "/api/queue/status", **more)

    def listen(self, user="ada", **options):
        """A listener, who shows a token, unless `user` is None."""
        return Listener(self, user, **options)


class Listener:
    """A client. `frames`: all it was told, in order, each held against what may be told."""

    def __init__(self, front, user="ada", *, path="/ws/aniworld", token=None, by="header", judged=True, **options):
        self.front, self.by, self.options = front, by, options
        self.token = token or (user and front.token(user))
        query = [f"room={front.queue}"] if front.queue else []
        if by == "query" and self.token:
            query.append(f"token={self.token}")
        self.url = f"ws://{front.server.host}:{front.server.port}{path}" + ("?" + "&".join(query) if query else "")
        self.judged, self.frames, self.texts, self.seen, self.faults = judged, [], [], {}, []
        self.news, self.closed = asyncio.Condition(), None

    async def __aenter__(self):
        headers = {"Authorization": f"Bearer {self.token}"} if self.by == "header" and self.token else {}
        self.socket = await connect(
            self.url, additional_headers=headers, open_timeout=DEADLINE, ping_interval=None, max_size=None, **self.options
        )
        self.reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_):
        await self.socket.close()
        await self.reader
        assert not self.faults, self.faults
        seqs = [frame["data"]["seq"] for frame in self.frames if "seq" in frame["data"]]
        assert seqs == list(range(1, len(seqs) + 1)), seqs

    async def _read(self):
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                frame = json.loads(text)
                try:
                    judge(frame, self.seen)
                except (AssertionError, KeyError, ValueError) as fault:
                    self.faults += [fault] if self.judged else []
                async with self.news:
                    self.texts.append(text)
                    self.frames.append(frame)
                    self.news.notify_all()
        async with self.news:
            self.closed = (self.socket.close_code, self.socket.close_reason)
            self.news.notify_all()

    async def until(self, kind, where=lambda data: True, *, start=0, deadline=DEADLINE):
        """The data of the first message of this type from `start` on for which it holds."""
        found = None

        def is_there():
            nonlocal found
            found = next((f["data"] for f in self.frames[start:] if f["type"] == kind and where(f["data"])), None)
            return found is not None or self.closed

        async with self.news:
            try:
                await asyncio.wait_for(self.news.wait_for(is_there), deadline)
            except TimeoutError:
                raise AssertionError(f"no {kind}; there were {[frame for frame in self.frames[-20:]]}") from None
        assert found is not None, f"no {kind} before {self.closed}; there were {self.frames[-20:]}"
        return found

    def of(self, *kinds, start=0):
        """The data of the messages of these types, or of all but pings."""
        kept = [frame for frame in self.frames[start:] if frame["type"] != "ping"]
        return [frame["data"] for frame in kept if frame["type"] in kinds] if kinds else kept

    @property
    def mark(self):
        """How much was heard until now."""
        return len(self.frames)

    async def say(self, message):
        await self.socket.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    async def ask(self, action, **fields):
        """Says something and returns its one answer: a message."""
        return await self.answer({"action": action} | fields)

    async def answer(self, message):
        """The same of any message, which may be junk. Nothing that rooms tell is an answer."""
        start = self.mark
        await self.say(message)
        found = []

        def is_answer(frame):
            return frame["type"] in ("pong", "error") or frame["type"] == "system_info" and "seq" not in frame["data"]

        def is_there():
            found[:] = [frame for frame in self.frames[start:] if is_answer(frame)]
            return found or self.closed

        async with self.news:
            await asyncio.wait_for(self.news.wait_for(is_there), DEADLINE)
        assert found, self.closed
        return found[0]

    async def join(self, *rooms):
        for room in rooms:
            answer = await self.ask("join", data={"room": room})
            assert answer["type"] == "system_info" and answer["data"]["room"] == room, answer

    async def settled(self):
        """Waits until all that was said before is answered."""
        assert (await self.ask("ping"))["type"] == "pong"

    async def until_end(self, download, *, start=0, deadline=30.0):
        """The message with which a download ended."""
        is_it = lambda frame: frame["type"] in ENDS and frame["data"]["download_id"] == download
        async with self.news:
            await asyncio.wait_for(
                self.news.wait_for(lambda: any(map(is_it, self.frames[start:])) or self.closed), deadline
            )
        return next(frame for frame in self.frames[start:] if is_it(frame))


@pytest.fixture(scope="session")
def aniworld_files():
    with fetch_server.Files() as files:
        yield files


@pytest.fixture(scope="session")
def aniworld_server(mode, tmp_path_factory):
    args = ["--compat"] if mode == "compat" else []
    server = parlour.Server(tmp_path_factory.mktemp("aniworld") / mode, args=args, env=SETTINGS).start()
    yield server
    server.kill()


@pytest.fixture
def aniworld_front(mode, aniworld_server, aniworld_files):
    """A server in this mode, and a queue on it that nobody else uses."""
    front = Front(aniworld_server, mode, aniworld_files)
    front.open()
    return front
