"""Who asks too much is told so, and when to go on; who does not is not slowed; nothing grows without end, and every request
gets its one answer. Small limits, so that a test reaches them at once; those of users and addresses apart from those of
connections."""

import contextlib
import pathlib
import time

import pytest

import parlour
import raw
import tokens
from codes import assert_typed
from prometheus import metrics
from raw import Ended, Wire

WIDE = 1_000_000


@pytest.fixture
def limited(make_server, tmp_path):
    """A function that starts a server with these limits, on one loop: each loop has its own buckets for users and addresses."""

    def start(name="limited", prefix=(), args=(), **limits):
        folder = tmp_path / name
        folder.mkdir()
        lines = "".join(f"{key} = {value}\n" for key, value in ({"shards": 1} | limits).items())
        (folder / "parlour.toml").write_text(f"[limits]\n{lines}")
        return make_server(name, prefix=prefix, args=args)

    return start


def pings(first, count):
    return b"".join(raw.message({"type": "ping", "ref": str(at)}) for at in range(first, first + count))


def acks(wire, count):
    """The next so many acks, by their refs."""
    got = {}
    while len(got) < count:
        payload = wire.next_of("ack")["payload"]
        assert payload["ref"] not in got, "answered twice"
        got[payload["ref"]] = payload
    return got


def is_limited(payload):
    return payload["status"] == "error" and payload["code"] == "rate_limited"


def assert_works_again(wire, refused):
    """After as long as the refusal says, the same request succeeds."""
    assert_typed(refused, "rate_limited")
    time.sleep(refused["retry_after_ms"] / 1000)
    assert wire.ask({"type": "ping", "ref": refused["ref"]})["status"] == "ok"


def test_a_flood_on_a_connection_is_answered_message_by_message_and_goes_on_when_it_was_told(limited):
    server = limited(connection_tokens=100, connection_tokens_per_s=50)
    with Wire.greeted(server, tokens.good(server, "ada")) as ada, Wire.greeted(server, tokens.good(server, "bob")) as bob:
        ada.send(pings(0, 600))
        for at in range(40):
            assert bob.ask({"type": "ping", "ref": f"b{at}"})["status"] == "ok", "who does not flood is not limited"
        got = acks(ada, 600)
        assert set(got) == {str(at) for at in range(600)}
        passed = [ref for ref, payload in got.items() if payload["status"] == "ok"]
        assert len(passed) >= 100 and all(got[str(at)]["status"] == "ok" for at in range(100)), len(passed)
        refused = [payload for payload in got.values() if is_limited(payload)]
        assert len(passed) + len(refused) == 600 and len(refused) >= 100
        assert_works_again(ada, refused[-1])
        said = metrics(server)
        assert said['parlour_rate_limited_total{kind="connection"}'] == len(refused)


def test_a_user_has_one_bucket_over_all_connections_and_http(limited):
    server = limited(user_tokens=60, user_tokens_per_s=1)
    ada = tokens.good(server, "ada")
    bob = tokens.good(server, "bob")
    with Wire.greeted(server, ada) as one, Wire.greeted(server, ada) as two, Wire.greeted(server, bob) as other:
        one.send(pings(0, 40))
        assert all(payload["status"] == "ok" for payload in acks(one, 40).values())
        two.send(pings(0, 40))
        got = acks(two, 40)
        assert [is_limited(got[str(at)]) for at in (0, 39)] == [False, True]
        assert other.ask({"type": "ping", "ref": "b"})["status"] == "ok"
        answer = server.http("GET", "/v1/rooms/nowhere", token=ada)
        said = answer.json()
        assert (answer.status, said["code"]) == (429, "rate_limited")
        assert int(answer.headers["retry-after"]) * 1000 >= said["retry_after_ms"] > 0
        assert server.http("GET", "/v1/rooms/nowhere", token=bob).status == 404
        assert_works_again(one, acks_of(one, {"type": "ping", "ref": "x"}))


