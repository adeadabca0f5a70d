"""What the tests of the dialect chat share: servers in both modes, and people who talk by clients of others.

    @chat.check(3)
    @chat.by_all
    def test_who_comes_is_told(place):
        async def talk():
            async with place.open() as new_talker:
                ada = await new_talker("ada").connect()
                await ada.join(place.room())
        parlour.run(talk())

In compat who has no need of a name is nobody in particular: a guest, as the dialect's old clients are.
"""

import asyncio
import contextlib
import itertools
import json
import uuid

import pytest

import compatibility
import mantimon
import tokens
from clients import sockets
from parlour import DEADLINE

CHECKS = {
    1: "the first word is `connected`, with the user's id and one of the connection",
    2: "`ping` is answered by `pong`, with a `ref` by an `ack` too",
    3: "who joins is told so, the others are told once, and `room_update` names who is there",
    4: "what is said reaches the members of the room only, from whom the server knows, in one order",
    5: "without a `room_id` it goes into the only room, if there is one",
    6: "into a room that was not joined nothing is said",
    7: "who leaves, or closes the tab, is told of to every room; a second tab stays",
    8: "each `ref` is answered once, in order; what is sent twice is said once and answered alike",
    9: "what is no message is answered by one `error`, and the connection stays usable",
    10: "a version is 1 or not there; compat takes it in quotes",
    11: "odd content is refused or delivered to the byte",
    12: "typing is shown to others, not kept, and over after a while",
    13: "topics are told to who subscribes; no room is one",
    14: "who comes back is told what they missed, once, in order",
    15: "who does not read delays nobody, and is closed",
    16: "who says too much is told when to go on, then closed",
    17: "a server that stops says so, and has lost nothing that it acknowledged",
    18: "no text of an error shows how the server is made, or what others have said",
}

CLIENTS = ("websockets", "chromium")
NOT_IN = {}
"""By number: which of them cannot play a check at all, and why. In 15 a browser reads, and is delayed by nobody: not to read is
nothing that a page can do."""

PREFIXES = {
    "INVALID_MESSAGE": "Invalid message format: ",
    "UNKNOWN_TYPE": "Unknown message type: ",
    "HANDLER_ERROR": "Handler error: ",
    "UNSUPPORTED_VERSION": "Unsupported protocol version: ",
}

SUCCESS = {"strict": "ok", "compat": "delivered"}
GOING_AWAY = {"strict": 1012, "compat": 1001}

by_all = pytest.mark.parametrize("client", sockets.KINDS)
by_websockets = pytest.mark.parametrize("client", ["websockets"])


def check(*numbers):
    """Of which numbered promises a test is."""
    return compatibility.check("chat", *numbers)


@pytest.fixture(scope="session")
def chat_hosts():
    started = {}

    def get(kind):
        if kind not in started:
            started[kind] = sockets.start(kind)
        return started[kind]

    yield get
    for host in started.values():
        host.stop()


@pytest.fixture(scope="session")
def chat_servers(tmp_path_factory):
    servers = mantimon.Servers(tmp_path_factory.mktemp("chat"))
    yield servers
    servers.stop()


@pytest.fixture
def place(request, mode, client, chat_hosts, chat_servers):
    """A server in this mode, and clients of the test's kind. A mark `server(env, program)` has other settings."""
    mark = request.node.get_closest_marker("server")
    settings = {"env": {}} | (mark.kwargs if mark else {})
    if "program" in settings:
        settings["program"] = settings["program"]()
    return Front(chat_servers.get(mode, **settings), mode, chat_hosts(client))


