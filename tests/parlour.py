"""What the front-door tests share: a server as a process, its command line, and a client that shares no code with it.

    def test_a_ping_is_answered(server):
        async def talk():
            async with parlour.Client(server, "ada") as ada:
                assert (await ada.request("ping"))["status"] == "ok"
        parlour.run(talk())
"""

import asyncio
import contextlib
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import time

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

DEADLINE = 10.0
"""How long anything may take unless the test says otherwise, in seconds: far longer than it should."""


def binary():
    """The binary under test."""
    return _program("PARLOUR_BIN")


def lab():
    """The same server with the small rooms of tools/lab."""
    return _program("PARLOUR_LAB")


def _program(variable):
    path = os.environ.get(variable)
    if not path or not os.access(path, os.X_OK):
        raise RuntimeError(f"{variable} must name a binary, but is {path!r}: `cargo xtask front` builds it")
    return path


def environment(**more):
    """Ours, without what would change the server's settings, plus `more`."""
    kept = {name: value for name, value in os.environ.items() if name != "PORT" and not name.startswith("PARLOUR_")}
    return kept | more


def cli(*args, env=None, cwd=None, deadline=30.0, expect=None, program=None):
    """Runs `parlour ARGS...` to its end: the CompletedProcess, output as text. `expect` is the exit code it must have, `program`
    another binary than the one under test."""
    command = [program or binary(), *map(str, args)]
    # A folder without a parlour.toml, or its settings would count.
    done = subprocess.run(
        command, env=environment(**(env or {})), cwd=cwd or "/", capture_output=True, text=True, timeout=deadline, check=False
    )
    if expect is not None:
        assert done.returncode == expect, f"{command[1:]} ended with {done.returncode}, not {expect}\n{done.stdout}{done.stderr}"
    return done


def replay(data, room, *args, expect=0, program=None):
    """What `parlour replay ROOM ARGS... --data DIR` prints: one JSON value a line."""
    done = cli("replay", room, *args, "--data", data, expect=expect, program=program)
    return [json.loads(line) for line in done.stdout.splitlines()]


def draw_seed():
    """A random number for a test's own dice, printed; `SEED=n` in the environment repeats it."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    print(f"SEED={seed}")
    return seed


def run(talk, deadline=60.0):
    """Runs a coroutine to its end."""

    async def within():
        async with asyncio.timeout(deadline):
            return await talk

    return asyncio.run(within())


def poll(condition, what, deadline=DEADLINE):
    """Waits until `condition()` is true, and returns what it gave. Not for use in a coroutine."""
    end = time.monotonic() + deadline
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {deadline} s for {what}"
        time.sleep(0.002)
    return value


def free_port():
    """A loopback port nobody has. Below the ephemeral ones, so that no client gets it while its server restarts."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.SystemRandom().randrange(20_000, 32_000)))
            return probe.getsockname()[1]


UNLIMITED = {f"PARLOUR_LIMITS__{name}": "1000000" for name in (
    "CONNECTION_TOKENS", "USER_TOKENS", "ADDRESS_TOKENS", "OPENING_TOKENS", "ADDRESS_OPENING_TOKENS", "STRIKES")}
"""For servers that are asked more than anybody should: how much that is, is for test_limits.py to say."""


