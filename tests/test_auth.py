"""Who somebody is comes from a token in one of its places; a refused one is told why, and what it may not do is refused."""

import hashlib
import os
import stat
import time

import pytest

import parlour
import raw
import tokens
from codes import assert_typed
from raw import Ended, Wire, frame

SECRET = b"a secret of the test's own, 32 bytes and more"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all of it. In the end no token that it was sent stands in what it printed."""
    server = parlour.Server(tmp_path_factory.mktemp("auth")).start()
    server.seen = []
    yield server
    printed = server.out + server.err
    assert server.seen and not [token for token in server.seen if token in printed or token.split(".")[-1] in printed]
    assert tokens.secret_of(server).decode() not in printed
    assert server.stop() == 0


def token(server, sub="ada", **claims):
    made = tokens.good(server, sub, **claims)
    server.seen.append(made)
    return made


def assert_refused(wire, code):
    """One error with its code, then close 1008: a browser, which is never shown a failed handshake's body, can read why."""
    said = wire.next()
    assert said["type"] == "error", said
    assert_typed(said["payload"], code)
    with pytest.raises(Ended) as ended:
        wire.next()
    assert (ended.value.code, ended.value.reason) == (1008, code)


NOW = int(time.time())
BAD = {
    "another secret": lambda server: tokens.sign(b"x" * 32, {"sub": "ada", "exp": NOW + 999}),
    "no signature": lambda server: tokens.sign(None, {"sub": "ada", "exp": NOW + 999}),
    "alg none": lambda server: tokens.sign(None, {"sub": "ada", "exp": NOW + 999}, {"alg": "none", "typ": "JWT"}),
    "alg None": lambda server: tokens.sign(tokens.secret_of(server), {"sub": "ada", "exp": NOW + 999}, {"alg": "None"}),
    "HS512": lambda server: tokens.sign(
        tokens.secret_of(server), {"sub": "ada", "exp": NOW + 999}, {"alg": "HS512"}, hashlib.sha512
    ),
    "no alg": lambda server: tokens.sign(tokens.secret_of(server), {"sub": "ada", "exp": NOW + 999}, {"typ": "JWT"}),
    "claims that are no object": lambda server: tokens.sign(tokens.secret_of(server), ["ada"]),
    "cut off": lambda server: token(server)[:-1],
    "one part": lambda server: token(server).split(".")[0],
    "words": lambda server: "let-me-in",
    "nobody": lambda server: token(server, ""),
    "no sub": lambda server: token(server, None),
    "a sub that is a number": lambda server: token(server, 5),
    "a sub that is too long": lambda server: token(server, "a" * 129),
    "a bot's sub": lambda server: token(server, "bot:random:1"),
    "no exp": lambda server: token(server, exp=None),
    "an exp in words": lambda server: token(server, exp="tomorrow"),
    "a role nobody has": lambda server: token(server, role="emperor"),
    "a role that is no text": lambda server: token(server, role=["admin"]),
    "a name that is no text": lambda server: token(server, name=["Ada"]),
    "not valid before an hour": lambda server: token(server, nbf=NOW + 3600),
}


@pytest.mark.parametrize("name", BAD)
def test_a_token_that_is_not_valid_is_refused_in_every_place(server, name):
    bad = BAD[name](server)
    protocol = {"Sec-WebSocket-Protocol": f"parlour.v1, parlour.token.{bad}"}
    for headers in ({"Authorization": f"Bearer {bad}"}, protocol, {"Cookie": f"parlour_token={bad}"}):
        with Wire.open(server, headers=headers) as wire:
            assert_refused(wire, "authentication_failed")
    with Wire.open(server) as wire:
        wire.say({"type": "auth", "payload": {"token": bad}})
        assert_refused(wire, "authentication_failed")
    for method, path in [("GET", "/v1/rooms"), ("POST", "/v1/rooms"), ("DELETE", "/v1/rooms/x"), ("GET", "/v1/rooms/x/replay")]:
        answer = server.http(method, path, {"kind": "cards"} if method == "POST" else None, token=bad)
        assert answer.status == 401, answer
        assert_typed(answer.json(), "authentication_failed")


