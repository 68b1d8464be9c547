"""JWT: tokens by their RFCs, and forged ones that must not pass."""

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings, strategies
from joserfc.jwk import RSAKey

from penstock.actions import jwt
from penstock.clock import ManualClock
from penstock.context import Context
from penstock.errors import Failure
from penstock.registry import Duration
from tests.actions.world import START, Upstream, context, reply

SECRET = "a secret of at least 32 characters"
NOW = int(START.timestamp())

# RFC 7515, appendix A.1: the token and its key.
RFC_TOKEN = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)
RFC_KEY = {"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}

NO_CLAIMS: list[Any] = [b"", b"x", [], "x", 1, None, b'{"exp":NaN}', b"\xff\xfe"]

# RFC 8037, appendix A: an Ed25519 key and what it signs.
ED_KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}


@cache
def pair(kind: str) -> tuple[str, str]:
    """A private and a public key as PEM."""
    made: dict[str, Any] = {
        "RSA": lambda: rsa.generate_private_key(65537, 2048),
        "small": lambda: rsa.generate_private_key(65537, 1024),
        "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
    }
    key = made[kind]()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def part(data: Any) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(header: Any, claims: Any, key: bytes = SECRET.encode()) -> str:
    """A token with any header, signed with HS256 as text."""
    said = f"{part(header)}.{part(claims)}"
    return f"{said}.{part(hmac.digest(key, said.encode(), hashlib.sha256))}"


def refused(ctx: Context, token: str, **options: Any) -> str:
    with pytest.raises(Failure) as caught:
        jwt.verify(ctx, token, **{"key": SECRET, **options})
    assert (caught.value.code, caught.value.status) == ("unauthenticated", 401)
    return caught.value.message


def at(seconds: float) -> Context:
    ctx = context()
    ctx.world.clock = ManualClock(datetime.fromtimestamp(seconds, UTC))
    return ctx


def test_the_token_of_rfc_7515() -> None:
    claims = jwt.verify(at(1300819379), RFC_TOKEN, key=RFC_KEY)
    assert claims == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}
    assert "expired" in refused(at(1300819380), RFC_TOKEN, key=RFC_KEY)


def test_the_signature_of_rfc_8037() -> None:
    token = jwt.sign(context(), {"sub": "a"}, key=ED_KEY, algorithm="EdDSA")
    public = {name: value for name, value in ED_KEY.items() if name != "d"}
    assert jwt.verify(context(), token, key=public) == {"sub": "a"}
    assert jwt.verify(context(), token, key={"keys": [public]}, algorithms=["EdDSA"]) == {"sub": "a"}


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [
        *((name, "RSA") for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
        ("ES256", "P-256"),
        ("ES384", "P-384"),
        ("ES512", "P-521"),
        ("EdDSA", "Ed25519"),
        ("Ed25519", "Ed25519"),
    ],
)
def test_each_algorithm_signs_and_verifies(algorithm: Any, kind: str) -> None:
    private, public = pair(kind)
    token = jwt.sign(context(), {"sub": "a"}, key=private, algorithm=algorithm)
    assert jwt.verify(context(), token, key=public, algorithms=[algorithm]) == {"sub": "a"}
    assert jwt.verify(context(), token, key=public.replace("\n", "\\n"), algorithms=[algorithm]) == {"sub": "a"}
    wrong = "RS256" if kind != "RSA" else "ES256"
    refused(context(), token, key=public, algorithms=[wrong])
    refused(
        context(),
        token[:-8] + ("AAAAAAAA" if not token.endswith("AAAAAAAA") else "BBBBBBBB"),
        key=public,
        algorithms=[algorithm],
    )
    other = pair("P-256" if kind == "RSA" else "RSA")[1]
    refused(context(), token, key=other, algorithms=[algorithm])


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_secrets_sign_and_verify(algorithm: Any) -> None:
    token = jwt.sign(context(), {"sub": "a"}, key="short", algorithm=algorithm)
    assert jwt.verify(context(), token, key="short", algorithms=["HS256", "HS384", "HS512"]) == {"sub": "a"}
    refused(context(), token, key="other", algorithms=[algorithm])


def test_the_left_out_algorithm_is_the_plain_one_of_the_key() -> None:
    for kind, algorithm in (("RSA", "RS256"), ("P-256", "ES256"), ("P-384", "ES384"), ("Ed25519", "EdDSA")):
        private, public = pair(kind)
        token = jwt.sign(context(), {"sub": "a"}, key=private, algorithm=algorithm)
        assert jwt.verify(context(), token, key=public) == {"sub": "a"}
    refused(context(), jwt.sign(context(), {}, key=pair("RSA")[0], algorithm="PS256"), key=pair("RSA")[1])
    refused(context(), jwt.sign(context(), {}, key=SECRET, algorithm="HS512"))


