"""Broken frames and broken handshakes end with the right close code or the right status, and hurt nobody else."""

import struct

import pytest

import parlour
import raw
import tokens
from raw import BINARY, CLOSE, PING, PONG, TEXT, Ended, Wire, frame

PING_MESSAGE = '{"type":"ping","ref":"r"}'
MESSAGE_BYTES = 64 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all of it."""
    server = parlour.Server(tmp_path_factory.mktemp("frames")).start()
    server.ada = tokens.good(server, "ada")
    yield server
    assert "panicked" not in server.err, server.err
    assert server.stop() == 0


@pytest.fixture
def wire(server):
    """A connection that was greeted."""
    with Wire.greeted(server, server.ada) as wire:
        yield wire


@pytest.fixture
def witness(server):
    """Somebody else's connection, which must be as well after the test as before."""
    with Wire.greeted(server, tokens.good(server, "witness")) as witness:
        yield witness
        assert witness.ask({"type": "ping", "ref": "still here"})["status"] == "ok"


def close(code, reason=b""):
    return frame(struct.pack(">H", code) + reason, CLOSE)


BROKEN = {
    "not masked": (frame(PING_MESSAGE, mask=None), 1002),
    "a reserved bit": (frame(PING_MESSAGE, reserved=4), 1002),
    "another reserved bit": (frame(PING_MESSAGE, reserved=1), 1002),
    "an unknown opcode": (frame(b"", 3), 1002),
    "an unknown control opcode": (frame(b"", 11), 1002),
    "a ping in two pieces": (frame(b"", PING, fin=False), 1002),
    "a ping of 126 bytes": (frame(b"p" * 126, PING), 1002),
    "a piece of nothing": (frame(b"x", 0), 1002),
    "a message within a message": (frame(b"{", TEXT, fin=False) + frame(PING_MESSAGE), 1002),
    "a length with its highest bit set": (frame(b"", TEXT, length=(1 << 63) + 1), (1002, 1009)),
    "not UTF-8": (frame(b'{"type":"\xff"}'), 1007),
    "an overlong character": (frame(b"\xc0\xaf"), 1007),
    "half a surrogate pair": (frame(b"\xed\xa0\x80"), 1007),
    "not UTF-8 in the first piece": (frame(b"\xff", TEXT, fin=False), 1007),
    "half a character at the end": (frame("€".encode()[:2], TEXT, fin=False) + frame(b"", 0), 1007),
    "2 MB": (frame(b"x" * 2_000_000), 1009),
    "2 MB of binary": (frame(b"x" * 2_000_000, BINARY), 1009),
    "2 MB that are only announced": (frame(b"", TEXT, length=2_000_000), 1009),
    "one byte more than the limit": (frame(b" " * (MESSAGE_BYTES + 1)), 1009),
    "pieces above the limit": (frame(b" " * 40_000, TEXT, fin=False) + frame(b" " * 40_000, 0), 1009),
    "a close code of one byte": (frame(b"\x03", CLOSE), 1002),
    "a close code that may not travel": (close(1005), 1002),
    "a close code out of range": (close(99), 1002),
    "a close reason that is not UTF-8": (close(1000, b"\xff"), 1007),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_frame_closes_with_its_code_after_what_came_before_was_answered(wire, witness, name):
    data, code = BROKEN[name]
    wire.send(frame(PING_MESSAGE) + data + frame('{"type":"ping","ref":"too late"}'))
    assert (wire.next()["type"], wire.next()["payload"]["ref"]) == ("pong", "r")
    with pytest.raises(Ended) as ended:
        wire.next()
    assert ended.value.code in (code if isinstance(code, tuple) else (code,)), ended.value
    assert wire.until_eof() == b"", "nothing comes after a close"


def test_the_longest_message_is_answered(wire):
    wire.send(frame(PING_MESSAGE.ljust(MESSAGE_BYTES)))
    assert (wire.next()["type"], wire.next()["payload"]["ref"]) == ("pong", "r")


def test_a_close_is_answered_by_the_same_close(server):
    for sent, code in [(close(1000, b"bye"), 1000), (close(1001), 1001), (close(4999), 4999), (frame(b"", CLOSE), 1005)]:
        with Wire.greeted(server, server.ada) as wire:
            wire.send(sent)
            assert wire.close_code() == code
            assert wire.until_eof() == b""


def test_a_ping_frame_comes_back_with_what_was_in_it(wire):
    for payload in (b"", b"p" * 125, b"\0\xff"):
        wire.send(frame(payload, PING) + frame(b"unasked", PONG))
        assert wire.frame() == (PONG, payload)


TLS = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n"
NO_HTTP = [TLS, b"hello\r\n\r\n", b"\0" * 64 + b"\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]


@pytest.mark.parametrize("data", NO_HTTP, ids=lambda data: repr(data[:12]))
def test_junk_before_the_handshake_is_a_bad_request(server, witness, data):
    with Wire(server) as wire:
        wire.send(data)
        assert wire.response().status == 400
        wire.until_eof()


HANDSHAKES = {
    "no key": ({"Sec-WebSocket-Key": None}, 400, "Sec-WebSocket-Key"),
    "a key that is too short": ({"Sec-WebSocket-Key": "AAAA"}, 400, "Sec-WebSocket-Key"),
    "no version": ({"Sec-WebSocket-Version": None}, 426, "Sec-WebSocket-Version: 13"),
    "another version": ({"Sec-WebSocket-Version": "8"}, 426, "Sec-WebSocket-Version: 13"),
    "another upgrade": ({"Upgrade": "h2c"}, 426, "Upgrade: websocket"),
    "no Connection: Upgrade": ({"Connection": "keep-alive"}, 400, "Connection: Upgrade"),
    "a protocol that is none": ({"Sec-WebSocket-Protocol": "a b"}, 400, "Sec-WebSocket-Protocol"),
    "a page of another origin": ({"Origin": "http://evil.example"}, 403, "origin"),
    "a page of no origin": ({"Origin": "null"}, 403, "origin"),
    "no upgrade at all": ({"Upgrade": None, "Connection": None}, 426, "WebSocket"),
}


@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_handshake_that_cannot_be_is_told_why(server, witness, name):
    headers, status, word = HANDSHAKES[name]
    with Wire(server) as wire:
        wire.send(raw.upgrade_request(headers=headers, token=server.ada))
        response = wire.response()
    assert response.status == status and word in response.body.decode(), response
    if status == 426:
        said = response.headers["sec-websocket-version" if "version" in name else "upgrade"]
        assert said in ("13", "websocket"), response.headers


def test_a_page_of_the_same_origin_may_connect(server):
    with Wire.open(server, server.ada, {"Origin": "http://localhost"}) as wire:
        assert wire.next()["type"] == "connected"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "get"])