def test_a_token_that_has_expired_is_called_expired(server):
    old = token(server, exp=NOW - 60)
    with Wire.open(server, old) as wire:
        assert_refused(wire, "token_expired")
    answer = server.http("GET", "/v1/rooms", token=old)
    assert answer.status == 401
    assert_typed(answer.json(), "token_expired")


def test_a_connection_ends_when_its_token_does(make_server):
    server = make_server("exact", env={"PARLOUR_LIMITS__JWT_LEEWAY_S": "0"})
    with Wire.greeted(server, tokens.good(server, "ada", exp=int(time.time()) + 1)) as wire:
        assert_refused(wire, "token_expired")


def test_a_refused_auth_with_a_ref_is_answered_to_it_before_the_close(server):
    with Wire.open(server) as wire:
        wire.say({"type": "auth", "ref": "a", "payload": {"token": "x"}})
        wire.say({"type": "ping", "ref": "too late"})
        said = wire.next()
        assert (said["type"], said["payload"]["ref"], said["payload"]["status"]) == ("ack", "a", "error")
        assert_typed(said["payload"], "authentication_failed")
        assert wire.close_code() == 1008


OTHER_CLAIMS = [{}, {"aud": "them"}, {"aud": ["them", "us"]}, {"iss": "them"}, {"nbf": NOW - 9}, {"more": {"a": 1}}]


@pytest.mark.parametrize("claims", OTHER_CLAIMS, ids=str)
def test_a_good_token_is_taken_from_each_of_its_places(server, claims):
    good = token(server, **claims)
    for headers, chosen in [
        ({"Authorization": f"Bearer {good}"}, None),
        ({"Cookie": f"theme=dark; parlour_token={good}; a=b"}, None),
        ({"Sec-WebSocket-Protocol": f"parlour.v1, parlour.token.{good}"}, "parlour.v1"),
        ({"Sec-WebSocket-Protocol": f"parlour.token.{good}"}, f"parlour.token.{good}"),
    ]:
        with Wire(server) as wire:
            wire.send(raw.upgrade_request(headers=headers))
            assert wire.response().headers.get("sec-websocket-protocol") == chosen
            greeting = wire.next()
            assert (greeting["type"], greeting["payload"]["user_id"]) == ("connected", "ada")
            assert set(greeting["payload"]) == {"user_id", "session_id", "server", "limits"}


@pytest.mark.parametrize("reference", [None, "r"])
def test_auth_may_be_the_first_message(server, reference):
    with Wire.open(server) as wire:
        wire.say({"type": "auth", "payload": {"token": token(server)}} | ({"ref": reference} if reference else {}))
        assert wire.next()["type"] == "connected"
        if reference:
            assert wire.next()["payload"] == {"ref": "r", "status": "ok"}
        assert wire.ask({"type": "ping", "ref": "p"})["status"] == "ok"


def test_what_comes_right_behind_the_token_is_done_in_order(server):
    auth = {"type": "auth", "ref": "a", "payload": {"token": token(server)}}
    with Wire.open(server) as wire:
        wire.send(raw.message(auth) + raw.message({"type": "ping", "ref": "b"}) + raw.message({"type": "x", "ref": "c"}))
        came = [wire.next() for _ in range(5)]
        assert [said["type"] for said in came] == ["connected", "ack", "pong", "ack", "ack"]
        assert [said["payload"].get("ref") for said in came] == [None, "a", None, "b", "c"]


def test_before_auth_everything_is_refused_and_the_connection_stays(server):
    with Wire.open(server) as wire:
        for text in ["nope", "[]", '{"type":"ping"}', '{"type":"open_room","payload":{"kind":"cards"}}', '{"type":"auth"}']:
            wire.send(frame(text))
            said = wire.next()
            assert said["type"] == "error"
            assert_typed(said["payload"], "authentication_required")
            assert_typed(wire.ask({"type": "join_room", "ref": "r", "payload": {"room_id": "x"}}), "authentication_required")
        wire.say({"type": "auth", "payload": {"token": token(server)}})
        assert wire.next()["type"] == "connected"