class Response:
    """An HTTP answer: `status`, `headers` (names in lower case), `body` (bytes), `json()`."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class Server:
    """A server process on `folder`/data. `start`, `kill` and `stop` may follow each other; the port stays.

    `verb` is serve or demo, `args` more of its flags, `env` more environment, `prefix` a command to run it under (strace ...),
    `program` another binary than the one under test: `lab()`.
    """

    def __init__(self, folder, *, verb="serve", args=(), env=None, prefix=(), program=None):
        self.folder = pathlib.Path(folder)
        self.program = program or binary()
        self.data = self.folder / "data"
        self.verb, self.args, self.env, self.prefix = verb, args, env or {}, prefix
        self.host, self.port = "127.0.0.1", free_port()
        self.process = None
        self.tokens = {}

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    @property
    def ws_url(self):
        return f"ws://{self.host}:{self.port}/v1/ws"

    @property
    def out(self):
        """All it ever said on stdout."""
        return (self.folder / "out").read_text()

    @property
    def err(self):
        """All it ever said on stderr."""
        return (self.folder / "err").read_text()

    @property
    def pid(self):
        """The server's own process, also under a prefix."""
        if not self.prefix:
            return self.process.pid
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(poll(lambda: children.read_text().split(), "the server under its prefix")[0])

    def start(self, deadline=DEADLINE):
        """Starts it and waits until /readyz says 200 and it has said what to type next, the last of its first words."""
        assert self.process is None, "it runs already"
        self.folder.mkdir(parents=True, exist_ok=True)
        invitations = self.out.count("  try:  ") if (self.folder / "out").exists() else 0
        command = [*self.prefix, self.program, self.verb, "--listen", f"{self.host}:{self.port}", "--data", self.data, *self.args]
        with open(self.folder / "out", "ab") as out, open(self.folder / "err", "ab") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err, cwd=self.folder, env=environment(**self.env))
        poll(self.is_ready, "the server to be ready", deadline)
        poll(lambda: self.out.count("  try:  ") > invitations, "the server's first words", deadline)
        return self

    def is_ready(self):
        code = self.process.poll()
        assert code is None, f"the server ended with {code} instead of starting:\n{self.err}"
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.http("GET", "/readyz", deadline=1.0).status == 200
        return False

    def kill(self):
        """SIGKILL, if it runs; returns when it is gone."""
        if self.process is None:
            return
        if self.prefix:
            with contextlib.suppress(ProcessLookupError, AssertionError, OSError):
                os.kill(self.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self._wait(DEADLINE)

    def stop(self, deadline=DEADLINE):
        """SIGTERM; returns the exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self._wait(deadline)

    def _wait(self, deadline):
        try:
            code = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(deadline)
            raise
        finally:
            self.process = None
        return code

    def token(self, sub, role=None, *, ttl=None, name=None):
        """A token as `parlour token mint` makes it; the same for the same arguments."""
        key = (sub, role, ttl, name)
        if key not in self.tokens:
            flags = [("--role", role), ("--ttl", ttl), ("--name", name)]
            more = [str(part) for flag in flags if flag[1] is not None for part in flag]
            done = cli("token", "mint", "--sub", sub, *more, "--data", self.data, env=self.env, expect=0)
            self.tokens[key] = done.stdout.strip()
        return self.tokens[key]

    def http(self, method, path, body=None, token=None, headers=None, deadline=DEADLINE, source=None):
        """One HTTP request. `body`: bytes or str as they are, else as JSON. `source` is the address of this machine that it comes
        from. Blocks: in a coroutine use asyncio.to_thread."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=deadline, source_address=source and (source, 0))
        sent = dict(headers or {})
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            sent.setdefault("content-type", "application/json")
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()


def payload_of(frame):
    """A copy of a frame's payload that nobody else changes."""
    return json.loads(json.dumps(frame["payload"]))


def patched(document, ops):
    """The document after these operations of RFC 6902. What they name must be there."""
    for op in ops:
        assert set(op) == ({"op", "path"} if op["op"] == "remove" else {"op", "path", "value"}), op
        if op["path"] == "":
            assert op["op"] != "remove", op
            document = op["value"]
            continue
        *way, last = [token.replace("~1", "/").replace("~0", "~") for token in op["path"].split("/")[1:]]
        place = document
        for token in way:
            place = place[int(token) if isinstance(place, list) else token]
        if isinstance(place, list):
            at = int(last)
            assert 0 <= at < len(place) + (op["op"] == "add"), op
            if op["op"] == "add":
                place.insert(at, op["value"])
                continue
        else:
            at = last
            assert op["op"] == "add" or at in place, op
        if op["op"] == "remove":
            del place[at]
        else:
            place[at] = op["value"]
    return document


class Lost(Exception):
    """The connection ended before the answer came."""


class Refused(Exception):
    """An answer with status error: `payload` is the ack's."""

    def __init__(self, payload):
        super().__init__(json.dumps(payload))
        self.payload = payload
        self.code, self.kind = payload.get("code"), payload.get("kind")


class Client:
    """One user's connection. `connect` may follow `drop` or a lost connection; frames and positions stay.

    `frames`: every frame of every connection, parsed, in order; `texts`: the same as they came. `heard`: for each room how far
    the user has heard, [life, n, m], from the events and views that arrived. `views`: for each room [p, view], the last whole
    view with every patch since. `closed`: (code, reason) when the connection has ended.
    """

    def __init__(self, server, user, *, token=None, role=None):
        self.server, self.user = server, user
        self.token = token if token is not None else server.token(user, role)
        self.frames, self.texts, self.heard, self.views = [], [], {}, {}
        self.broken = None
        """What a frame did that no frame may do: a patch that fits no view."""
        self.socket = self.reader = self.closed = None
        self.refs = 0
        self.waiting = {}
        self.news = asyncio.Condition()

    async def __aenter__(self):
        return await self.connect()

    async def __aexit__(self, *_):
        await self.drop()

    async def connect(self, **options):
        """Connects with the token as Bearer, waits for `connected`. `options` go to websockets.connect."""
        start = len(self.frames)
        headers = options.pop("additional_headers", {"Authorization": f"Bearer {self.token}"})
        settings = {"ping_interval": None, "max_size": None, "open_timeout": DEADLINE} | options
        self.socket = await connect(self.server.ws_url, additional_headers=headers, **settings)
        self.closed = None
        self.reader = asyncio.create_task(self._read(self.socket))
        await self.until(lambda frame: frame["type"] == "connected", "connected", start=start)
        return self

    async def drop(self):
        """Closes the connection, if there is one, in good order."""
        if self.socket is not None:
            await self.socket.close()
            await self.reader
            self.socket = None
        assert self.broken is None, self.broken

    async def _read(self, source):
        try:
            async for text in source:
                await self._take(text)
        except ConnectionClosed:
            pass
        self.closed = (source.close_code, source.close_reason)
        for answer in self.waiting.values():
            if not answer.done():
                answer.set_exception(Lost(f"closed with {self.closed}"))
                answer.exception()  # Nobody may be waiting for it any more.
        self.waiting.clear()
        async with self.news:
            self.news.notify_all()

    async def _take(self, text):
        frame = json.loads(text)
        payload, room = frame.get("payload") or {}, frame.get("room")
        if frame["type"] == "view":
            life, *numbers = frame["at"].split(".")
            self.heard[room] = [life, *(int(number) for number in numbers)]
            self.views[room] = [frame["p"], payload_of(frame)]
        elif frame["type"] == "patch":
            self._patch(room, frame)
        elif room is not None and room in self.heard and "n" in frame:
            self.heard[room][1] = frame["n"]
        elif room is not None and room in self.heard and "m" in frame:
            self.heard[room][2] = frame["m"]
        async with self.news:
            self.texts.append(text)
            self.frames.append(frame)
            answer = self.waiting.pop(payload.get("ref"), None) if frame["type"] == "ack" else None
            if answer is not None and not answer.done():
                answer.set_result(payload)
            self.news.notify_all()

    def _patch(self, room, frame):
        p, view = self.views.get(room, (None, None))
        try:
            assert p is not None and frame["p"] == p + 1, f"a patch to {frame['p']} after {p}: {frame}"
            self.views[room] = [p + 1, patched(view, frame["payload"]["ops"])]
        except (AssertionError, LookupError, TypeError, ValueError) as error:
            self.broken = self.broken or f"{self.user} in {room}: {error!r} of {frame}"

    def view(self, room):
        """The room as the user sees it now: the last whole view with every patch since."""
        return self.views[room][1]

    async def until(self, matches, what, *, start=0, deadline=DEADLINE):
        """The first frame from `frames[start]` on for which `matches(frame)`; waits for it."""
        at = start
        try:
            async with asyncio.timeout(deadline), self.news:
                while True:
                    assert self.broken is None, self.broken
                    while at < len(self.frames):
                        at += 1
                        if matches(self.frames[at - 1]):
                            return self.frames[at - 1]
                    if self.closed:
                        raise Lost(f"closed with {self.closed} while waiting for {what}")
                    await self.news.wait()
        except TimeoutError:
            raise AssertionError(f"waited {deadline} s for {what}; since then: {self.frames[start:]}") from None

    async def until_closed(self, deadline=DEADLINE):
        """Waits until the connection has ended; (code, reason)."""
        async with asyncio.timeout(deadline), self.news:
            await self.news.wait_for(lambda: self.closed is not None)
        return self.closed

    async def send(self, frame):
        """Sends a frame as it is: str as text, bytes as binary, anything else as JSON text."""
        await self.socket.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))

    async def post(self, kind, payload=None, **fields):
        """Sends a request and does not wait: a future of its ack's payload; it may become `Lost`. `fields`: room, id, ref, v."""
        self.refs += 1
        frame = {"v": 1, "type": kind, "ref": f"{self.user}-{self.refs}"} | fields
        if payload is not None:
            frame["payload"] = payload
        answer = self.waiting[frame["ref"]] = asyncio.get_running_loop().create_future()
        try:
            await self.send(frame)
        except ConnectionClosed as error:
            self.waiting.pop(frame["ref"], None)
            raise Lost(str(error)) from None
        return answer

    async def request(self, kind, payload=None, *, deadline=DEADLINE, **fields):
        """Sends a request and waits for its ack: its payload, or `Refused` where its status is error."""
        answer = await self.post(kind, payload, **fields)
        try:
            said = await asyncio.wait_for(answer, deadline)
        except TimeoutError:
            raise AssertionError(f"waited {deadline} s for the answer to {kind} {payload} {fields}") from None
        if said["status"] != "ok":
            raise Refused(said)
        return said

    async def open(self, kind, room=None, config=None, **fields):
        """open_room; the ack."""
        given = {"kind": kind, "room_id": room, "config": config}
        return await self.request("open_room", {key: value for key, value in given.items() if value is not None}, **fields)

    async def join(self, room, **payload):
        """join_room, with `as_`, `seat`, `nonce`, `after` if given; the ack. A view follows it: `until` it if you need it."""
        if "as_" in payload:
            payload["as"] = payload.pop("as_")
        return await self.request("join_room", {"room_id": room} | payload)

    def after(self, room):
        """How far the user has heard in a room, as `join` wants it; None before the first view."""
        heard = self.heard.get(room)
        return ".".join(map(str, heard)) if heard else None

    async def legal(self, room):
        """The actions the user may do now."""
        return (await self.request("legal", room=room))["actions"]

    async def act(self, room, action, **fields):
        """An action; the ack (`at`, `dup`), or `Refused`."""
        return await self.request("action", action, room=room, **fields)

    def of_room(self, room, *kinds):
        """The frames about a room (events, views and patches), all or only of these types."""
        return [frame for frame in self.frames if frame.get("room") == room and (not kinds or frame["type"] in kinds)]
