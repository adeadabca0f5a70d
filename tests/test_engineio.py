"""Engine.IO, version 4, by its protocol document: sessions over polling and over WebSockets, and the way from the first to the
second. Held against the `socket.io` server as well, so that these tests are known to judge rightly."""

import asyncio
import json
import time

import pytest

import parlour
import sio
from sio import Session

calm = sio.served(sio.CALM)
quick = sio.served(sio.QUICK)
echoing = sio.served(sio.CALM, sio.ECHOES)

both = pytest.mark.parametrize("transport", ["polling", "websocket"])
every = pytest.mark.parametrize("transport", sio.TRANSPORTS)

TRANSPORT_UNKNOWN = (0, "Transport unknown")
SESSION_UNKNOWN = (1, "Session ID unknown")
BAD_METHOD = (2, "Bad handshake method")
BAD_REQUEST = (3, "Bad request")
UNSUPPORTED = (5, "Unsupported protocol version")


def assert_refused(answer, refusal):
    assert answer.status == 400, answer
    assert answer.headers["content-type"].startswith("application/json"), answer.headers
    assert answer.json() == dict(zip(("code", "message"), refusal)), answer


async def is_gone(session):
    """Whether the server knows nothing of the session any more."""
    assert_refused(await session.poll(), SESSION_UNKNOWN)


# The handshake.


