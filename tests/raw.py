"""HTTP and WebSocket by hand, byte by byte: for what no well-behaved client would send, and for seeing exactly what came back."""

import base64
import json
import os
import socket
import struct
import time

from parlour import DEADLINE, Response

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Ended(AssertionError):
    """The connection ended: with which close code (1005 for a close without one), or None if there was no close frame."""

    def __init__(self, code, reason=""):
        super().__init__(f"the connection ended: close code {code}, reason {reason!r}")
        self.code, self.reason = code, reason


def frame(payload, opcode=TEXT, fin=True, reserved=0, mask=b"\x12\x34\x56\x78", length=None):
    """A client's frame. `mask=None` leaves it unmasked; `length` announces another length than the payload has."""
    payload = payload.encode() if isinstance(payload, str) else payload
    size = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    bit = 0 if mask is None else 0x80
    if size < 126:
        head += bytes([bit | size])
    elif size < 1 << 16:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if mask is None:
        return head + payload
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    masked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")
    return head + mask + masked


def message(value):
    """A text frame with a JSON message in it."""
    return frame(json.dumps(value))


def upgrade_request(path="/v1/ws", method="GET", headers=None, token=None):
    """The request that asks for a WebSocket. A header given as None is left out."""
    fields = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    if token is not None:
        fields["Authorization"] = f"Bearer {token}"
    fields.update(headers or {})
    return http_request(method, path, {name: value for name, value in fields.items() if value is not None})


def http_request(method, path, headers=None, body=b""):
    """A request, as bytes."""
    fields = {"Host": "localhost", **(headers or {})}
    if body:
        fields["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


class Wire:
    """One TCP connection to the server. `tape` is every byte that ever came. With `keeps_little` the system holds only some
    kilobytes for it, on either side, while it is not read."""

    def __init__(self, server, keeps_little=False):
        self.socket = socket.socket()
        if keeps_little:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1000)
        self.socket.settimeout(DEADLINE)
        self.socket.connect((server.host, server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.tape = bytearray(), bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    @classmethod
    def open(cls, server, token=None, headers=None):
        """Connected and upgraded; what the server says first is still to be read."""
        wire = cls(server)
        wire.send(upgrade_request(headers=headers, token=token))
        response = wire.response()
        assert response.status == 101, (response.status, response.body)
        return wire

    @classmethod
    def greeted(cls, server, token):
        """Connected, upgraded and greeted."""
        wire = cls.open(server, token)
        greeting = wire.next()
        assert greeting["type"] == "connected", greeting
        return wire

    def send(self, data):
        """Sends bytes as they are."""
        self.socket.sendall(data)

    def say(self, value):
        """Sends a JSON message."""
        self.send(message(value))

    def _more(self, until, waited_for):
        left = until - time.monotonic()
        assert left > 0, f"waited in vain for {waited_for}; so far came {bytes(self.buffer[:200])!r}"
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(1 << 16)
        except TimeoutError:
            raise AssertionError(f"waited in vain for {waited_for}; so far came {bytes(self.buffer[:200])!r}") from None
        except ConnectionError:
            data = b""
        self.buffer += data
        self.tape += data
        return bool(data)

    def _exactly(self, count, until, waited_for):
        while len(self.buffer) < count:
            if not self._more(until, waited_for):
                raise Ended(None)
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def response(self, deadline=DEADLINE, method="GET"):
        """The next HTTP response, whole."""
        until = time.monotonic() + deadline
        while b"\r\n\r\n" not in self.buffer:
            if not self._more(until, "the head of a response"):
                raise Ended(None)
        head, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        self.buffer = bytearray(rest)
        lines = head.decode().split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if status == 101 or method == "HEAD":
            return Response(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._line(until), 16):
                body += self._exactly(size + 2, until, "a chunk of a body")[:-2]
            self._line(until)
        else:
            body = self._exactly(int(headers.get("content-length", "0")), until, "the body of a response")
        return Response(status, headers, body)

    def _line(self, until):
        line = b""
        while not line.endswith(b"\r\n"):
            line += self._exactly(1, until, "a line")
        return line[:-2]

    def frame(self, deadline=DEADLINE):
        """The next frame: `(opcode, payload)`. The server's frames are whole and never masked."""
        until = time.monotonic() + deadline
        first, second = self._exactly(2, until, "a frame")
        assert first & 0x80 and not first & 0x70 and not second & 0x80, (first, second)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", self._exactly(2, until, "a frame's length"))
        elif size == 127:
            (size,) = struct.unpack(">Q", self._exactly(8, until, "a frame's length"))
        return first & 0x0F, self._exactly(size, until, "a frame's payload")

    def next(self, deadline=DEADLINE):
        """The next text frame's JSON; pings are answered on the way. Raises `Ended` at a close."""
        until = time.monotonic() + deadline
        while True:
            opcode, payload = self.frame(max(until - time.monotonic(), 0.001))
            if opcode == TEXT:
                return json.loads(payload)
            if opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                raise Ended(code, payload[2:].decode())
            if opcode == PING:
                self.send(frame(payload, PONG))

    def next_of(self, kind, deadline=DEADLINE):
        """The next message of this type; others are passed over."""
        until = time.monotonic() + deadline
        while (said := self.next(max(until - time.monotonic(), 0.001)))["type"] != kind:
            pass
        return said

    def ask(self, value, deadline=DEADLINE):
        """Sends a request with a `ref` and returns the payload of its ack; others are passed over."""
        self.say(value)
        until = time.monotonic() + deadline
        while True:
            said = self.next_of("ack", max(until - time.monotonic(), 0.001))
            if said["payload"]["ref"] == value["ref"]:
                return said["payload"]

    def close_code(self, deadline=DEADLINE):
        """What it is closed with; whatever comes before that is passed over."""
        until = time.monotonic() + deadline
        try:
            while True:
                self.next(max(until - time.monotonic(), 0.001))
        except Ended as ended:
            return ended.code

    def until_eof(self, deadline=DEADLINE):
        """Everything that still comes, to the end of the connection."""
        until = time.monotonic() + deadline
        while self._more(until, "the end of the connection"):
            pass
        return bytes(self.buffer)
