"""Whose tokens a server believes: secrets, public keys from files and from a published set that changes, and every way to forge
one. The tokens are made here, by a library the server does not have."""

import contextlib
import hashlib
import http.server
import json
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
    assert not [part for part in token.split(".") if part and part in server.out + server.err], "a token was printed"


def assert_believed(server, token, user="ada"):
    with Wire.open(server, token) as wire:
        greeting = wire.next()
        assert (greeting["type"], greeting["payload"].get("user_id")) == ("connected", user), greeting
    assert status(server, token) == 200


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
