"""Tokens made by hand: any header, any claims, any signature."""

import base64
import hashlib
import hmac
import json
import time


def _part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(secret, claims, header=None, algorithm=hashlib.sha256):
    """A token with these claims. `secret` is bytes; None leaves the signature away."""
    texts = [header if header is not None else {"alg": "HS256", "typ": "JWT"}, claims]
    body = ".".join(_part(json.dumps(text).encode()) for text in texts)
    signature = b"" if secret is None else hmac.new(secret, body.encode(), algorithm).digest()
    return f"{body}.{_part(signature)}"


def secret_of(server):
    """What a server that made its own secret signs with."""
    return (server.data / "auth.key").read_text().strip().encode()


def good(server, sub, **claims):
    """A token that is as it should be, but for what `claims` change; None leaves one out."""
    all_claims = {"sub": sub, "exp": int(time.time()) + 3600, **claims}
    return sign(secret_of(server), {name: value for name, value in all_claims.items() if value is not None})


def read(token, secret):
    """The claims of a token signed with this secret."""
    head, body, signature = token.split(".")
    assert _part(hmac.new(secret, f"{head}.{body}".encode(), hashlib.sha256).digest()) == signature
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def now():
    """Seconds since 1970."""
    return int(time.time())