def test_nothing_unsigned_passes() -> None:
    names: list[Any] = ["none", "None", "NONE", "nOnE", "", None, 0, [], {}]
    for name in names:
        token = f"{part({'alg': name})}.{part({'sub': 'a'})}."
        refused(context(), token)
        refused(context(), forged({"alg": name}, {"sub": "a"}))
    for algorithms in (["none"], ["HS256", "none"], ["RS257"], [7], []):
        with pytest.raises(Failure) as caught:
            jwt.verify(context(), RFC_TOKEN, key=SECRET, algorithms=algorithms)
        assert caught.value.code == "internal"


def test_a_public_key_is_no_secret() -> None:
    """The classic confusion: HS256 over the text of the public key."""
    for kind in ("RSA", "P-256", "Ed25519"):
        public = pair(kind)[1]
        token = forged({"alg": "HS256"}, {"sub": "admin"}, public.encode())
        for algorithms in (None, ["HS256"], ["HS256", "RS256", "ES256", "EdDSA"]):
            refused(context(), token, key=public, algorithms=algorithms)
        with pytest.raises(Failure) as caught:
            jwt.verify(context(), token, key=public.encode(), algorithms=["HS256"])
        assert caught.value.code == "internal"
        with pytest.raises(Failure) as caught:
            jwt.sign(context(), {}, key=public, algorithm="HS256")
        assert caught.value.code == "internal"


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "kid"])
def test_a_token_does_not_bring_its_key(name: str) -> None:
    other = {"kty": "oct", "k": part(b"attacker")}
    value = {"jwk": other, "x5c": ["MIIB"], "kid": "../../dev/null"}.get(name, "https://attacker.example/keys")
    refused(context(), forged({"alg": "HS256", name: value}, {"sub": "admin"}, b"attacker"))
    refused(context(), forged({"alg": "HS256", name: value}, {"sub": "admin"}, b""))


def test_what_must_be_understood_is_not_passed_over() -> None:
    refused(context(), forged({"alg": "HS256", "crit": ["b64"], "b64": False}, {"sub": "a"}))
    refused(context(), forged({"alg": "HS256", "crit": ["x"], "x": 1}, {"sub": "a"}))
    assert jwt.verify(context(), forged({"alg": "HS256", "x": 1}, {"sub": "a"}), key=SECRET) == {"sub": "a"}


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "a.b",
        RFC_TOKEN + ".x",
        RFC_TOKEN[:-1],
        " " + RFC_TOKEN,
        "é.é.é",
        "\x00.\x00.\x00",
        "a" * 100_000,
        "[" * 9000,
    ]
    + [
        forged([], {}),
        forged("x", {}),
        forged(b"{", {}),
        forged({}, {}),
        forged({"alg": "HS256"}, b"[" * 5000),
        forged(b"[" * 5000, {}),
    ]
    + [forged({"alg": "HS256"}, claims) for claims in NO_CLAIMS],
)
def test_malformed_tokens_are_refused(token: str) -> None:
    refused(context(), token)


@settings(max_examples=60, deadline=None)
@given(strategies.integers(0, 10_000), strategies.integers(0, 255))
def test_a_changed_token_is_refused(place: int, value: int) -> None:
    token = jwt.sign(context(), {"sub": "ada", "exp": NOW + 60}, key=SECRET)
    place %= len(token)
    changed = token[:place] + chr(value) + token[place + 1 :]
    if changed == token:
        return
    try:
        claims = jwt.verify(context(), changed, key=SECRET)
    except Failure as failure:
        assert failure.code == "unauthenticated"
    else:
        # The last character of a base64 text has bits that mean nothing.
        assert claims == {"sub": "ada", "exp": NOW + 60}
        assert place == len(token) - 1


