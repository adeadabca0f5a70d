"""Clients of the dialect laneya: netstrings over plain TCP, sharing no code with the server.

`Peer` sends and reads frames, and checks of each that it is a response or an update. `Original` does what the original client
does: it knows the action `position` alone, and its validators drop the connection on any field that they do not know.
"""

import asyncio
import itertools
import json

import parlour

ROOM = "dungeon-default"
DEADLINE = parlour.DEADLINE
STATUSES = ("success", "invalid", "illegal", "internal")
WALLED = {"seats": 256, "monsters": 0, "items": 0, "sight": "open"}
"""A dungeon in which nothing moves but those who play, and everybody sees all of their level."""


def netstring(payload):
    """A frame: bytes as they are, text as UTF-8, anything else as JSON."""
    if not isinstance(payload, (bytes, str)):
        payload = json.dumps(payload)
    if isinstance(payload, str):
        payload = payload.encode()
    return b"%d:%s," % (len(payload), payload)


def request(key, user, action, data=None):
    return {"type": "request", "key": key, "user": user, "action": action, "data": data or {}}


def serve(make_server, mode="strict", name=None, env=None, **options):
    """A server that speaks laneya, on the port `laneya` of it. Where somebody else was faster to take that, on another."""
    for attempt in range(5):
        port = parlour.free_port()
        args = ["--laneya", f"127.0.0.1:{port}", *(["--compat"] if mode == "compat" else [])]
        try:
            server = make_server(f"{name or mode}-{attempt}", args=args, env=parlour.UNLIMITED | (env or {}), **options)
        except AssertionError as failure:
            if "is in use" not in str(failure) or attempt == 4:
                raise
            continue
        server.laneya, server.mode = port, mode
        return server


def open_room(server, room=ROOM, **config):
    """Opens a dungeon, as whoever runs the server does."""
    body = {"kind": "dungeon", "id": room, "config": WALLED | config}
    answer = server.http("POST", "/v1/rooms", body, token=server.token("keeper", role="admin"))
    assert answer.status == 201, answer
    return room


class Ended(Exception):
    """The connection is over."""


