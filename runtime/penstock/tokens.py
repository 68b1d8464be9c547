"""Tokens: JSON Web Tokens as signed texts, and the keys that sign them."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey, RSAKey

from penstock.errors import Failure

Key = OctKey | RSAKey | ECKey | OKPKey

SYMMETRIC = ("HS256", "HS384", "HS512")
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
EDWARDS = ("EdDSA", "Ed25519")
ASYMMETRIC = (*RSA, *CURVES.values(), *EDWARDS)
MAX_KEYS = 100
MAX_TOKEN = 32_000
SMALLEST_RSA = 2048
_ASYMMETRIC_TEXT = ("-----BEGIN ", "---- BEGIN ", "ssh-rsa ", "ssh-dss ", "ssh-ed25519 ", "ecdsa-sha2-")


class Registry(jws.JWSRegistry):
    """The algorithms of one call: nothing but what is named. `none` is not to be had."""

    max_header_length = 4096
    max_payload_length = MAX_TOKEN

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
        return self.algorithms[name]


def algorithm(name: str) -> str:
    """The name, if it is an algorithm that signs. Raises Failure `internal`."""
    if name not in (*SYMMETRIC, *ASYMMETRIC):
        raise Failure(
            "internal", f"{str(name)[:40]!r} is no algorithm for a token: {', '.join((*SYMMETRIC, *ASYMMETRIC))}"
        )
    return name


def keys(value: Any) -> Sequence[Key]:
    """The keys of a text (PEM, the JSON of a JWK, or a secret), bytes (a secret), a JWK or a JWK set. Raises Failure `internal`."""
    if not isinstance(value, dict):
        return _imported(value)
    if "kty" not in value and "keys" not in value:
        # Its JSON text must not pass for a secret.
        raise Failure("internal", "the key is a mapping without kty, so it is no JWK")
    return _imported(json.dumps(value, sort_keys=True, default=str))


def usable(document: Any) -> Sequence[Key]:
    """The public keys of a JWK set (RFC 7517, section 5); what cannot be used here is passed over."""
    entries = document.get("keys") if isinstance(document, dict) else None
    found: list[Key] = []
    for entry in entries[:MAX_KEYS] if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("kty") in ("RSA", "EC", "OKP") and entry.get("use", "sig") == "sig":
            try:
                found.append(_jwk(entry))
            except Failure:
                continue
    return found


def fitting(key: Key) -> tuple[str, ...]:
    """The algorithms that a key is taken for when none are named: the plain one of its kind."""
    if isinstance(key, OctKey):
        return ("HS256",)
    if isinstance(key, RSAKey):
        return ("RS256",)
    return (CURVES[key.curve_name],) if isinstance(key, ECKey) and key.curve_name in CURVES else EDWARDS


def sign(payload: bytes, key: Key, algorithm: str) -> str:
    """The payload as a signed token in compact form (RFC 7515, section 7.1). Raises Failure `internal`."""
    header = {"alg": algorithm, "typ": "JWT"}
    if key.kid:
        header["kid"] = key.kid
    try:
        return jws.serialize_compact(header, payload, key, registry=Registry(algorithms=[algorithm]))
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        raise Failure(
            "internal", f"the key does not sign with {algorithm}: it must be a private key of that kind"
        ) from error


def header(token: str) -> dict[str, Any]:
    """What a token says of itself, unproven. Raises Failure `unauthenticated`."""
    try:
        if len(token) > MAX_TOKEN:
            raise ValueError("too long")
        said = dict(jws.extract_compact(token.encode("ascii"), registry=Registry()).headers())
        if "crit" in said:
            # It names extensions, and none is understood (RFC 7515, section 4.1.11; RFC 7797, section 7).
            raise ValueError("an extension")
        return said
    except (JoseError, ValueError, RecursionError) as error:
        raise Failure("unauthenticated", "the token is malformed") from error


def proven(token: str, candidates: Sequence[Key], algorithms: Sequence[str]) -> bytes:
    """The payload, if one of the keys has signed it. Raises Failure `unauthenticated`."""
    registry = Registry(algorithms=list(algorithms), strict_check_header=False)
    for key in candidates:
        try:
            return jws.deserialize_compact(token.encode("ascii"), key, registry=registry).payload
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
            continue
    raise Failure("unauthenticated", "the token's signature does not hold")


@lru_cache(maxsize=64)
def _imported(value: str | bytes) -> tuple[Key, ...]:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        document = _mapping(value)
        if "keys" in document:
            return tuple(usable(document))
        if "kty" in document:
            return (_jwk(document),)
    if isinstance(value, str) and "-----BEGIN " in value:
        return (_pem(value),)
    return (_secret(value.encode() if isinstance(value, str) else value),)


def _mapping(value: str) -> dict[str, Any]:
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _secret(value: bytes) -> OctKey:
    if not value:
        raise Failure("internal", "the key is empty: anyone could sign with it")
    if any(mark.encode() in value for mark in _ASYMMETRIC_TEXT):
        raise Failure("internal", "the key is neither a secret nor a PEM key that can be read")
    try:
        # A short one is its owner's to choose, and importing it would warn.
        return OctKey(value, value, None) if len(value) < 14 else OctKey.import_key(value)
    except (JoseError, ValueError) as error:
        # The public half of a key pair as a secret: whoever knows it could sign.
        raise Failure("internal", "the key is a public key, which is no secret") from error


def _pem(value: str) -> Key:
    # Environment variables often hold the line ends as two characters.
    data = value.replace("\\n", "\n").encode()
    try:
        raw: Any
        if b"PRIVATE KEY" in data:
            raw = load_pem_private_key(data, None)
        elif b"CERTIFICATE" in data:
            raw = x509.load_pem_x509_certificate(data).public_key()
        else:
            raw = load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Failure("internal", "the key is a PEM text that cannot be read (is it encrypted or cut off?)") from error
    if isinstance(raw, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        if raw.key_size < SMALLEST_RSA:
            raise Failure("internal", f"an RSA key has at least {SMALLEST_RSA} bits (RFC 7518, section 3.3)")
        return RSAKey(raw, raw, None)
    if isinstance(raw, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        return ECKey(raw, raw, None)
    if isinstance(raw, ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey):
        return OKPKey(raw, raw, None)
    raise Failure("internal", f"a {type(raw).__name__} does not sign tokens")


def _jwk(document: dict[str, Any]) -> Key:
    modulus = document.get("n")
    if document.get("kty") == "RSA" and (not isinstance(modulus, str) or len(modulus) < SMALLEST_RSA // 8 * 4 // 3):
        raise Failure("internal", f"an RSA key has at least {SMALLEST_RSA} bits (RFC 7518, section 3.3)")
    try:
        if document.get("kty") == "oct":
            raw = OctKey.binding.import_from_dict(document)
            return OctKey(raw, document, None) if raw else _secret(raw)
        key = JWKRegistry.import_key(document)
    except (JoseError, ValueError, TypeError, KeyError, UnsupportedAlgorithm) as error:
        raise Failure("internal", "the key is a JWK that cannot be read") from error
    if not isinstance(key, RSAKey | ECKey | OKPKey):
        raise Failure("internal", "the key is a JWK of a kind that does not sign tokens")
    return key