def test_nobody_becomes_somebody_else_on_a_connection(server):
    with Wire.greeted(server, token(server)) as wire:
        for other, code in ((token(server, "eve"), "other_user"), ("x", "authentication_failed")):
            assert_typed(wire.ask({"type": "auth", "ref": "r", "payload": {"token": other}}), code)
        wire.say({"type": "auth", "payload": {"token": token(server, "eve")}})
        assert_typed(wire.next()["payload"], "other_user")
        opened = wire.ask({"type": "open_room", "ref": "o", "payload": {"kind": "cards"}})
        room = server.http("GET", f"/v1/rooms/{opened['room_id']}", token=token(server)).json()
        assert room["opened_by"] == "ada"


def test_who_does_not_say_who_they_are_is_let_go_after_ten_seconds(server):
    began = time.monotonic()
    with Wire.open(server) as silent, Wire.open(server) as talking:
        talking.say({"type": "ping", "ref": "r"})
        assert_typed(talking.next()["payload"], "authentication_required")
        for wire in (silent, talking):
            with pytest.raises(Ended) as ended:
                wire.next(deadline=20)
            assert (ended.value.code, ended.value.reason) == (1008, "authentication_required")
    assert time.monotonic() - began > 9, "ten seconds were promised"


def test_a_spectator_may_watch_and_nothing_else(server):
    watcher = token(server, "wanda", role="spectator")
    with Wire.greeted(server, token(server)) as ada, Wire.greeted(server, watcher) as wanda:
        assert ada.ask({"type": "open_room", "ref": "o", "payload": {"kind": "cards", "room_id": "watched"}})["status"] == "ok"
        assert_typed(wanda.ask({"type": "open_room", "ref": "o", "payload": {"kind": "cards"}}), "role_required")
        join = {"type": "join_room", "ref": "j", "payload": {"room_id": "watched"}}
        assert_typed(wanda.ask(join), "role_required")
        join["payload"]["as"] = "spectator"
        joined = wanda.ask(join)
        assert (joined["status"], joined["as"], joined.get("seat")) == ("ok", "spectator", None)
        act = {"type": "action", "ref": "a", "room": "watched", "payload": {"type": "ready"}}
        assert_typed(wanda.ask(act), "not_in_room")
        assert_typed(wanda.ask({"type": "legal", "ref": "l", "room": "watched"}), "not_in_room")
    answer = server.http("POST", "/v1/rooms", {"kind": "cards"}, token=watcher)
    assert answer.status == 403
    assert_typed(answer.json(), "role_required")
    answer = server.http("DELETE", "/v1/rooms/watched", token=watcher)
    assert answer.status == 403
    assert_typed(answer.json(), "role_required")


def test_only_the_opener_or_an_admin_closes_a_room(server):
    for closer in (token(server), token(server, "root", role="admin")):
        room = server.http("POST", "/v1/rooms", {"kind": "cards"}, token=token(server)).json()["room_id"]
        assert_typed(server.http("DELETE", f"/v1/rooms/{room}", token=token(server, "eve")).json(), "role_required")
        assert server.http("DELETE", f"/v1/rooms/{room}", token=closer).status == 200


def test_guests_are_let_in_by_demo_only(server, make_server):
    assert_typed(server.http("GET", "/v1/rooms").json(), "authentication_required")
    demo = make_server("demo", verb="demo")
    with Wire.open(demo) as one, Wire.open(demo) as two:
        users = [wire.next()["payload"]["user_id"] for wire in (one, two)]
        assert users[0] != users[1] and all(user.startswith("guest-") for user in users)
        assert one.ask({"type": "open_room", "ref": "o", "payload": {"kind": "cards"}})["status"] == "ok"
    assert demo.http("GET", "/v1/rooms").status == 200
    with Wire.open(demo, "a bad token is no guest") as wire:
        assert_refused(wire, "authentication_failed")


def test_a_guest_comes_back_as_the_same_one(make_server):
    demo = make_server("back", verb="demo")
    with Wire.open(demo) as wire:
        guest = wire.next()["payload"]
        room = wire.ask({"type": "open_room", "ref": "o", "payload": {"kind": "cards"}})["room_id"]
        assert wire.ask({"type": "join_room", "ref": "j", "payload": {"room_id": room}})["seat"] == 0
    assert demo.stop() == 0
    demo.start()
    with Wire.open(demo, guest["token"]) as wire:
        assert wire.next()["payload"]["user_id"] == guest["user_id"]
        assert wire.ask({"type": "join_room", "ref": "j", "payload": {"room_id": room}})["seat"] == 0


