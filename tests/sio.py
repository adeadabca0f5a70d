"""What the tests of Engine.IO and Socket.IO share: the servers they are run against, and a client of plain HTTP and WebSocket.

    async with await sio.Session.open(server, "polling") as session:
        await session.join(server.token("ada"))
        await session.say(sio.heartbeat(7))
        await session.until(lambda packet: packet.startswith("43/game,7"))
"""

import asyncio
import base64
import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import uuid

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

import parlour
import tokens
from parlour import DEADLINE, Response

SERVERS = ["npm", "parlour"]
"""Whom the suite judges: the `socket.io` server, so that it is known to judge rightly, and ours."""

TRANSPORTS = ["polling", "websocket", "upgrade"]

CALM = {"ping_ms": 25_000, "ping_timeout_ms": 20_000, "join_ms": 45_000}
"""For tests that are not about time: nothing comes but what is asked for."""
QUICK = CALM | {"ping_ms": 150, "ping_timeout_ms": 900}
HASTY = CALM | {"join_ms": 300}

DIFFERENCES = {
    # The npm server always has the namespace `/`; ours has only those that its dialects name.
    "main_namespace": {"npm": '40{"sid"', "parlour": '44{"message":"Invalid namespace"}'},
    # The npm server has no answer to a method it does not know; by its document any such request is a bad one.
    "other_method": {"npm": 500, "parlour": 400},
    # The npm server overhears a close packet on a WebSocket, and lets the heartbeat end the session.
    "close_packet_on_websocket": {"npm": "overheard", "parlour": "heeded"},
    # The npm server looks for a second WebSocket only once a session has come over; by its document it never may have one.
    "second_websocket_of_websocket": {"npm": "left waiting", "parlour": "closed"},
    # The npm server takes an object from a client that wants to join; clients in Python may be told to show a bare string.
    "string_to_join_with": {"npm": "closes", "parlour": "is judged"},
}
"""Where both are right, or one of them knows better: each with the reason."""

ECHOES = [kind for kind in SERVERS if kind == "npm"]
"""Who says back what it is told, bytes too: a game of ours has no event that would. That ours can is shown beside its codecs."""


def node(variable="PARLOUR_NODE"):
    """The folder of the installed npm packages."""
    path = os.environ.get(variable)
    if not path or not pathlib.Path(path).is_dir():
        raise RuntimeError(f"{variable} must name a node_modules folder, but is {path!r}: `cargo xtask front` makes it")
    return path


def run_node(script, *args, **options):
    """Starts a script of tests/node; its stdin is a pipe, and the script ends when that does."""
    path = pathlib.Path(__file__).parent / "node" / script
    environment = parlour.environment(NODE_PATH=node())
    return subprocess.Popen(["node", path, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, **options)


def stop_node(process):
    """Ends it, with its stdin or by force."""
    process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(DEADLINE)
    process.kill()
    process.wait()
    process.stdout.close()


class Reference:
    """The `socket.io` server, as a process."""

    kind = "npm"

    def __init__(self, settings):
        self.process = run_node("reference.js", json.dumps(settings))
        self.settings, self.host = settings, "127.0.0.1"
        self.port = int(self.process.stdout.readline())

    def token(self, user):
        return f"good-{user}"

    def stop(self):
        stop_node(self.process)


class Parlour(parlour.Server):
    """Our own."""

    kind = "parlour"

    def __init__(self, folder, settings, **options):
        limits = {"ENGINEIO_PING_MS": "ping_ms", "ENGINEIO_PING_TIMEOUT_MS": "ping_timeout_ms", "SOCKETIO_JOIN_MS": "join_ms"}
        env = {f"PARLOUR_LIMITS__{limit}": str(settings[name]) for limit, name in limits.items()}
        super().__init__(folder, env=parlour.UNLIMITED | env | options.pop("env", {}), **options)
        self.settings = settings

    def token(self, user):
        return tokens.good(self, user)

    def stop(self):
        self.kill()


def start(kind, folder, settings):
    """A server of this kind, ready; `stop` it."""
    return Reference(settings) if kind == "npm" else Parlour(folder, settings).start()


def served(settings, kinds=None):
    """A fixture: one server of each kind with these settings, for all tests of a file."""

    @pytest.fixture(scope="module", params=kinds or SERVERS)
    def server(request, tmp_path_factory):
        server = start(request.param, tmp_path_factory.mktemp("sio"), settings)
        yield server
        server.stop()

    return server


def new_user():
    """A user nobody else is: a second connection of the same one could end the first."""
    return f"user-{uuid.uuid4().hex[:12]}"


def query(**fields):
    """The path of a request; a field that is None is left out."""
    given = {"EIO": "4", "transport": "polling"} | fields
    return "/socket.io/?" + "&".join(f"{name}={value}" for name, value in given.items() if value is not None)


async def request(server, method, path, body=None, headers=None, deadline=DEADLINE):
    """One HTTP request on a connection of its own."""
    return await asyncio.to_thread(_request, server, method, path, body, headers or {}, deadline)


def _request(server, method, path, body, headers, deadline):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=deadline)
    try:
        # A server may refuse a body before it has all of it, and then does not read on.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def heartbeat(ack_id=""):
    """The packet of an event that every server here answers: by `game:heartbeat_ack`, and by an ack if one is wanted."""
    return f"42/game,{ack_id}" + json.dumps(["game:heartbeat", {"type": "heartbeat", "message_id": str(uuid.uuid4())}])