def test_on_several_loops_the_connections_of_a_user_are_counted_in_one_place(limited):
    server = limited(shards=4, user_tokens=60, user_tokens_per_s=1, connections_per_user=4)
    for user in ("ada", "bob", "cem", "dee"):
        token = tokens.good(server, user)
        with contextlib.ExitStack() as open_ones:
            wires = [open_ones.enter_context(Wire.greeted(server, token)) for _ in range(4)]
            with Wire.open(server, token) as fifth:
                assert_typed(fifth.next()["payload"], "too_many_connections")
            for wire in wires:
                wire.send(pings(0, 30))
            passed = sum(payload["status"] == "ok" for wire in wires for payload in acks(wire, 30).values())
            assert 60 <= passed < 80, f"{passed} of 120 requests, and a bucket holds 60"


def test_a_connection_asks_the_journal_only_so_much_at_a_time_and_others_are_not_kept_waiting(limited):
    server = limited(lookups_per_connection=3)
    with Wire.greeted(server, tokens.good(server, "ada")) as ada, Wire.greeted(server, tokens.good(server, "bob")) as bob:
        ada.send(b"".join(raw.message({"type": "list_rooms", "ref": str(at)}) for at in range(50)))
        assert bob.ask({"type": "list_rooms", "ref": "b"})["status"] == "ok"
        got = acks(ada, 50)
        refused = [payload for payload in got.values() if payload["status"] == "error"]
        for payload in refused:
            assert_typed(payload, "too_many_waiting")
        assert 3 <= 50 - len(refused) < 50, f"{len(refused)} of 50 were refused"
        assert ada.ask({"type": "list_rooms", "ref": "again"})["status"] == "ok"


def test_on_several_loops_too_a_connection_follows_only_so_many_rooms(limited):
    server = limited(shards=4, rooms_per_connection=5)
    rooms = [f"r{at}" for at in range(20)]
    with Wire.greeted(server, tokens.good(server, "ada")) as ada:
        for room in rooms:
            assert ada.ask({"type": "open_room", "ref": room, "payload": {"kind": "cards", "room_id": room}})["status"] == "ok"
        join = lambda room: {"type": "join_room", "ref": room, "payload": {"room_id": room, "as": "spectator"}}  # noqa: E731
        ada.send(b"".join(raw.message(join(room)) for room in rooms))
        got = acks(ada, len(rooms))
        followed = [room for room in rooms if got[room]["status"] == "ok"]
        assert len(followed) == 5 and all(got[room]["code"] == "too_many_followed" for room in rooms if room not in followed)
        # All at once: it leaves them, and goes into as many others.
        others = [room for room in rooms if room not in followed][:5]
        leave = lambda room: {"type": "unsubscribe", "ref": f"-{room}", "payload": {"room_id": room}}  # noqa: E731
        ada.send(b"".join(raw.message(leave(room)) for room in followed) + b"".join(raw.message(join(room)) for room in others))
        got = acks(ada, 10)
        assert all(payload["status"] == "ok" for payload in got.values()), got


def acks_of(wire, request):
    """Asks until it is refused."""
    while (said := wire.ask(request))["status"] == "ok":
        pass
    return said


def test_an_address_has_one_bucket_over_all_users_and_a_proxy_here_is_believed_about_it(limited):
    server = limited(address_tokens=60, address_tokens_per_s=20)

    def come(user, address):
        wire = Wire.open(server, tokens.good(server, user), headers={"X-Forwarded-For": f"10.1.1.1, {address}"})
        assert wire.next()["type"] == "connected"
        return wire

    with come("ada", "192.0.2.1") as ada, come("bob", "192.0.2.1") as bob, come("eve", "192.0.2.2") as eve:
        ada.send(pings(0, 100))
        refused = [payload for payload in acks(ada, 100).values() if is_limited(payload)]
        assert refused
        said = acks_of(bob, {"type": "ping", "ref": "b"})
        eve.send(pings(0, 50))
        assert all(payload["status"] == "ok" for payload in acks(eve, 50).values()), "another address"
        assert_works_again(bob, said)