@pytest.mark.parametrize(
    ("claims", "leeway", "holds"),
    [
        ({"exp": NOW + 1}, 0, True),
        ({"exp": NOW}, 0, False),
        ({"exp": NOW - 5}, 10, True),
        ({"exp": NOW - 10}, 10, False),
        ({"exp": NOW + 0.5}, 0, True),
        ({"nbf": NOW}, 0, True),
        ({"nbf": NOW + 1}, 0, False),
        ({"nbf": NOW + 1}, 1, True),
        ({"iat": NOW}, 0, True),
        ({"iat": NOW + 1}, 0, False),
        ({"iat": NOW + 1}, 1, True),
        ({"exp": None}, 0, False),
        ({"exp": True}, 0, False),
        ({"exp": str(NOW + 60)}, 0, False),
        ({"nbf": "0"}, 0, False),
        ({"nbf": None}, 0, False),
        ({"exp": 10**30}, 0, True),
    ],
)
def test_times(claims: dict[str, Any], leeway: float, holds: bool) -> None:
    token = forged({"alg": "HS256"}, claims)
    if holds:
        assert jwt.verify(context(), token, key=SECRET, leeway=Duration(leeway)) == claims
    else:
        refused(context(), token, leeway=Duration(leeway))


@pytest.mark.parametrize(
    ("claims", "options", "holds"),
    [
        ({"iss": "a"}, {"issuer": "a"}, True),
        ({"iss": "a"}, {"issuer": ["b", "a"]}, True),
        ({"iss": "a"}, {}, True),
        ({"iss": "a"}, {"issuer": "b"}, False),
        ({"iss": ["a"]}, {"issuer": "a"}, False),
        ({}, {"issuer": "a"}, False),
        ({"aud": "x"}, {"audience": "x"}, True),
        ({"aud": ["x", "y"]}, {"audience": "y"}, True),
        ({"aud": "x"}, {"audience": ["y", "x"]}, True),
        ({"aud": "x"}, {"audience": "y"}, False),
        ({"aud": "xy"}, {"audience": "x"}, False),
        ({"aud": []}, {"audience": "x"}, False),
        ({}, {"audience": "x"}, False),
        ({"aud": "x"}, {}, False),
        ({}, {}, True),
    ],
)
def test_issuers_and_audiences(claims: dict[str, Any], options: dict[str, Any], holds: bool) -> None:
    token = jwt.sign(context(), claims, key=SECRET)
    if holds:
        assert jwt.verify(context(), token, key=SECRET, **options) == claims
    else:
        refused(context(), token, **options)


def test_tokens_end() -> None:
    token = jwt.sign(context(), {"sub": "a", "nbf": START}, key=SECRET, expires_in=Duration(900))
    assert jwt.verify(context(), token, key=SECRET) == {"sub": "a", "nbf": NOW, "iat": NOW, "exp": NOW + 900}
    assert "expired" in refused(at(NOW + 900), token)
    with pytest.raises(Failure, match="not both"):
        jwt.sign(context(), {"exp": 1}, key=SECRET, expires_in=Duration(900))