class Front:
    """Where a test is played."""

    def __init__(self, server, mode, host):
        self.server, self.mode, self.host = server, mode, host
        self.mark = uuid.uuid4().hex[:8]
        self.rooms = itertools.count(1)

    def room(self):
        """The name of a room that nobody has used."""
        return f"room-{self.mark}-{next(self.rooms)}"

    def token(self, user):
        return tokens.good(self.server, user, aud=mantimon.AUDIENCE)

    @contextlib.asynccontextmanager
    async def open(self):
        """Within it: a function that makes a talker, by name."""
        async with self.host.sockets(self.server) as new_socket:
            yield lambda name, **options: Talker(self, new_socket(), f"{name}-{self.mark}", **options)


class Talker:
    """One connection of one user. `named`: with a token in compat too."""

    def __init__(self, front, socket, user, named=False):
        self.front, self.socket, self.user = front, socket, user
        self.token = front.token(user) if named or front.mode == "strict" else None
        self.refs, self.read = itertools.count(1), []

    @property
    def frames(self):
        """Everything that came, in order."""
        self.read += [json.loads(text) for text in self.socket.texts[len(self.read) :]]
        return self.read

    @property
    def mark(self):
        """How much has come until now."""
        return len(self.socket.texts)

    def of(self, *kinds, start=0):
        """The payloads of these types."""
        return [frame["payload"] for frame in self.frames[start:] if frame["type"] in kinds]

    async def connect(self, path="/ws", token=None):
        start = self.mark
        await self.socket.open(path, token or self.token)
        await self.until("connected", start=start)
        self.user = self.of("connected", start=start)[0]["user_id"]
        return self

    async def send(self, *messages):
        """Messages, or what is none."""
        await self.socket.send(*(said if isinstance(said, (str, bytes)) else json.dumps(said) for said in messages))

    async def ask(self, kind, payload=None, **fields):
        """Says something with a `ref`, and waits for the ack: its payload."""
        fields = {"ref": f"{self.user}-{next(self.refs)}"} | fields
        start = self.mark
        await self.send({"type": kind, "payload": payload or {}} | fields)
        return await self.until("ack", lambda ack: ack["ref"] == fields["ref"], start=start)

    async def done(self, kind, payload=None, **fields):
        """The same, and it succeeds."""
        ack = await self.ask(kind, payload, **fields)
        assert ack["status"] == SUCCESS[self.front.mode], ack
        return ack

    async def fails(self, code, kind, payload=None, **fields):
        """The same, and it fails with this code."""
        ack = await self.ask(kind, payload, **fields)
        assert (ack["status"], ack["code"]) == ("error", code), ack
        assert ack["message"].startswith(PREFIXES.get(code, "")), ack
        return ack

    async def error(self, message, code):
        """Says what is answered by one `error` with this code; that."""
        start = self.mark
        await self.send(message)
        error = await self.until("error", start=start)
        assert error["code"] == code, (message, error)
        assert error["message"].startswith(PREFIXES.get(code, "")), error
        return error

    async def join(self, room, **payload):
        return await self.done("join_room", {"room_id": room} | payload)

    async def chat(self, room, content, **fields):
        return await self.done("chat", {"room_id": room, "content": content}, **fields)

    async def settled(self):
        """Waits until all that was said before is answered, as far as it is answered at once."""
        await self.done("ping")

    async def until(self, kind, where=lambda payload: True, *, start=0, deadline=DEADLINE):
        """The payload of the first message of this type from `start` on for which it holds."""
        at = start

        def found():
            nonlocal at
            frames = self.frames
            while at < len(frames):
                at += 1
                if frames[at - 1]["type"] == kind and where(frames[at - 1]["payload"]):
                    return frames[at - 1]
            return None

        return (await self.socket.until(found, f"a {kind}", deadline))["payload"]

    async def until_heard(self, content, start=0):
        return await self.until("chat", lambda chat: chat["content"] == content, start=start)

    def heard(self, room, start=0):
        """What was said in a room, as it came: who, and what."""
        return [(chat["from"], chat["content"]) for chat in self.of("chat", start=start) if chat["room_id"] == room]

    async def close(self):
        await self.socket.close()


def together(*awaitables):
    return asyncio.gather(*awaitables)