def test_who_goes_on_all_the_same_is_closed_and_every_message_before_was_answered(limited):
    server = limited(connection_tokens=20, connection_tokens_per_s=1, strikes=50, strikes_ms=60000)
    with Wire.greeted(server, tokens.good(server, "ada")) as ada:
        ada.send(pings(0, 500))
        got = []
        with pytest.raises(Ended) as ended:
            while True:
                got.append(ada.next_of("ack")["payload"]["ref"])
        assert (ended.value.code, ended.value.reason) == (1008, "too many requests")
        assert got == [str(at) for at in range(20 + 51)], "one answer each, in order, up to the last strike"
    assert metrics(server)['parlour_connections_closed_total{code="1008"}'] == 1


@pytest.mark.parametrize("junk", [raw.frame("nonsense"), raw.frame(b"\x01", raw.BINARY), raw.message({"type": "ping", "v": 7})])
def test_junk_without_end_is_closed(limited, junk):
    server = limited(strikes=30, strikes_ms=60000)
    with Wire.greeted(server, tokens.good(server, "ada")) as ada, Wire.greeted(server, tokens.good(server, "bob")) as bob:
        ada.send(junk * 200)
        errors = []
        with pytest.raises(Ended) as ended:
            while True:
                errors.append(ada.next())
        assert ended.value.code == 1008 and len(errors) == 31 and {said["type"] for said in errors} == {"error"}
        assert bob.ask({"type": "ping", "ref": "b"})["status"] == "ok"


def test_pings_without_end_are_not_answered_without_end(limited):
    server = limited(connection_tokens=20, connection_tokens_per_s=1, strikes=30, strikes_ms=60000)
    with Wire.greeted(server, tokens.good(server, "ada")) as ada:
        ada.send(raw.frame(b"", raw.PING) * 200)
        pongs = 0
        while (said := ada.frame())[0] == raw.PONG:
            pongs += 1
        assert (pongs, said[0]) == (20, raw.CLOSE)


def test_a_long_message_counts_as_many(limited):
    server = limited(connection_tokens=10, connection_tokens_per_s=1, token_bytes=1024)
    with Wire.greeted(server, tokens.good(server, "ada")) as ada:
        said = ada.ask({"type": "ping", "ref": "long", "payload": {"room_id": "x" * 8000}})
        assert said["status"] == "ok"
        ada.send(pings(0, 5))
        got = acks(ada, 5)
        assert [is_limited(got[str(at)]) for at in (0, 4)] == [False, True]


def test_a_user_opens_only_so_many_rooms_at_a_time_and_a_refused_one_opens_later(limited):
    server = limited(opening_tokens=3, opening_tokens_per_s=1)

    def opening(at):
        return {"type": "open_room", "ref": f"o{at}", "id": f"o{at}", "payload": {"kind": "cards", "room_id": f"r{at}"}}

    with Wire.greeted(server, tokens.good(server, "ada")) as ada:
        assert [ada.ask(opening(at))["status"] for at in range(3)] == ["ok"] * 3
        refused = next(said for at in range(3, 30) if (said := ada.ask(opening(at)))["status"] == "error")
        assert_typed(refused, "opening_too_fast")
        assert ada.ask(opening(0))["dup"] is True, "what is open already costs nothing"
        time.sleep(refused["retry_after_ms"] / 1000)
        assert ada.ask(opening(refused["ref"][1:]))["dup"] is False


