"""Whose tokens a server believes: secrets, public keys from files and from a published set that changes, and every way to forge
one. The tokens are made here, by a library the server does not have."""

import contextlib
import hashlib
import http.server
import json
import ssl
import threading
import time

import pytest

import parlour
import tokens
from codes import assert_typed
from parlour import poll
from raw import Ended, Wire
from tokens import Keys, now

JWT = "PARLOUR_AUTH__JWT__"
AGAIN_MS = 100
"""How often the servers here fetch a set, at most."""


class Published:
    """A set of keys at an address. `keys` may be changed; `asked` counts the requests; `broken` answers with an error."""

    def __init__(self, *keys):
        self.keys, self.asked, self.broken, self.body = list(keys), 0, False, None
        published = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                published.asked += 1
                body = published.body or json.dumps({"keys": [key.jwk for key in published.keys]}).encode()
                self.send_response(500 if published.broken else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys.json"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def with_set(make_server, published, name="server", **env):
    """A server that believes a published set."""
    limits = {"PARLOUR_LIMITS__JWKS_AGAIN_MS": str(AGAIN_MS)}
    return make_server(name, env={JWT + "JWKS_URL": published.url} | limits | env)


def status(server, token):
    return server.http("GET", "/v1/rooms", token=token).status


def assert_refused(server, token, code="authentication_failed"):
    """Refused over WebSocket, typed and closed, over HTTP, and nowhere in what the server printed."""
    with Wire.open(server, token) as wire:
        said = wire.next()
        assert said["type"] == "error", said
        assert_typed(said["payload"], code)
        with pytest.raises(Ended) as ended:
            wire.next()
        assert (ended.value.code, ended.value.reason) == (1013 if code == "keys_unavailable" else 1008, code)
    answer = server.http("GET", "/v1/rooms", token=token)
    assert answer.status == (503 if code == "keys_unavailable" else 401)
    assert_typed(answer.json(), code)
    said = "keys_unavailable" if code == "keys_unavailable" else "authentication_failed"
    assert joined(server, token) == {"message": said, "data": {"code": said, "reason": code}}
    assert not [part for part in token.split(".") if part and part in server.out + server.err], "a token was printed"


def joined(server, token):
    """What a client of Socket.IO that polls is told when it joins the namespace with this token."""
    path = "/socket.io/?EIO=4&transport=polling"
    opened = server.http("GET", path)
    path += "&sid=" + json.loads(opened.body[1:])["sid"]
    assert server.http("POST", path, "40/game," + json.dumps({"token": token})).body == b"ok"
    packet = server.http("GET", path).body.decode()
    assert packet[:2] in ("40", "44"), packet
    server.http("POST", path, "1")
    return json.loads(packet[len("40/game,") :])


def assert_believed(server, token, user="ada"):
    with Wire.open(server, token) as wire:
        greeting = wire.next()
        assert (greeting["type"], greeting["payload"].get("user_id")) == ("connected", user), greeting
    assert status(server, token) == 200
    assert set(joined(server, token)) == {"sid"}


@pytest.mark.parametrize("algorithm, length", [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_is_for_one_algorithm(make_server, algorithm, length):
    secret = "s" * length
    hashes = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
    server = make_server(env={JWT + "SECRET": secret, JWT + "SECRET_ALGORITHM": algorithm})
    claims = {"sub": "ada", "exp": now() + 999}
    for other, hashed in hashes.items():
        token = tokens.sign(secret.encode(), claims, {"alg": other}, hashed)
        (assert_believed if other == algorithm else assert_refused)(server, token)
    assert_believed(server, server.token("ada"))


@pytest.mark.parametrize("kind, algorithm", [("RSA", "RS256"), ("RSA", "RS512"), ("EC", None), ("Ed25519", None)])
def test_a_public_key_is_for_one_algorithm_and_no_secret(make_server, tmp_path, kind, algorithm):
    ours, others = Keys(kind, algorithm=algorithm), Keys(kind, algorithm=algorithm)
    (tmp_path / "key.pem").write_bytes(ours.pem)
    rsa = {JWT + "RSA_ALGORITHM": algorithm} if algorithm else {}
    server = make_server(env={JWT + "PUBLIC_KEY_FILE": str(tmp_path / "key.pem")} | rsa)
    assert not (server.data / "auth.key").exists()
    assert_believed(server, ours.token())
    claims = {"sub": "ada", "exp": now() + 999}
    head, body, signature = ours.token().split(".")
    confused = [tokens.sign(ours.pem, claims, {"alg": hs}, hashed) for hs, hashed in [
        ("HS256", hashlib.sha256), ("HS384", hashlib.sha384), ("HS512", hashlib.sha512)]]
    confused += [tokens.sign(ours.pem.strip(), claims), tokens.sign(b"", claims), tokens.sign(b"\n", claims)]
    for forged in [
        *confused,
        others.token(),
        tokens.sign(None, claims, {"alg": "none"}),
        ours.token(header={"alg": "none"}),
        ours.token(header={"alg": "HS256"}),
        ours.token(header={"alg": "RS384"}),
        ours.token(header={"alg": "ES256" if kind != "EC" else "EdDSA"}),
        ours.token(header={"crit": ["exp"]}),
        # A key that a token brings itself, or says where to fetch, is nobody's.
        others.token(header={"jwk": others.jwk, "jku": "http://127.0.0.1:1/keys"}),
        f"{head}.{body}.",
        f"{head}.{body}.{'A' * len(signature)}",
        f"{head}.{ours.token('eve').split('.')[1]}.{signature}",
    ]:
        assert_refused(server, forged)


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A server that believes a set of three keys, and asks for an issuer and an audience."""
    keys = Keys("RSA", "r"), Keys("EC", "e"), Keys("Ed25519", "d")
    with Published(*keys) as published:
        env = {JWT + "JWKS_URL": published.url, JWT + "ISSUER": "us", JWT + "AUDIENCE": "here",
               "PARLOUR_LIMITS__JWKS_AGAIN_MS": str(AGAIN_MS)}
        server = parlour.Server(tmp_path_factory.mktemp("strict"), env=env).start()
        server.keys, server.published = keys, published
        yield server
        assert server.stop() == 0


GOOD = {"iss": "us", "aud": "here"}


def test_every_key_of_a_set_is_believed(strict):
    for key in strict.keys:
        assert_believed(strict, key.token(**GOOD))
        assert_believed(strict, key.token(iss="us", aud=["there", "here"]))
        # The only one of its sort needs no name.
        assert_believed(strict, key.token(header={"kid": None}, **GOOD))
    with Wire.open(strict) as wire:
        wire.say({"type": "auth", "ref": "a", "payload": {"token": strict.keys[0].token(**GOOD)}})
        wire.say({"type": "ping", "ref": "p"})
        assert [wire.next()["type"] for _ in range(4)] == ["connected", "ack", "pong", "ack"], "what came meanwhile waits"


@pytest.mark.parametrize("at", [0, 1, 2])
def test_forged_tokens_are_refused(strict, at):
    key, other = strict.keys[at], strict.keys[(at + 1) % 3]
    claims = {"sub": "ada", "exp": now() + 999} | GOOD
    for forged in [
        tokens.sign(None, claims, {"alg": "none", "kid": key.kid}),
        tokens.sign(key.pem, claims, {"alg": "HS256", "kid": key.kid}),
        key.token(header={"kid": other.kid}, **GOOD),
        Keys(["RSA", "EC", "Ed25519"][at], key.kid).token(**GOOD),
        key.token(iss="us", aud="there"), key.token(iss="us"), key.token(iss="them", aud="here"), key.token(aud="here"),
        key.token(nbf=now() + 3600, **GOOD),
        key.token(exp=None, **GOOD), key.token(None, **GOOD), key.token(role="emperor", **GOOD),
    ]:
        assert_refused(strict, forged)
    assert_refused(strict, key.token(exp=now() - 60, **GOOD), "token_expired")
    assert_refused(strict, key.token(exp=now() - 60, nbf=now() + 60, **GOOD), "token_expired")


def test_clocks_may_differ_a_little(strict):
    key = strict.keys[1]
    assert_believed(strict, key.token(exp=now() - 2, nbf=now() - 60, **GOOD))
    assert_believed(strict, key.token(nbf=now() + 3, **GOOD))


def test_a_long_token_is_refused_whatever_it_says(strict, make_server):
    key = strict.keys[2]
    assert_believed(strict, key.token(more="x" * 2000, **GOOD))
    for length in (5000, 8192):
        long = key.token(more="x" * (length * 3 // 4), **GOOD)
        assert_refused(strict, long, "token_too_long")
        with Wire.open(strict) as wire:
            wire.say({"type": "auth", "ref": "a", "payload": {"token": long}})
            assert_typed(wire.next()["payload"], "token_too_long")
            assert wire.close_code() == 1008


def test_tokens_that_name_no_known_key_are_refused_and_fetch_the_set_rarely(strict):
    key = strict.keys[1]
    before, began = strict.published.asked, time.monotonic()
    for number in range(5):
        assert_refused(strict, Keys("EC", f"unknown-{number}").token(**GOOD))
        assert_believed(strict, key.token(**GOOD))
    fetched, took = strict.published.asked - before, time.monotonic() - began
    assert 1 <= fetched <= took * 1000 / AGAIN_MS + 1, "once in so long, however many are asked for"


def test_those_who_can_be_known_do_not_wait_for_those_who_cannot(make_server):
    known, unknown = Keys("EC", "known"), Keys("EC", "unknown")
    with Published(known) as published:
        server = with_set(make_server, published, PARLOUR_LIMITS__JWKS_AGAIN_MS="1500")
        assert_believed(server, known.token())
        with Wire.open(server, unknown.token()) as waiting:
            assert_believed(server, known.token())
            published.keys.append(unknown)
            greeting = waiting.next()
            assert greeting["type"] == "connected", greeting


def test_a_key_that_is_rotated_in_is_believed_and_one_that_is_taken_out_no_more(make_server):
    old, new = Keys("RSA", "old"), Keys("RSA", "new")
    with Published(old) as published:
        server = with_set(make_server, published, PARLOUR_LIMITS__JWKS_AGE_MS="300")
        assert_believed(server, old.token())
        assert_refused(server, new.token())
        published.keys.append(new)
        assert_believed(server, new.token())
        published.keys.remove(old)
        poll(lambda: status(server, old.token()) == 401, "the old key to be gone")
        assert_refused(server, old.token())
        assert_believed(server, new.token())


def test_while_nobody_answers_for_the_keys_those_there_were_count(make_server):
    key, new = Keys("Ed25519", "a"), Keys("Ed25519", "b")
    with Published(key) as published:
        published.broken = True
        server = with_set(make_server, published, PARLOUR_LIMITS__JWKS_AGE_MS="150")
        assert_refused(server, key.token(), "keys_unavailable")
        published.broken = False
        poll(lambda: status(server, key.token()) == 200, "the keys to be there")
        for body in (b"nonsense", b"[]", b'{"keys":[' + b" " * 300_000 + b"]}", None):
            published.broken, published.body = body is None, body
            before = published.asked
            poll(lambda: published.asked > before + 1, "the set to be fetched again")
            assert_believed(server, key.token())
            assert_refused(server, new.token(), "keys_unavailable")
        assert "no keys for tokens" in server.err and server.err.count("no keys for tokens") <= 3, server.err


def test_keys_from_somebody_without_a_certificate_count_for_nothing(make_server, tmp_path):
    key = Keys("EC", "a")
    key.certify(tmp_path / "own.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem")
    with Published(key) as published:
        published.server.socket = context.wrap_socket(published.server.socket, server_side=True)
        published.url = published.url.replace("http://127.0.0.1", "https://localhost")
        server = with_set(make_server, published)
        assert_refused(server, key.token(), "keys_unavailable")
        poll(lambda: "ertificate" in server.err, "the reason to be told")
        assert published.asked == 0, "nothing was even asked of it"


def test_a_set_in_a_file_is_read_again(make_server, tmp_path):
    old, new = Keys("EC", "old"), Keys("EC", "new")
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [old.jwk]}))
    limits = {"PARLOUR_LIMITS__JWKS_AGAIN_MS": str(AGAIN_MS)}
    server = make_server(env={JWT + "JWKS_FILE": str(file), JWT + "SECRET": "s" * 32} | limits)
    assert_believed(server, old.token())
    assert_believed(server, tokens.sign(b"s" * 32, {"sub": "ada", "exp": now() + 999}))
    file.write_text(json.dumps({"keys": [new.jwk]}))
    assert_believed(server, new.token())
    assert_refused(server, old.token())


def test_configurations_that_cannot_be_are_refused_with_what_is_wrong(tmp_path):
    weak = Keys("RSA")
    private = weak.private.private_bytes(
        tokens.serialization.Encoding.PEM, tokens.serialization.PrivateFormat.PKCS8, tokens.serialization.NoEncryption())
    files = {"private.pem": private, "public.pem": weak.pem, "junk": b"junk", "empty.json": b'{"keys":[]}'}
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    for setting, value, said in [
        ("PUBLIC_KEY_FILE", "private.pem", "is a private key"),
        ("PUBLIC_KEY_FILE", "junk", "is no public key"),
        ("PUBLIC_KEY_FILE", "nowhere", "No such file"),
        ("SECRET_FILE", "public.pem", "not a secret"),
        ("JWKS_FILE", "junk", "is no set of keys"),
        ("JWKS_FILE", "empty.json", "no key that can be used"),
        ("JWKS_URL", "http://id.example/keys", "must be an address"),
        ("SECRET_ALGORITHM", "RS256", "one of HS256, HS384, HS512"),
        ("RSA_ALGORITHM", "HS256", "one of RS256"),
    ]:
        done = parlour.cli("serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "data", cwd=tmp_path,
                           env={JWT + setting: value}, expect=78)
        assert said in done.stderr and JWT + setting in done.stderr, done.stderr
    both = {JWT + "JWKS_URL": "https://id.example/", JWT + "JWKS_FILE": "empty.json"}
    assert "keep one of them" in parlour.cli("config", "check", env=both, expect=78).stderr


def admin(server):
    return server.token("root", "admin")


def test_a_newer_token_keeps_a_connection_open_and_its_end_closes_it(make_server):
    server = make_server(env={"PARLOUR_LIMITS__JWT_LEEWAY_S": "0"})
    first = tokens.good(server, "ada", exp=now() + 2)
    with Wire.greeted(server, first) as refreshed, Wire.greeted(server, first) as left:
        with Wire.greeted(server, tokens.good(server, "eve")) as eve:
            ask = {"type": "auth", "ref": "a", "payload": {"token": tokens.good(server, "ada", exp=now() + 6)}}
            assert refreshed.ask(ask)["status"] == "ok"
            assert_typed(eve.ask(ask), "other_user")
            assert_typed(left.ask(ask | {"payload": {"token": tokens.good(server, "eve")}}), "other_user")
            assert_typed(left.ask(ask | {"payload": {"token": "x"}}), "authentication_failed")
            assert_typed(left.ask(ask | {"payload": {"token": tokens.good(server, "ada", exp=now() - 9)}}), "token_expired")
            for wire, least in ((left, 0), (refreshed, 5)):
                assert_typed(wire.next_of("error")["payload"], "token_expired")
                with pytest.raises(Ended) as ended:
                    wire.next()
                assert (ended.value.code, ended.value.reason) == (1008, "token_expired")
            assert eve.ask({"type": "ping", "ref": "p"})["status"] == "ok"


def test_a_newer_token_brings_its_role(make_server):
    server = make_server(env={"PARLOUR_LIMITS__SHARDS": "2"})
    with Wire.greeted(server, tokens.good(server, "ada", role="spectator")) as ada:
        for number in range(4):
            opening = {"type": "open_room", "ref": f"o{number}", "payload": {"kind": "cards", "room_id": f"r{number}"}}
            assert_typed(ada.ask(opening), "role_required")
        ask = {"type": "auth", "ref": "a", "payload": {"token": tokens.good(server, "ada", role="player")}}
        assert ada.ask(ask)["status"] == "ok"
        for number in range(4):
            opening = {"type": "open_room", "ref": f"p{number}", "payload": {"kind": "cards", "room_id": f"r{number}"}}
            assert ada.ask(opening)["status"] == "ok", "on whichever loop the room is"


def test_revoked_tokens_count_no_more_on_any_connection_and_after_a_restart(make_server):
    server = make_server(env={"PARLOUR_LIMITS__SHARDS": "2"})
    long_ago = {"iat": now() - 60}
    mine, others = tokens.good(server, "ada", jti="t-1", **long_ago), tokens.good(server, "ada", jti="t-2", **long_ago)
    silent, bob = tokens.good(server, "ada"), tokens.good(server, "bob", jti="t-9", **long_ago)
    with Wire.greeted(server, mine) as first, Wire.open(server) as second, Wire.greeted(server, others) as third, \
            Wire.greeted(server, bob) as fourth:
        second.say({"type": "auth", "payload": {"token": mine}})
        assert second.next()["type"] == "connected"
        answer = server.http("POST", "/v1/revocations", {"jti": "t-1", "exp": now() + 3600}, token=admin(server))
        assert answer.status == 201 and answer.json()["jti"] == "t-1"
        for wire in (first, second):
            assert_typed(wire.next_of("error")["payload"], "token_revoked")
            assert wire.close_code() == 1008
        assert third.ask({"type": "ping", "ref": "p"})["status"] == "ok"
        assert_typed(third.ask({"type": "auth", "ref": "a", "payload": {"token": mine}}), "token_revoked")
        assert_refused(server, mine, "token_revoked")
        assert server.http("POST", "/v1/revocations", {"user": "ada"}, token=admin(server)).status == 201
        assert_typed(third.next_of("error")["payload"], "token_revoked")
        assert third.close_code() == 1008
        assert_refused(server, others, "token_revoked")
        assert_refused(server, silent, "token_revoked")
        assert fourth.ask({"type": "ping", "ref": "p"})["status"] == "ok"
    assert_believed(server, tokens.good(server, "ada", iat=now() + 2))
    server.kill()
    server.start()
    assert_refused(server, mine, "token_revoked")
    assert_refused(server, others, "token_revoked")
    listed = server.http("GET", "/v1/revocations", token=admin(server)).json()
    assert list(listed["tokens"]) == ["t-1"] and list(listed["users"]) == ["ada"]
    for query, removed in (("user=ada", True), ("user=ada", False), ("jti=t-1", True)):
        assert server.http("DELETE", f"/v1/revocations?{query}", token=admin(server)).json() == {"removed": removed}
    assert_believed(server, mine)
    assert_believed(server, others)


def test_a_token_that_is_minted_can_be_revoked_by_its_name(server):
    minted = server.token("ada")
    claims = tokens.read(minted, tokens.secret_of(server))
    assert server.http("POST", "/v1/revocations", {"jti": claims["jti"]}, token=admin(server)).status == 201
    assert_refused(server, minted, "token_revoked")


def test_a_token_revoked_while_its_key_is_being_fetched_is_refused(make_server):
    key, root = Keys("EC", "late"), Keys("EC", "root")
    with Published(root) as published:
        server = with_set(make_server, published, PARLOUR_LIMITS__JWKS_AGAIN_MS="1000")
        boss = root.token("root", role="admin")
        assert_believed(server, boss, "root")
        with Wire.open(server, key.token(jti="t")) as waiting:
            assert server.http("POST", "/v1/revocations", {"jti": "t"}, token=boss).status == 201
            published.keys.append(key)
            assert_typed(waiting.next()["payload"], "token_revoked")


def test_revocations_are_for_admins_and_keep_to_their_form(make_server):
    server = make_server(env={"PARLOUR_LIMITS__REVOCATIONS": "2"})
    for token, code in ((None, "authentication_required"), (tokens.good(server, "ada"), "role_required"),
                        (tokens.good(server, "ada", role="spectator"), "role_required")):
        for method, body in (("GET", None), ("POST", {"user": "ada"}), ("DELETE", None)):
            assert_typed(server.http(method, "/v1/revocations?user=ada", body, token=token).json(), code)
    boss = admin(server)
    for body in ("", "[]", "{", {}, {"jti": ""}, {"jti": 5}, {"jti": "a", "user": "b"}, {"user": "b", "exp": 5}, {"more": 1},
                 {"user": "u" * 129}, {"jti": "j" * 257}, {"user": "b", "not_before": -1}):
        answer = server.http("POST", "/v1/revocations", body, token=boss)
        assert answer.status == 400, (body, answer)
        assert_typed(answer.json(), "invalid_message")
    for query in ("", "?jti=a&user=b", "?name=x"):
        assert server.http("DELETE", f"/v1/revocations{query}", token=boss).status == 400
    for number in range(2):
        assert server.http("POST", "/v1/revocations", {"jti": f"{number}"}, token=boss).status == 201
    assert_typed(server.http("POST", "/v1/revocations", {"jti": "2"}, token=boss).json(), "too_many_revocations")
    server.stop()
    (server.data / "revocations.json").write_text("{")
    done = parlour.cli("serve", "--listen", "127.0.0.1:0", "--data", server.data, env=server.env, expect=78)
    assert "revocations.json" in done.stderr


@pytest.mark.parametrize("shards", ["1", "2"])
def test_a_second_connection_replaces_the_first_where_that_is_set(make_server, shards):
    server = make_server(env={"PARLOUR_AUTH__SECOND_CONNECTION": "replaces", "PARLOUR_LIMITS__SHARDS": shards})
    with contextlib.ExitStack() as wires:
        bob = wires.enter_context(Wire.greeted(server, tokens.good(server, "bob")))
        before = wires.enter_context(Wire.greeted(server, tokens.good(server, "ada")))
        assert before.ask({"type": "open_room", "ref": "o", "payload": {"kind": "cards", "room_id": "r"}})["status"] == "ok"
        assert before.ask({"type": "join_room", "ref": "j", "payload": {"room_id": "r"}})["seat"] == 0
        for number in range(4):
            if number % 2:
                after = wires.enter_context(Wire.greeted(server, tokens.good(server, "ada")))
            else:
                after = wires.enter_context(Wire.open(server))
                after.say({"type": "auth", "payload": {"token": tokens.good(server, "ada")}})
                assert after.next()["type"] == "connected"
            assert_typed(before.next_of("error")["payload"], "replaced")
            with pytest.raises(Ended) as ended:
                before.next()
            assert (ended.value.code, ended.value.reason) == (1008, "replaced")
            joined = after.ask({"type": "join_room", "ref": "j", "payload": {"room_id": "r"}})
            assert joined["seat"] == 0, "the game is not affected"
            before = after
        assert bob.ask({"type": "ping", "ref": "p"})["status"] == "ok"


def test_unless_it_is_set_a_second_connection_joins_the_first(server):
    with Wire.greeted(server, tokens.good(server, "ada")) as one, Wire.greeted(server, tokens.good(server, "ada")) as two:
        assert all(wire.ask({"type": "ping", "ref": "p"})["status"] == "ok" for wire in (one, two, one))
