"""Forged tokens: what nobody with the key has signed is refused, whatever it says of itself."""

import asyncio
import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.actions import jwt
from penstock.errors import Failure
from tests.actions.world import START, Upstream, context, reply

SECRET = "a secret of at least 32 characters"
HEADER = {"alg": "HS256", "typ": "JWT"}
NOW = int(START.timestamp())
PAIR = rsa.generate_private_key(65537, 2048)
PRIVATE = PAIR.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = PAIR.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
PUBLIC_PKCS1 = PAIR.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(header: Any, claims: Any, secret: str = SECRET, *, digest: str = "sha256", raw: str | None = None) -> str:
    signed = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode()) if raw is None else raw}"
    return f"{signed}.{encoded(hmac.digest(secret.encode(), signed.encode(), digest))}"


def refused(text: str, *, code: str = "unauthenticated", **keys: Any) -> str:
    with pytest.raises(Failure) as caught:
        jwt.verify(context(), text, **(keys or {"key": SECRET}))
    assert caught.value.code == code
    return caught.value.message


def test_what_was_signed_is_accepted() -> None:
    assert jwt.verify(context(), token(HEADER, {"a": 1}), key=SECRET) == {"a": 1}
    long = {**HEADER, "x5c": ["A" * 2000], "nonce": "unknown words are no extensions"}
    assert jwt.verify(context(), token(long, {"a": 1}), key=SECRET) == {"a": 1}


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "HS1", "RS256", "dir", ["HS256"], None, 1, {}])
def test_an_algorithm_of_its_own_choice(name: Any) -> None:
    signed = token({"alg": name}, {"a": 1})
    refused(signed)
    refused(signed.rpartition(".")[0] + ".")


def test_no_algorithm_can_be_allowed_that_signs_nothing() -> None:
    refused(token({"alg": "none"}, {}), key=SECRET, algorithms=["none"], code="internal")
    refused(token(HEADER, {}), key=SECRET, algorithms=[], code="internal")


def test_another_algorithm_of_the_same_key() -> None:
    stronger = token({"alg": "HS512"}, {"a": 1}, digest="sha512")
    refused(stronger)
    refused(stronger, key=SECRET, algorithms=["HS256", "HS384"])
    assert jwt.verify(context(), stronger, key=SECRET, algorithms=["HS512"]) == {"a": 1}


@pytest.mark.parametrize("key", [PUBLIC, PUBLIC_PKCS1, PUBLIC.strip(), PRIVATE])
@pytest.mark.parametrize("algorithms", [None, ["HS256"], ["HS256", "RS256"]])
def test_a_public_key_taken_for_a_secret(key: str, algorithms: list[Any] | None) -> None:
    for secret in (key, key.strip(), key + "\n"):
        refused(token(HEADER, {"a": 1}, secret), key=key, algorithms=algorithms)


@pytest.mark.parametrize(
    "key", ["", b"", "ssh-rsa AAAA", "-----BEGIN PUBLIC KEY-----", {}, {"k": "c2VjcmV0"}, {"kty": "x"}]
)
def test_keys_that_are_none(key: Any) -> None:
    secret = json.dumps(key, sort_keys=True) if isinstance(key, dict) else ""
    refused(token(HEADER, {"a": 1}, secret), key=key, code="internal")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW},
        {"exp": NOW - 0.5},
        {"exp": str(NOW + 60)},
        {"exp": None},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": [NOW + 60]},
        {"nbf": NOW + 1},
        {"nbf": "0"},
        {"iat": NOW + 1},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": {"ours": 1}},
        [],
        "text",
        None,
    ],
)
def test_claims_that_do_not_hold(claims: Any) -> None:
    refused(token(HEADER, claims))


@pytest.mark.parametrize("claims", [{}, {"iss": "other"}, {"iss": ["ours"]}, {"iss": None}, {"iss": "ours "}])
def test_another_issuer(claims: Mapping[str, Any]) -> None:
    refused(token(HEADER, claims), key=SECRET, issuer="ours")


def test_extensions_are_not_understood() -> None:
    refused(token({**HEADER, "crit": ["exp"], "exp": 1}, {}))
    refused(token({**HEADER, "crit": ["b64"], "b64": False}, {}, raw='{"a":1}'))
    refused(token({**HEADER, "crit": []}, {}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d.e",
        "é.é.é",
        "\ud800.a.b",
        "a" * 100_000,
        f"{encoded(b'[]')}.e30.x",
        f"{encoded(b'null')}.e30.x",
        f"{encoded(b'{}')}.e30.x",
        f"{encoded(b'[' * 2500)}.e30.x",
        token({**HEADER, "kid": {}}, {}),
        f" {token(HEADER, {})}",
        f"Bearer {token(HEADER, {})}",
        token(HEADER, {})[:-1],
        token(HEADER, {}) + "\n",
        token(HEADER, {}) + "=",
    ],
)
def test_texts_that_are_no_tokens(text: str) -> None:
    refused(text)
    refused(text, key=PUBLIC)


@given(st.integers(0, 200), st.sampled_from("abcXYZ019-_."))
@settings(max_examples=60, deadline=None)
def test_a_token_with_one_character_changed(at: int, character: str) -> None:
    good = token(HEADER, {"sub": "ada", "roles": ["staff"]})
    at %= len(good) - 1  # the last character holds bits that nothing stands for
    if good[at] != character:
        refused(good[:at] + character + good[at + 1 :])


def jwk(**more: Any) -> dict[str, Any]:
    numbers = PAIR.public_key().public_numbers()
    return {"kty": "RSA", "n": encoded(numbers.n.to_bytes(256)), "e": "AQAB", **more}


def published(*keys: Any) -> Upstream:
    return Upstream(reply(body=json.dumps({"keys": keys}).encode()))


def fetched(upstream: Upstream, text: str, **keys: Any) -> Any:
    return asyncio.run(jwt.verify(context(upstream), text, jwks_url="https://ours.example/jwks", **keys))


def test_published_secrets_and_keys_for_other_uses_sign_nothing() -> None:
    good = jwt.sign(context(), {"sub": "ada"}, key=PRIVATE, algorithm="RS256")
    assert fetched(published(jwk(kid="a")), good) == {"sub": "ada"}
    for upstream, text in (
        (published({"kty": "oct", "k": encoded(SECRET.encode()), "kid": "a"}), token(HEADER, {})),
        (published(jwk(use="enc")), good),
        (published(jwk(alg="PS256")), good),
        (published(), good),
        (published(None, 1, [], {}, {"kty": "RSA"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}), good),
        (Upstream(reply(body=b"[]")), good),
    ):
        with pytest.raises(Failure) as caught:
            fetched(upstream, text)
        assert caught.value.code == "unauthenticated"


def test_forged_key_ids_do_not_make_us_ask_for_each() -> None:
    upstream = published(jwk(kid="a"), jwk(kid="b"))
    ctx = context(upstream)

    async def main() -> None:
        for number in range(50):
            forged = token({"alg": "RS256", "kid": f"forged {number}"}, {})
            with pytest.raises(Failure) as caught:
                await jwt.verify(ctx, forged, jwks_url="https://ours.example/jwks")
            assert caught.value.code == "unauthenticated"

    asyncio.run(main())
    assert len(upstream.asked) <= 2
