"""Tokens made by hand: any header, any claims, any signature."""

import base64
import datetime
import hashlib
import hmac
import json
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils


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


class Keys:
    """A key pair that tokens are signed with, and how others are told of the public half. `kind`: RSA, EC, Ed25519."""

    def __init__(self, kind, kid=None, algorithm=None):
        self.kid = kid
        self.private, self.algorithm = {
            "RSA": lambda: (rsa.generate_private_key(65537, 2048), algorithm or "RS256"),
            "EC": lambda: (ec.generate_private_key(ec.SECP256R1()), "ES256"),
            "Ed25519": lambda: (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        }[kind]()

    @property
    def pem(self):
        """The public key as a file holds it."""
        form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return self.private.public_key().public_bytes(*form)

    @property
    def jwk(self):
        """The public key as a member of a set."""
        public = self.private.public_key()
        named = {"kid": self.kid, "alg": self.algorithm, "use": "sig"} if self.kid else {"alg": self.algorithm, "use": "sig"}
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            return named | {"kty": "RSA", "n": _part(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
        if isinstance(public, ec.EllipticCurvePublicKey):
            numbers = public.public_numbers()
            point = {name: _part(getattr(numbers, name).to_bytes(32, "big")) for name in ("x", "y")}
            return named | {"kty": "EC", "crv": "P-256"} | point
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return named | {"kty": "OKP", "crv": "Ed25519", "x": _part(raw)}

    def certify(self, path):
        """Writes the private key to a file, and a certificate for `localhost` that nobody but itself has signed."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        certificate = (
            x509.CertificateBuilder(name, name, self.private.public_key(), 1, begin, begin + datetime.timedelta(days=9))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(self.private, hashes.SHA256())
        )
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(self.private.private_bytes(*form) + certificate.public_bytes(serialization.Encoding.PEM))

    def signature(self, body):
        """What JWS says the signature is."""
        hashed = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}.get(self.algorithm[-3:])
        if self.algorithm.startswith("RS"):
            return self.private.sign(body, padding.PKCS1v15(), hashed())
        if self.algorithm == "ES256":
            r, s = utils.decode_dss_signature(self.private.sign(body, ec.ECDSA(hashed())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.private.sign(body)

    def token(self, sub="ada", header=None, **claims):
        """A token signed with this key; None leaves a claim out. `header` changes what it says of itself."""
        head = {"alg": self.algorithm, "typ": "JWT"} | ({"kid": self.kid} if self.kid else {}) | (header or {})
        said = {"sub": sub, "exp": now() + 3600, **claims}
        texts = [head, {name: value for name, value in said.items() if value is not None}]
        body = ".".join(_part(json.dumps(text).encode()) for text in texts)
        return f"{body}.{_part(self.signature(body.encode()))}"