def split(payload):
    """The packets of a polled payload: text as it came, binary as bytes."""
    packets = payload.decode().split("\x1e")
    return [base64.b64decode(packet[1:], validate=True) if packet.startswith("b") else packet for packet in packets]


def joined(packets):
    """A payload of packets: text as it is to go, or bytes."""
    return "\x1e".join("b" + base64.b64encode(p).decode() if isinstance(p, bytes) else p for p in packets)


class Ended(Exception):
    """The session has ended: `how` is the close packet, the HTTP answer or the WebSocket's close code."""

    def __init__(self, how):
        super().__init__(repr(how))
        self.how = how


def code_of(closed):
    """The code the server closed with; 1006 if it just went."""
    return closed.rcvd.code if closed.rcvd else 1006


async def open_websocket(server, **fields):
    """A WebSocket; `fields` of the query beside transport and EIO."""
    url = f"ws://{server.host}:{server.port}{query(transport='websocket', **fields)}"
    return await connect(url, compression=None, ping_interval=None, max_size=None, open_timeout=DEADLINE, close_timeout=DEADLINE)


async def refusal_of_websocket(server, **fields):
    """How a WebSocket that must not open a session ends: an HTTP status, or a close code. That no packet came is checked."""
    try:
        async with asyncio.timeout(DEADLINE), connect(
            f"ws://{server.host}:{server.port}{query(**({'transport': 'websocket'} | fields))}",
            compression=None, ping_interval=None, open_timeout=DEADLINE,
        ) as websocket:
            packet = await websocket.recv()
    except ConnectionClosed as closed:
        return code_of(closed)
    except InvalidMessage:
        return 1006
    except InvalidHandshake as refused:
        return refused.response.status_code
    raise AssertionError(f"it was opened, and said {packet!r}")