def test_an_address_opens_only_so_many_rooms_at_a_time_however_many_guests_come_from_it(limited):
    server = limited(args=["--compat"], shards=2, address_opening_tokens=3, address_opening_tokens_per_s=1)
    with contextlib.ExitStack() as stack:
        guests = [stack.enter_context(Wire(server)) for _ in range(24)]
        for guest in guests:
            guest.send(raw.upgrade_request("/ws"))
            assert guest.response().status == 101
        assert len({guest.next_of("connected")["payload"]["user_id"] for guest in guests}) == len(guests)
        begun = time.monotonic()
        for at, guest in enumerate(guests):
            guest.send(raw.message({"type": "join_room", "ref": f"{at}", "payload": {"room_id": f"room-{at}"}}))
        answers = [guest.next_of("ack")["payload"] for guest in guests]
        most = 2 * (3 + time.monotonic() - begun)
        opened = [answer for answer in answers if answer["status"] != "error"]
        refused = [answer for answer in answers if answer["status"] == "error"]
        assert 6 <= len(opened) <= most, "on each loop three, and one more each second"
        for answer in refused:
            assert (answer["code"], answer["reason"]) == ("RATE_LIMITED", "opening_too_fast") and answer["retry_after_ms"] > 0
            assert "address" in answer["message"] and "join one" in answer["message"]
        counted = metrics(server)
        assert counted['parlour_rate_limited_total{kind="address_opening"}'] == len(refused)
        assert counted['parlour_rate_limited_total{kind="opening"}'] == 0
        # To join what is there costs nothing, and a room of one's own only the time to wait.
        last = guests[int(refused[-1]["ref"])]
        last.send(raw.message({"type": "join_room", "ref": "there", "payload": {"room_id": opened[0]["room_id"]}}))
        assert last.next_of("ack")["payload"]["status"] == "delivered"

        def opens():
            time.sleep(refused[-1]["retry_after_ms"] / 1000)
            last.send(raw.message({"type": "join_room", "ref": "own", "payload": {"room_id": f"room-{refused[-1]['ref']}"}}))
            return last.next_of("ack")["payload"]["status"] == "delivered"

        parlour.poll(opens, "a token for a room of one's own")


def test_a_user_has_only_so_many_connections_and_is_told(limited):
    server = limited(connections_per_user=2)
    ada = tokens.good(server, "ada")
    with Wire.greeted(server, ada) as one, Wire.greeted(server, ada), Wire.greeted(server, tokens.good(server, "bob")):
        with Wire.open(server, ada) as third:
            assert_typed(third.next()["payload"], "too_many_connections")
            with pytest.raises(Ended) as ended:
                third.next()
            assert (ended.value.code, ended.value.reason) == (1013, "too_many_connections")
        one.socket.close()
        parlour.poll(lambda: greets(server, ada), "the place that came free")


def greets(server, token):
    with Wire.open(server, token) as wire:
        return wire.next()["type"] == "connected"


def test_beyond_all_connections_the_door_says_503_and_http_counts_like_the_others(limited):
    server = limited(connections=4)
    ada = tokens.good(server, "ada")
    with contextlib.ExitStack() as stack:
        stack.enter_context(Wire.greeted(server, ada))
        for _ in range(3):
            http = stack.enter_context(Wire(server))
            http.send(raw.http_request("GET", "/healthz"))
            assert http.response().status == 200
        with Wire(server) as one_more:
            one_more.send(raw.upgrade_request(token=ada))
            answer = one_more.response()
            assert (answer.status, answer.headers["retry-after"]) == (503, "5") and b"connections" in answer.body
            assert one_more.until_eof() == b""
        http.socket.close()
        parlour.poll(lambda: door_lets_in(server, ada), "the place that came free")


def door_lets_in(server, token):
    with contextlib.suppress(AssertionError), Wire.open(server, token):
        return True
    return False


def test_an_address_has_only_so_many_connections_whatever_they_speak(limited):
    server = limited(connections_per_address=2)
    ada = tokens.good(server, "ada")
    here = {"X-Forwarded-For": "192.0.2.1"}
    with Wire.open(server, ada, headers=here), Wire.open(server, ada, headers=here), Wire(server) as third:
        third.send(raw.upgrade_request(token=ada, headers=here))
        assert third.response().status == 429
        with Wire.open(server, ada, headers={"X-Forwarded-For": "192.0.2.2"}):
            pass