@pytest.mark.parametrize(
    ("key", "algorithm", "words"),
    [
        ("", "HS256", "empty"),
        (b"", "HS256", "empty"),
        ({"kty": "oct", "k": ""}, "HS256", "cannot be read|empty"),
        ({"kty": "oct"}, "HS256", "cannot be read"),
        ({}, "HS256", "neither|private key|does not sign|JWK|kind"),
        ({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "RS256", "2048 bits"),
        ({"kty": "nope"}, "HS256", "cannot be read"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "RS256", "cannot be read"),
        (SECRET, "RS256", "does not sign with RS256"),
        ({"keys": []}, "HS256", "one key"),
    ],
)
def test_keys_that_do_not_sign(key: Any, algorithm: Any, words: str) -> None:
    with pytest.raises(Failure, match=words) as caught:
        jwt.sign(context(), {}, key=key, algorithm=algorithm)
    assert caught.value.code == "internal"
    assert SECRET not in caught.value.message


def test_small_and_public_keys_do_not_sign() -> None:
    with pytest.raises(Failure, match="2048 bits"):
        jwt.sign(context(), {}, key=pair("small")[0], algorithm="RS256")
    with pytest.raises(Failure, match="must be a private key"):
        jwt.sign(context(), {}, key=pair("RSA")[1], algorithm="RS256")


def jwks(*kids: str) -> tuple[bytes, str]:
    """A set with the RSA key under these names, and the private key."""
    private, public = pair("RSA")
    entries = [{**RSAKey.import_key(public).as_dict(), "kid": kid, "use": "sig"} for kid in kids]
    odd = [
        {"kty": "oct", "k": part(b"x" * 32), "kid": kids[0]},
        {"kty": "new"},
        7,
        {**entries[0], "use": "enc", "kid": "enc"},
    ]
    return json.dumps({"keys": [*odd, *entries]}).encode(), private


def signed(kid: str | None, claims: dict[str, Any]) -> str:
    key = {**RSAKey.import_key(pair("RSA")[0]).as_dict(private=True), **({"kid": kid} if kid else {})}
    token: str = jwt.sign(context(), claims, key=key, algorithm="RS256")
    return token


def ask(ctx: Context, token: str, **options: Any) -> Any:
    result = jwt.verify(ctx, token, jwks_url="https://issuer.example/keys", **options)
    return asyncio.run(result)


def test_published_keys_are_fetched_once_in_five_minutes() -> None:
    upstream = Upstream(reply(200, jwks("one")[0]))
    ctx = context(upstream)
    clock = ctx.world.clock
    assert isinstance(clock, ManualClock)
    token = signed("one", {"sub": "a"})
    assert ask(ctx, token) == {"sub": "a"}
    clock.advance(299)
    assert ask(ctx, token, algorithms=["RS256"]) == {"sub": "a"}
    assert len(upstream.asked) == 1
    clock.advance(2)
    assert ask(ctx, token) == {"sub": "a"}
    assert len(upstream.asked) == 2


def test_a_new_key_is_found_and_forged_names_do_not_make_us_ask_again() -> None:
    upstream = Upstream(reply(200, jwks("one")[0]), reply(200, jwks("one", "two")[0]))
    ctx = context(upstream)
    clock = ctx.world.clock
    assert isinstance(clock, ManualClock)
    assert ask(ctx, signed("one", {"sub": "a"})) == {"sub": "a"}
    clock.advance(31)
    assert ask(ctx, signed("two", {"sub": "b"})) == {"sub": "b"}
    for number in range(4):
        with pytest.raises(Failure) as caught:
            ask(ctx, signed(f"forged{number}", {"sub": "b"}))
        assert caught.value.code == "unauthenticated"
    assert len(upstream.asked) == 2


def test_published_keys_verify_no_secrets() -> None:
    ctx = context(Upstream(reply(200, jwks("one")[0])))
    with pytest.raises(Failure) as caught:
        ask(ctx, forged({"alg": "HS256", "kid": "one"}, {"sub": "a"}, b"x" * 32))
    assert caught.value.code == "unauthenticated"
    with pytest.raises(Failure) as caught:
        jwt.verify(ctx, RFC_TOKEN, jwks_url="https://issuer.example/keys", algorithms=["HS256"])
    assert caught.value.code == "internal"
    with pytest.raises(Failure) as caught:
        ask(ctx, signed("enc", {"sub": "a"}))
    assert ask(ctx, signed(None, {"sub": "a"})) == {"sub": "a"}


def test_keys_that_cannot_be_fetched() -> None:
    upstream = Upstream(Failure("unreachable", "no"), reply(200, jwks("one")[0]))
    ctx = context(upstream)
    clock = ctx.world.clock
    assert isinstance(clock, ManualClock)
    for _ in range(3):
        with pytest.raises(Failure) as caught:
            ask(ctx, signed("one", {"sub": "a"}))
        assert caught.value.code == "unreachable"
    assert len(upstream.asked) == 1
    clock.advance(6)
    assert ask(ctx, signed("one", {"sub": "a"})) == {"sub": "a"}
    for answer in (reply(500), reply(200, b"<html>"), reply(404, b"{}")):
        with pytest.raises(Failure) as caught:
            ask(context(Upstream(answer)), signed("one", {"sub": "a"}))
        assert caught.value.code == "upstream_failed"
    for body in (b"[]", b"{}", b'{"keys": 7}', b'{"keys": []}'):
        with pytest.raises(Failure) as caught:
            ask(context(Upstream(reply(200, body))), signed("one", {"sub": "a"}))
        assert caught.value.code == "unauthenticated"


def test_one_fetch_for_many_at_once() -> None:
    upstream = Upstream(reply(200, jwks("one")[0]))
    ctx = context(upstream)
    token = signed("one", {"sub": "a"})

    async def main() -> list[Any]:
        return await asyncio.gather(
            *(jwt.verify(ctx, token, jwks_url="https://issuer.example/keys") for _ in range(20))
        )

    assert asyncio.run(main()) == [{"sub": "a"}] * 20
    assert len(upstream.asked) == 1


def test_the_key_is_given_once() -> None:
    for options in ({}, {"key": SECRET, "jwks_url": "https://issuer.example/keys"}):
        with pytest.raises(Failure, match="give key or jwks_url"):
            jwt.verify(context(), RFC_TOKEN, **options)