@pytest.mark.parametrize("headers", [{}, {"Upgrade": None, "Connection": None}], ids=["upgrade", "plain"])
def test_a_websocket_is_opened_with_get_only(server, method, headers):
    with Wire(server) as wire:
        wire.send(raw.upgrade_request(method=method, headers=headers, token=server.ada))
        response = wire.response()
        assert (response.status, response.headers.get("allow")) == (405, "GET"), response


def test_a_huge_head_is_refused(server, witness):
    for head in [b"GET /v1/ws HTTP/1.1\r\nA: " + b"x" * 20_000, b"GET /" + b"x" * 20_000, b"x" * 20_000]:
        with Wire(server) as wire:
            wire.send(head)
            assert wire.response().status in (400, 414, 431)
            wire.until_eof()


def test_more_headers_than_anybody_needs_are_refused(server, witness):
    with Wire(server) as wire:
        wire.send(raw.upgrade_request(headers={f"X-{i}": "x" for i in range(200)}, token=server.ada))
        assert wire.response().status == 431


def test_a_slow_head_is_given_up_after_ten_seconds(server, witness):
    with Wire(server) as slow, Wire(server) as silent:
        slow.send(b"GET /v1/ws HTTP/1.1\r\nHost: x\r\n")
        assert slow.response(deadline=20).status == 408
        assert silent.until_eof(deadline=20) == b"", "who says nothing at all is told nothing"


def test_a_head_is_as_long_as_it_may_be_also_when_it_comes_at_once(server, witness):
    for size, status in [(15_000, 101), (17_000, 431), (40_000, 431)]:
        with Wire(server) as wire:
            wire.send(raw.upgrade_request(headers={"X-Long": "x" * size}, token=server.ada))
            assert wire.response().status == status