def test_http_requests_of_an_address_are_limited_and_told_when_to_come_again(limited):
    server = limited(arrival_tokens=1000, arrival_tokens_per_s=1)
    there = {"X-Forwarded-For": "192.0.2.1"}
    with Wire(server) as http:
        http.send(raw.http_request("GET", "/healthz", there) * 1001)
        answers = [http.response() for _ in range(1001)]
        assert [answer.status for answer in answers[:1000]] == [200] * 1000 and answers[-1].status == 429
        assert answers[-1].headers["retry-after"] == "1"
    assert server.http("GET", "/healthz").status == 200


def test_a_body_that_trickles_is_ended(limited):
    server = limited(body_ms=300)
    with Wire(server) as http:
        head = f"POST /v1/rooms HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {tokens.good(server, 'ada')}\r\n"
        http.send(f"{head}Content-Length: 1000\r\n\r\n{{".encode())
        answer = trickle(http, b" ")
        assert (answer.status, answer.json()["code"]) == (408, "too_slow")


def test_the_head_of_a_second_request_that_trickles_is_ended(limited):
    server = limited(silence_ms=500, ping_ms=200)
    with Wire(server) as http:
        http.send(raw.http_request("GET", "/healthz"))
        assert http.response().status == 200
        http.send(b"GET /healthz HTTP/1.1\r\nX: ")
        assert trickle(http, b"x") is None


def test_a_first_head_that_trickles_is_ended(limited):
    server = limited(head_ms=300)
    with Wire(server) as http:
        http.send(b"GET /healthz HTTP/1.1\r\nX: ")
        assert trickle(http, b"x").status == 408


def trickle(wire, byte):
    """Sends one byte again and again until an answer comes, or the end: None."""
    deadline = time.monotonic() + parlour.DEADLINE
    wire.socket.settimeout(0.02)
    while time.monotonic() < deadline:
        try:
            wire.socket.sendall(byte)
            if not (data := wire.socket.recv(1 << 16)):
                return None
            wire.buffer += data
            return wire.response()
        except TimeoutError:
            continue
        except ConnectionError:
            return None
    raise AssertionError("it may trickle on and on")


def resident(server):
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def test_memory_stays_where_it_was_while_somebody_floods_and_does_not_read(limited):
    server = limited(strikes=WIDE, output_bytes=65536)
    with Wire.greeted(server, tokens.good(server, "ada")) as ada, Wire.greeted(server, tokens.good(server, "bob")) as bob:
        before, sent, flood = resident(server), 0, pings(0, 2000)
        ada.socket.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            while sent < 64 << 20:
                sent += ada.socket.send(flood)
        for at in range(20):
            assert bob.ask({"type": "ping", "ref": f"b{at}"})["status"] == "ok"
        grown = resident(server) - before
        print(f"flood: {sent >> 10} KiB taken before it was not read any more, RSS {before} KiB and {grown} KiB more")
        assert sent < 64 << 20 and grown < 16 << 10


def test_out_of_file_descriptors_it_waits_and_accepts_again(limited):
    server = limited(prefix=("sh", "-c", 'ulimit -n 48; "$@"; exit $?', "sh"))
    ada = tokens.good(server, "ada")
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire(server)) for _ in range(60)]
        parlour.poll(lambda: "cannot accept connections" in server.err, "the system to have no more room")
        late = wires[-1]
        late.send(raw.upgrade_request(token=ada))
        late.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            late.socket.recv(1)
        for wire in wires[:50]:
            wire.socket.close()
        assert late.response().status == 101
        assert late.next()["type"] == "connected"
    assert server.http("GET", "/readyz").status == 200