@both
def test_the_open_packet_says_all_it_must_and_nothing_else(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as session:
            assert set(session.opened) == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
            assert isinstance(session.sid, str) and len(session.sid) >= 16
            assert session.opened["upgrades"] == (["websocket"] if transport == "polling" else [])
            assert session.opened["pingInterval"] == sio.CALM["ping_ms"]
            assert session.opened["pingTimeout"] == sio.CALM["ping_timeout_ms"]
            assert session.opened["maxPayload"] >= 10_000

    parlour.run(talk())


def test_what_is_polled_is_text_that_no_cache_keeps(calm):
    async def talk():
        answer = await sio.request(calm, "GET", sio.query())
        assert answer.headers["content-type"].lower() == "text/plain; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert (await sio.request(calm, "GET", sio.query(t="abc123", other="1"))).status == 200

    parlour.run(talk())


def test_no_two_sessions_have_one_id(calm):
    async def talk():
        sessions = [await Session.open(calm, transport) for transport in ["polling", "websocket"] * 4]
        assert len({session.sid for session in sessions}) == 8
        for session in sessions:
            await session.__aexit__()

    parlour.run(talk())


@pytest.mark.parametrize(
    "method, fields, refusal",
    [
        ("GET", {"transport": None}, TRANSPORT_UNKNOWN),
        ("GET", {"transport": ""}, TRANSPORT_UNKNOWN),
        ("GET", {"transport": "abc"}, TRANSPORT_UNKNOWN),
        ("GET", {"EIO": None}, UNSUPPORTED),
        ("GET", {"EIO": "3"}, UNSUPPORTED),
        ("GET", {"EIO": "5"}, UNSUPPORTED),
        ("GET", {"EIO": "abc"}, UNSUPPORTED),
        ("POST", {}, BAD_METHOD),
        ("PUT", {}, BAD_METHOD),
        ("DELETE", {}, BAD_METHOD),
        ("GET", {"transport": "websocket"}, BAD_REQUEST),
        ("GET", {"sid": "abc"}, SESSION_UNKNOWN),
        ("POST", {"sid": "abc"}, SESSION_UNKNOWN),
    ],
)
def test_a_request_that_opens_nothing_is_told_why(calm, method, fields, refusal):
    async def talk():
        body = b"4" if method in ("POST", "PUT") else None
        assert_refused(await sio.request(calm, method, sio.query(**fields), body), refusal)

    parlour.run(talk())


@pytest.mark.parametrize(
    "fields", [{"EIO": None}, {"EIO": "3"}, {"EIO": "abc"}, {"transport": "abc"}, {"transport": "polling"}, {"sid": "abc"}]
)
def test_a_websocket_that_opens_nothing_is_ended_without_a_packet(calm, fields):
    async def talk():
        # By its document a server closes the connection; some say so before it is one, by a status.
        assert await sio.refusal_of_websocket(calm, **fields) in (400, 1000, 1002, 1005, 1006)

    parlour.run(talk())


# Messages.


@every
def test_messages_go_both_ways(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.join()
            for ack in range(5):
                packets = await session.ask(ack)
                assert all(isinstance(packet, str) and packet[0] == "4" for packet in packets), packets

    parlour.run(talk())


@every
def test_what_is_sent_together_is_heard_in_its_order(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.join()
            await session.say(*map(sio.heartbeat, range(12)))
            acks = [packet for packet in await session.until("43/game,11[") if packet.startswith("43")]
            assert [packet.split("[")[0] for packet in acks] == [f"43/game,{ack}" for ack in range(12)]

    parlour.run(talk())


def test_a_poll_waits_until_there_is_something(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.join()
            waiting = asyncio.create_task(session.poll())
            await session.say(sio.heartbeat(1))
            answer = await asyncio.wait_for(waiting, parlour.DEADLINE)
            assert answer.status == 200 and b"/game" in answer.body

    parlour.run(talk())


def test_a_post_is_answered_ok(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            answer = await session.post("6")
            assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"ok", "text/html")

    parlour.run(talk())


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain;charset=UTF-8"}, {"Content-Type": "text/plain"}])
def test_a_post_is_text_also_when_it_does_not_say_so(calm, headers):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.join()
            answer = await session.post('42/game,1["game:heartbeat",{"message_id":"grüße €🎲"}]', headers)
            assert (answer.status, answer.body) == (200, b"ok")
            await session.until("43/game,1[")

    parlour.run(talk())


@every
def test_bytes_are_a_packet_of_their_own(calm, transport):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.join()
            await session.say('452-/game,1["blob",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', b"\x00\xff", b"")
            await session.until("43/game,1[")
            await session.ask(2)

    parlour.run(talk())


@every
def test_bytes_and_text_come_back_as_they_went(echoing, transport):
    async def talk():
        async with await Session.open(echoing, transport) as session:
            await session.join()
            text, blob = "grüße €🎲 \u2028 \x7f", bytes(range(256))
            await session.say(f"451-/game,{json.dumps(['echo', {'_placeholder': True, 'num': 0}, text])}", blob)
            packets = await session.until(lambda packet: isinstance(packet, bytes))
            assert json.loads(packets[0].removeprefix("451-/game,")) == ["echoed", {"_placeholder": True, "num": 0}, text]
            assert packets[1:] == [blob]

    parlour.run(talk())


@both
@pytest.mark.parametrize("packet", ["", "7", "abc", "9abc", " 4", "2", "2probe"])
def test_what_is_no_packet_for_a_server_ends_the_session(calm, transport, packet):
    async def talk():
        session = await Session.open(calm, transport)
        await session.join()
        await session.say(packet)
        await session.end()

    parlour.run(talk())


@pytest.mark.parametrize("payload", ["6\x1e", "\x1e6", "6\x1e\x1e6", "bAA!", "6\x1e7"])
def test_one_bad_packet_of_a_payload_ends_the_session(calm, payload):
    async def talk():
        session = await Session.open(calm, "polling")
        await session.join()
        waiting = asyncio.create_task(session.poll())
        answer = await session.post(payload)
        assert (answer.status, answer.body) == (200, b"ok")
        answer = await asyncio.wait_for(waiting, parlour.DEADLINE)
        # Whichever was first there: the news of the end, or the end.
        assert answer.status == 400 or sio.split(answer.body)[-1] == "1", answer
        await is_gone(session)

    parlour.run(talk())


@both
@pytest.mark.parametrize("packet", ["6", "3", "0"])
def test_packets_that_mean_nothing_here_change_nothing(calm, transport, packet):
    async def talk():
        async with await Session.open(calm, transport) as session:
            await session.join()
            await session.say(packet)
            await session.ask(1)

    parlour.run(talk())


def test_a_payload_of_the_old_binary_form_ends_the_session(calm):
    async def talk():
        session = await Session.open(calm, "polling")
        answer = await session.post(b"4", {"Content-Type": "application/octet-stream"})
        assert answer.status == 400
        await is_gone(session)

    parlour.run(talk())


def test_two_polls_at_once_end_the_session(calm):
    async def talk():
        session = await Session.open(calm, "polling")
        await session.join()
        first, second = sorted(await asyncio.gather(session.poll(), session.poll()), key=lambda answer: answer.status)
        assert (first.status, first.body, second.status) == (200, b"1", 400), (first, second)
        await is_gone(session)

    parlour.run(talk())


def test_two_posts_at_once_end_the_session(calm):
    async def talk():
        session = await Session.open(calm, "polling")
        await session.join()
        with sio.half_sent_post(calm, sio.query(sid=session.sid), 100):
            assert (await session.post("6")).status == 400
            await is_gone(session)

    parlour.run(talk())


def test_another_method_is_no_way_to_speak_to_a_session(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            answer = await sio.request(calm, "PUT", sio.query(sid=session.sid), b"6")
            assert answer.status == sio.DIFFERENCES["other_method"][calm.kind]

    parlour.run(talk())


def test_a_body_that_is_too_long_is_refused_and_nothing_of_it_heard(calm):
    async def talk():
        async with await Session.open(calm, "polling") as session:
            await session.join()
            answer = await session.post(sio.heartbeat(1) + "\x1e" + "6" * session.opened["maxPayload"])
            assert answer.status == 413
            assert not [packet for packet in await session.ask(2) if packet.startswith("43/game,1[")]

    parlour.run(talk())


def test_a_websocket_message_that_is_too_long_ends_the_session_with_1009(calm):
    async def talk():
        session = await Session.open(calm, "websocket")
        await session.join()
        await session.say("4" + "x" * (session.opened["maxPayload"] + 1))
        with pytest.raises(sio.Ended) as ended:
            await session.hear()
        assert ended.value.how == 1009
        await is_gone(session)

    parlour.run(talk())


# The heartbeat. What takes time is done at the same time.


def seconds(server, *names):
    """How long these settings are together, less what the clocks of two programs may round."""
    return sum(server.settings[name] for name in names) / 1000 - 0.05


def test_a_client_that_answers_pings_stays(quick):
    async def stay(transport):
        begun = time.monotonic()
        async with await Session.open(quick, transport) as session:
            await session.join()
            for round in range(1, 10):
                assert await session.hear() == "2"
                # Each one an interval after the answer to the one before.
                assert time.monotonic() - begun >= round * seconds(quick, "ping_ms")
                await session.say("3")
            assert time.monotonic() - begun > seconds(quick, "ping_ms", "ping_timeout_ms")

    async def talk():
        await asyncio.gather(*map(stay, sio.TRANSPORTS))

    parlour.run(talk())


def test_a_client_that_answers_no_ping_is_given_up(quick):
    async def be_silent(transport):
        begun = time.monotonic()
        session = await Session.open(quick, transport)
        await session.join()
        assert await session.end() == ["2"]
        assert time.monotonic() - begun >= seconds(quick, "ping_ms", "ping_timeout_ms")

    async def talk_only():
        session = await Session.open(quick, "websocket")
        await session.join()
        with pytest.raises(sio.Ended):
            for ack in range(1_000_000):
                await session.ask(ack)
        await is_gone(session)

    async def say_goodbye():
        session = await Session.open(quick, "websocket")
        await session.join()
        await session.say("1")
        assert all(packet == "2" for packet in await session.end())

    async def never_poll():
        session = await Session.open(quick, "polling")
        async with asyncio.timeout(parlour.DEADLINE):
            # A session that is there takes what means nothing.
            while (answer := await session.post("6")).status == 200:
                await asyncio.sleep(0.05)
        assert_refused(answer, SESSION_UNKNOWN)

    async def talk():
        await asyncio.gather(*map(be_silent, sio.TRANSPORTS), talk_only(), say_goodbye(), never_poll())

    parlour.run(talk())


# The end.


def test_a_close_packet_ends_a_session_that_polls(calm):
    async def talk():
        session = await Session.open(calm, "polling")
        await session.join()
        waiting = asyncio.create_task(session.poll())
        answer = await session.post("1")
        assert (answer.status, answer.body) == (200, b"ok")
        answer = await asyncio.wait_for(waiting, parlour.DEADLINE)
        assert (answer.status, answer.body) == (200, b"6") or answer.status == 400
        await is_gone(session)
        assert_refused(await session.post("6"), SESSION_UNKNOWN)

    parlour.run(talk())


def test_a_close_packet_on_a_websocket_is_heeded_or_overheard(calm):
    async def talk():
        session = await Session.open(calm, "websocket")
        await session.join()
        await session.say("1")
        if sio.DIFFERENCES["close_packet_on_websocket"][calm.kind] == "heeded":
            assert await session.end() == []
        else:
            await session.ask(1)
            await session.__aexit__()

    parlour.run(talk())


def test_a_websocket_that_closes_ends_its_session(calm):
    async def talk():
        session = await Session.open(calm, "websocket")
        await session.join()
        await session.websocket.close()
        async with asyncio.timeout(parlour.DEADLINE):
            while (await session.poll()).json()["code"] != 1:
                await asyncio.sleep(0.01)
        assert await sio.refusal_of_websocket(calm, sid=session.sid) in (400, 1000, 1005)

    parlour.run(talk())