class Session:
    """One Engine.IO session over polling or a WebSocket, or from the first to the second. Nothing is answered by itself.

    `opened` is what the open packet said. `say` sends packets, `hear` gives the next one; text packets are str, binary ones
    bytes. Once the session has ended `hear` raises `Ended`.
    """

    def __init__(self, server, opened, websocket=None):
        self.server, self.opened, self.websocket = server, opened, websocket
        self.sid = opened["sid"]
        self.unheard = []

    @classmethod
    async def open(cls, server, transport):
        """Begins a session, and reads the open packet."""
        if transport == "websocket":
            websocket = await open_websocket(server)
            packet = await asyncio.wait_for(websocket.recv(), DEADLINE)
        else:
            websocket = None
            answer = await request(server, "GET", query())
            assert answer.status == 200, answer
            (packet,) = split(answer.body)
        assert packet[0] == "0", packet
        session = cls(server, json.loads(packet[1:]), websocket)
        if transport == "upgrade":
            await session.upgrade()
        return session

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        if self.websocket is not None:
            await self.websocket.close()
        else:
            # Or the server keeps it until its heartbeat fails.
            await self.post("1")

    async def probe(self):
        """A second connection that was tried and found good, and is not used yet."""
        websocket = await open_websocket(self.server, sid=self.sid)
        await websocket.send("2probe")
        assert await asyncio.wait_for(websocket.recv(), DEADLINE) == "3probe"
        return websocket

    async def upgrade(self):
        """From polling to a WebSocket."""
        self.websocket = await self.probe()
        await self.websocket.send("5")

    async def poll(self):
        return await request(self.server, "GET", query(sid=self.sid))

    async def post(self, body, headers=None):
        # Without a content type it is text.
        return await request(self.server, "POST", query(sid=self.sid), body.encode() if isinstance(body, str) else body, headers)

    async def say(self, *packets):
        """Sends packets: by polling all of them in one payload."""
        if self.websocket is None:
            answer = await self.post(joined(packets))
            assert (answer.status, answer.body) == (200, b"ok"), answer
            return
        try:
            for packet in packets:
                await self.websocket.send(packet)
        except ConnectionClosed as closed:
            raise Ended(code_of(closed)) from None

    async def hear(self):
        """The next packet."""
        while not self.unheard:
            if self.websocket is not None:
                try:
                    self.unheard.append(await asyncio.wait_for(self.websocket.recv(), DEADLINE))
                except ConnectionClosed as closed:
                    raise Ended(code_of(closed)) from None
                continue
            answer = await self.poll()
            if answer.status != 200:
                raise Ended(answer)
            # A noop only ends a poll.
            self.unheard += [packet for packet in split(answer.body) if packet != "6"]
        packet = self.unheard.pop(0)
        if packet == "1":
            raise Ended(packet)
        return packet

    async def until(self, matches, what="a packet"):
        """Every packet up to the first that matches, with it. `matches` is a function or how a text packet begins."""
        begins = (lambda packet: isinstance(packet, str) and packet.startswith(matches)) if isinstance(matches, str) else matches
        packets = []
        async with asyncio.timeout(DEADLINE):
            while not packets or not begins(packets[-1]):
                packets.append(await self.hear())
        return packets

    async def end(self, deadline=DEADLINE):
        """Waits until the session has ended, and that it is no more; the packets that came before."""
        packets = []
        try:
            async with asyncio.timeout(deadline):
                while True:
                    packets.append(await self.hear())
        except Ended:
            pass
        answer = await self.poll()
        assert (answer.status, answer.json()["code"]) == (400, 1), answer
        return packets

    async def join(self, token=None, namespace="/game"):
        """Joins the namespace; the id it got."""
        await self.say(f"40{namespace}," + json.dumps({"token": token or self.server.token(new_user())}))
        packet = await self.hear()
        assert packet.startswith(f"40{namespace},"), packet
        return json.loads(packet[len(f"40{namespace},") :])["sid"]

    async def leave(self, packet="41/game,"):
        """Leaves the namespace, and waits for the answer to something else: a goodbye has none."""
        await self.say(packet)
        await self.say("40/nowhere,")
        return (await self.until("44/nowhere,"))[:-1]

    async def ask(self, ack_id, *event):
        """Emits an event with an ack, a heartbeat unless another is given, and waits for the ack; the packets up to it."""
        await self.say(f"42/game,{ack_id}" + json.dumps(event) if event else heartbeat(ack_id))
        return await self.until(f"43/game,{ack_id}[")


def half_sent_post(server, path, size):
    """A POST whose head the server has taken, and whose body of `size` bytes it still waits for: the socket."""
    wire = socket.create_connection((server.host, server.port), timeout=DEADLINE)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\nExpect: 100-continue\r\n\r\n"
    wire.sendall(head.encode())
    said = b""
    while b"\r\n\r\n" not in said:
        data = wire.recv(1024)
        assert data, f"the connection ended after {said!r}"
        said += data
    assert said.startswith(b"HTTP/1.1 100 "), said
    return wire