class Peer:
    """One connection. `said` is every message of the server, in order; `raw` the same as bytes. `user` is who it says it is.

    In strict mode it says hello first, unless `hello` is False; in compat only if `hello` is True.
    """

    def __init__(self, server, user, *, hello=None, room=None, session=None):
        self.server, self.user, self.room, self.session = server, user, room, session
        self.hello = server.mode == "strict" if hello is None else hello
        self.keys = itertools.count(1)
        self.said, self.raw, self.begun, self.buffer = [], [], False, b""
        self.is_over = False
        self.news = asyncio.Condition()
        self.reader = self.writer = self.task = None

    async def __aenter__(self):
        return await self.connect()

    async def __aexit__(self, *_):
        await self.drop()

    async def connect(self, **more):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.server.laneya)
        self.is_over, self.buffer = False, b""
        self.task = asyncio.create_task(self._read())
        if self.hello:
            self.greeting = await self.say_hello(**more)
        return self

    async def say_hello(self, expect="success", **more):
        data = {"v": 1} | more
        if self.server.mode == "strict":
            data.setdefault("token", self.server.token(self.user))
        for name in ("room", "session"):
            if getattr(self, name) is not None:
                data.setdefault(name, getattr(self, name))
        return await self.ask("hello", data, expect=expect)

    async def drop(self):
        if self.writer is not None:
            self.writer.close()
            await self.task
            self.writer = None

    async def _read(self):
        try:
            while data := await self.reader.read(1 << 16):
                self.buffer += data
                async with self.news:
                    for payload in self._frames():
                        self.raw.append(payload)
                        self.said.append(self.take(json.loads(payload)))
                    self.news.notify_all()
        except ConnectionError:
            pass
        self.is_over = True
        async with self.news:
            self.news.notify_all()

    def _frames(self):
        while b":" in self.buffer:
            length, rest = self.buffer.split(b":", 1)
            assert length.isdigit() and len(length) <= 9 and (length == b"0" or length[:1] != b"0"), length
            if len(rest) <= int(length):
                return
            assert rest[int(length):int(length) + 1] == b",", rest
            yield rest[:int(length)]
            self.buffer = rest[int(length) + 1:]

    def take(self, message):
        if message["type"] == "response":
            assert set(message) == {"type", "key", "status", "data"}, message
            assert message["status"] in STATUSES and isinstance(message["data"], dict), message
        else:
            assert set(message) == {"type", "action", "data"} and message["type"] == "update", message
            assert isinstance(message["action"], str) and isinstance(message["data"], dict), message
        return message

    async def send(self, payload):
        self.writer.write(netstring(payload))
        await self.writer.drain()

    async def write(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def until(self, matches, what, start=0, deadline=DEADLINE):
        """The first message from `said[start]` on that matches."""
        at = start
        try:
            async with asyncio.timeout(deadline), self.news:
                while True:
                    while at < len(self.said):
                        at += 1
                        if matches(self.said[at - 1]):
                            return self.said[at - 1]
                    if self.is_over:
                        raise Ended(what)
                    await self.news.wait()
        except TimeoutError:
            raise AssertionError(f"{self.user} waited {deadline} s for {what}; since then {self.said[start:][-20:]}") from None

    async def until_over(self, deadline=DEADLINE):
        async with asyncio.timeout(deadline), self.news:
            await self.news.wait_for(lambda: self.is_over)

    async def response(self, key, start=0, deadline=DEADLINE):
        is_it = lambda said: said["type"] == "response" and said["key"] == key and type(said["key"]) is type(key)
        return await self.until(is_it, f"the response to {key}", start, deadline)

    async def ask(self, action, data=None, *, key=None, user=None, expect="success", deadline=DEADLINE):
        """Asks and waits; the data of the response, which must have this status."""
        start, key = len(self.said), next(self.keys) if key is None else key
        await self.send(request(key, user or self.user, action, data))
        answer = await self.response(key, start, deadline)
        assert answer["status"] == expect, (action, data, answer)
        return answer["data"]

    def responses(self, start=0):
        return [said for said in self.said[start:] if said["type"] == "response"]

    def positions(self, entity=None, start=0):
        """Where somebody was seen, in order."""
        seen = [said["data"] for said in self.said[start:] if said.get("action") in ("position", "spawn")]
        return [(data["x"], data["y"]) for data in seen if data["entity"] == (entity or self.entity)]

    @property
    def entity(self):
        return f"User:{self.user}"

    def others(self):
        """Where all others were seen last."""
        last = {}
        for said in self.said:
            if said.get("action") in ("position", "spawn"):
                last[said["data"]["entity"]] = (said["data"]["x"], said["data"]["y"])
        last.pop(self.entity, None)
        return set(last.values())

    async def walk(self, direction):
        """Turns there, if need be in a new life."""
        start, key = len(self.said), next(self.keys)
        await self.send(request(key, self.user, "move", {"direction": direction}))
        if (answer := await self.response(key, start))["status"] != "success":
            assert answer["data"]["code"] == "dead", answer
            await self.ask("respawn")

    async def position(self, entity=None, start=0, deadline=DEADLINE):
        """Where somebody is, as far as was heard."""
        is_it = lambda said: said.get("action") in ("position", "spawn") and said["data"]["entity"] == (entity or self.entity)
        await self.until(is_it, f"a position of {entity or self.entity}", start, deadline)
        return self.positions(entity)[-1]


class Original(Peer):
    """The client of the original: what it does not know exactly drops the connection."""

    def __init__(self, server, user):
        super().__init__(server, user, hello=False)

    def take(self, message):
        super().take(message)
        if message["type"] == "update":
            assert message["action"] == "position", f"an update that the original does not know: {message}"
            data = message["data"]
            assert set(data) == {"x", "y", "entity"}, f"fields that the original does not know: {message}"
            assert type(data["x"]) is int and type(data["y"]) is int and isinstance(data["entity"], str), message
        elif message["status"] != "success":
            assert set(message["data"]) == {"message"}, message
        return message


def is_floor(layer, x, y):
    return 0 <= x < 60 and 0 <= y < 40 and layer[x][y] == "floor"


STEPS = {"north": (0, -1), "east": (1, 0), "south": (0, 1), "west": (-1, 0)}


def way(layer, at, least, taken=()):
    """A direction in which one can walk `least` fields from `at`, or any if there is none that far: (direction, fields). On
    those that are taken somebody stands."""
    def free(direction):
        dx, dy = STEPS[direction]
        fields = ((at[0] + dx * n, at[1] + dy * n) for n in itertools.count(1))
        return next(n for n, field in enumerate(fields) if not is_floor(layer, *field) or field in taken)

    ways = sorted(((free(direction), direction) for direction in STEPS), reverse=True)
    enough = [(direction, fields) for fields, direction in ways if fields >= least]
    return enough[-1] if enough else (ways[0][1], ways[0][0])


def records(server, room=ROOM):
    """What a room's journal holds by now, record by record, as an admin may read it. Blocks."""
    answer = server.http("GET", f"/v1/rooms/{room}/replay", token=server.token("keeper", role="admin"), deadline=30)
    assert answer.status == 200, answer
    lines = map(json.loads, answer.body.splitlines())
    return [line for line in lines if "cause" in line]


CLIENT = "plain TCP"
CLIENTS = (CLIENT, "chromium")
CHECKS = {
    1: "a client that does what the original does plays; without a token, in strict, it is told what is missing",
    2: "the map is 60 by 40 of walls and floor, the same bytes for all, also after a restart",
    3: "a move is answered with its key, then it goes a field a tick until stop or a wall",
    4: "frames that come byte by byte, and 500 in one segment, are answered in the order of the requests",
    5: "who acts is told what came of it before the success",
    6: "what made the original hang up or go on silently is answered `invalid`, and nobody else is disturbed",
    7: "a wall stops the body and leaves the heading; nobody can put themselves elsewhere",
    8: "the same request again has one effect and the same response; its key with another body is `invalid`",
    9: "an atomic batch with an illegal part changes nothing; another has a result for each part",
    10: "a user's two connections are one body; whoever speaks in another's name is refused",
    11: "lengths count bytes; a wrong one is detected",
    12: "a key comes back exactly as it came",
    13: "who logs out is gone for the others, and their field is free; a second logout succeeds",
    14: "who comes late is shown those who stand there",
    15: "who has a field of view is told by this protocol what they are told by the native one, and nothing else",
    16: "a client that does not read is dropped, and the others go on",
    17: "a kill of the server changes nothing of who is where and walks which way",
    18: "the same world by WebSocket, Socket.IO and netstrings: one order",
    19: "requests are answered within the two seconds that the original waits, while many others play",
}
NOT_IN = {number: {"chromium": "a page can open no TCP connection"} for number in CHECKS if number != 18}
"""Of which checks a client cannot be, and why: in 18 a page plays beside those that speak this dialect."""