def test_the_journal_is_for_its_owner_only(make_server):
    old = os.umask(0)
    try:
        server = make_server("private")
    finally:
        os.umask(old)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in server.data.iterdir() if "sqlite3" in file.name}
    assert modes and set(modes.values()) == {0o600}, modes


def test_a_minted_token_says_what_the_server_is_configured_to_ask_for(make_server):
    server = make_server("asks", env={"PARLOUR_AUTH__JWT__ISSUER": "me", "PARLOUR_AUTH__JWT__AUDIENCE": "here"})
    with Wire.open(server, server.token("ada")) as wire:
        assert wire.next()["type"] == "connected"


def test_the_secret_a_server_makes_is_for_its_owner_only_and_stays(make_server):
    old = os.umask(0)
    try:
        server = make_server("own")
    finally:
        os.umask(old)
    key = server.data / "auth.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    text = key.read_text()
    assert len(text.strip()) == 64 and str(key) in server.err
    assert server.stop() == 0
    server.start()
    assert key.read_text() == text


def test_a_secret_comes_from_the_environment_a_file_or_the_settings(make_server, tmp_path):
    (tmp_path / "secret").write_bytes(SECRET + b"\n")
    (tmp_path / "inline.toml").write_text(f'[auth.jwt]\nsecret = "{SECRET.decode()}"\n')
    (tmp_path / "file.toml").write_text(f'[auth.jwt]\nsecret_file = "{tmp_path / "secret"}"\n')
    for number, options in enumerate([
        {"env": {"PARLOUR_AUTH__JWT__SECRET": SECRET.decode()}},
        {"env": {"PARLOUR_AUTH__JWT__SECRET_FILE": str(tmp_path / "secret")}},
        {"env": {"PARLOUR_CONFIG": str(tmp_path / "inline.toml")}},
        {"args": ["--config", tmp_path / "file.toml"]},
        {"env": {"PARLOUR_AUTH__JWT__SECRET": SECRET.decode(), "PARLOUR_CONFIG": os.devnull}},
    ]):
        server = make_server(f"secret-{number}", **options)
        assert not (server.data / "auth.key").exists(), options
        with Wire.greeted(server, tokens.sign(SECRET, {"sub": "ada", "exp": NOW + 999})):
            pass
        assert server.http("GET", "/v1/rooms", token=tokens.sign(b"x" * 32, {"sub": "ada", "exp": NOW + 999})).status == 401
        server.kill()


def test_issuer_and_audience_are_looked_at_where_they_are_configured(make_server):
    env = {"PARLOUR_AUTH__JWT__ISSUER": "us", "PARLOUR_AUTH__JWT__AUDIENCE": "here"}
    server = make_server("issuer", env=env)
    for more, status in [({"iss": "us", "aud": "here"}, 200), ({"iss": "us", "aud": ["there", "here"]}, 200), ({}, 401),
                         ({"iss": "us"}, 401), ({"aud": "here"}, 401), ({"iss": "them", "aud": "here"}, 401)]:
        assert server.http("GET", "/v1/rooms", token=tokens.good(server, "ada", **more)).status == status, more


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0"])
def test_listening_beyond_loopback_without_a_secret_is_refused_with_what_to_do(tmp_path, address):
    for verb in ("serve", "demo"):
        done = parlour.cli(verb, "--listen", address, "--data", tmp_path / "data", expect=78)
        assert ("PARLOUR_AUTH__JWT__SECRET_FILE" if verb == "serve" else "parlour serve") in done.stderr
        assert done.stdout == "" and not (tmp_path / "data").exists()


def test_a_secret_that_is_too_short_or_not_there_is_refused(tmp_path):
    (tmp_path / "short").write_text("x" * 31)
    name = "PARLOUR_AUTH__JWT__SECRET"
    files = [{name + "_FILE": str(tmp_path / file)} for file in ("short", "none")]
    for env in ({name: "x" * 31}, {name: ""}, *files):
        done = parlour.cli("serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "data", env=env, expect=78)
        assert "32" in done.stderr or "none" in done.stderr, done.stderr
        assert "x" * 31 not in done.stderr
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "auth.key").write_text("short")
    assert "auth.key" in parlour.cli("serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "data", expect=78).stderr
