"""JWT: JSON Web Tokens (RFC 7519), signed and verified."""

import asyncio
import importlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from types import ModuleType
from typing import Any, Literal
from weakref import WeakKeyDictionary

from penstock import jsontext
from penstock.context import Context
from penstock.errors import Failure
from penstock.registry import Duration, Example, action

Algorithm = Literal[
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
]
TIMES = ("exp", "nbf", "iat")
FRESH = 300.0
"""Seconds for which fetched keys are used."""
AGAIN = 30.0
"""Seconds before they are fetched again for a key that they do not have, so that forged tokens cannot make us ask for each."""
FAILED = 5.0
"""Seconds for which a fetch that failed is not tried again."""
MAX_JWKS = 500_000
MAX_URLS = 32
NO_LEEWAY = Duration(0)


@dataclass(slots=True)
class KeySet:
    """The keys behind one `jwks_url`. Times are of the monotonic clock."""

    keys: Any = ()
    fetched: float | None = None
    failure: Failure | None = None
    failed: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


_sets: WeakKeyDictionary[Any, dict[str, KeySet]] = WeakKeyDictionary()
"""By the HTTP client that fetched them: one for a process that serves."""


@action(
    "jwt.sign",
    examples=(
        Example(
            "Sign a token and read it again",
            "- id: token\n  jwt.sign: {sub: ada}\n  key: a secret of at least 32 characters\n  expires_in: 15m\n"
            '- id: claims\n  jwt.verify: "{{ steps.token }}"\n  key: a secret of at least 32 characters\n'
            '- respond: "{{ steps.claims.sub }}"',
            answer="ada",
        ),
        Example(
            "Sign without an end",
            "- id: token\n  jwt.sign: {sub: ada}\n  key: a secret of at least 32 characters\n"
            '- respond: "{{ steps.token }}"',
            answer="eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEifQ.Oc5uBWH2pq5jNDaT5eQRsdUTdcerfobBQrW0V_Dlux8",
        ),
    ),
)
def sign(
    ctx: Context,
    claims: dict[str, Any],
    *,
    key: str | bytes | dict[str, Any],
    algorithm: Algorithm = "HS256",
    expires_in: Duration | None = None,
) -> str:
    """Sign claims as a JSON Web Token.

    claims: what the token says; datetimes in `exp`, `nbf` and `iat` become Unix seconds
    key: a secret for HS algorithms; else a private key, as PEM text or as a JWK
    algorithm: how to sign
    expires_in: how long the token holds; sets `exp` and `iat`
    Result: the token, as text
    """
    tokens = _tokens()
    said = {
        name: int(value.timestamp()) if name in TIMES and isinstance(value, datetime) else value
        for name, value in claims.items()
    }
    if expires_in is not None:
        if "exp" in said:
            raise Failure("internal", "give expires_in or the claim exp, not both")
        now = ctx.world.clock.seconds()
        said.setdefault("iat", int(now))
        said["exp"] = int(now + expires_in)
    found = tokens.keys(key)
    if len(found) != 1:
        raise Failure("internal", "jwt.sign takes one key, not a set")
    token: str = tokens.sign(ctx.world.encode(said), found[0], tokens.algorithm(algorithm))
    if len(token) > tokens.MAX_TOKEN:
        raise Failure("internal", f"a token is at most {tokens.MAX_TOKEN} characters long")
    return token


@action(
    "jwt.verify",
    awaits=("jwks_url",),
    examples=(
        Example(
            "Read a token",
            '- id: claims\n  jwt.verify: "{{ params.token }}"\n  key: your-256-bit-secret\n  algorithms: [HS256]\n'
            '- respond: "{{ steps.claims.name }}"',
            answer="John Doe",
            params={
                "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
                ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
            },
        ),
    ),
)
def verify(
    ctx: Context,
    token: str,
    *,
    key: str | bytes | dict[str, Any] | None = None,
    jwks_url: str | None = None,
    algorithms: list[Any] | None = None,
    issuer: str | list[Any] | None = None,
    audience: str | list[Any] | None = None,
    leeway: Duration = NO_LEEWAY,
) -> Any:
    """Verify a JSON Web Token: its signature, `exp`, `nbf` and `iat`, and issuer and audience. It fails with `unauthenticated`.

    A token that names an audience is refused unless `audience` is given (RFC 7519, section 4.1.3).

    token: the token
    key: a secret for HS algorithms; else a public key, as PEM text or as a JWK, or a JWK set
    jwks_url: where the issuer publishes its keys; they are kept for five minutes
    algorithms: those that are accepted; left out: the plain one of the key's kind (HS256, RS256, ES256, EdDSA)
    issuer: who must have made the token; a list: one of them
    audience: whom the token must be for; a list: one of them
    leeway: how far the clocks may differ
    Result: the claims
    """
    tokens = _tokens()
    accepted = None if algorithms is None else tuple(tokens.algorithm(name) for name in algorithms)
    if (key is None) == (jwks_url is None):
        raise Failure("internal", "give key or jwks_url")
    if accepted == ():
        raise Failure("internal", "algorithms is empty: no token could be accepted")
    if jwks_url is None:
        payload = _payload(token, tokens.keys(key), accepted)
        return _claims(ctx, payload, issuer, audience, leeway)
    if accepted is not None and not set(accepted) <= set(tokens.ASYMMETRIC):
        raise Failure("internal", "keys that are published do not verify HS algorithms")
    return _fetched(ctx, token, jwks_url, accepted or tokens.ASYMMETRIC, issuer, audience, leeway)


async def _fetched(
    ctx: Context, token: str, url: str, accepted: tuple[str, ...], issuer: Any, audience: Any, leeway: float
) -> dict[str, Any]:
    kid = _tokens().header(token).get("kid")
    sets = _sets.setdefault(ctx.world.http, {})
    if url not in sets and len(sets) >= MAX_URLS:
        del sets[next(iter(sets))]
    found = sets.setdefault(url, KeySet())
    await _refresh(ctx, url, found, FRESH)
    if kid is not None and not any(key.kid == kid for key in found.keys):
        await _refresh(ctx, url, found, AGAIN)
    payload = _payload(token, _named(found.keys, kid), accepted)
    return _claims(ctx, payload, issuer, audience, leeway)


async def _refresh(ctx: Context, url: str, found: KeySet, age: float) -> None:
    """Fetch the keys unless they are younger than that. Raises Failure as `http.request` does."""
    now = ctx.world.clock.monotonic
    async with found.lock:
        if found.fetched is not None and now() - found.fetched < age:
            return
        if found.failure is not None and now() - found.failed < FAILED:
            raise Failure(found.failure.code, found.failure.message)
        try:
            reply = await ctx.world.http.request("GET", url, max_size=MAX_JWKS)
            if reply.status != 200:
                raise Failure("upstream_failed", f"{url[:200]} answered {reply.status} instead of keys")
            try:
                document = jsontext.decode(reply.body)
            except Failure as failure:
                raise Failure("upstream_failed", f"{url[:200]} answered no JSON") from failure
        except Failure as failure:
            found.failure, found.failed = failure, now()
            raise
        found.keys, found.fetched, found.failure = _tokens().usable(document), now(), None


def _payload(token: str, keys: Any, accepted: tuple[str, ...] | None) -> bytes:
    tokens = _tokens()
    kid = tokens.header(token).get("kid")
    if len(keys) > 1:
        keys = _named(keys, kid)
    if accepted is not None:
        payload: bytes = tokens.proven(token, keys, accepted)
        return payload
    for key in keys:
        try:
            payload = tokens.proven(token, [key], tokens.fitting(key))
            return payload
        except Failure:
            continue
    raise Failure("unauthenticated", "the token's signature does not hold")


def _named(keys: Any, kid: Any) -> Any:
    """Those of a set that a token may mean: a key of that name, or one without a name."""
    return keys if kid is None else [key for key in keys if key.kid in (None, kid)]


def _claims(ctx: Context, payload: bytes, issuer: Any, audience: Any, leeway: float) -> dict[str, Any]:
    """The claims, when they hold now and for us (RFC 7519, section 4.1)."""
    try:
        claims = jsontext.decode(payload)
    except Failure as failure:
        raise Failure("unauthenticated", "the token holds no JSON") from failure
    if not isinstance(claims, dict):
        raise Failure("unauthenticated", "the token holds no mapping")
    now = ctx.world.clock.seconds()
    for name in TIMES:
        value = claims.get(name, now if name != "exp" else None)
        if value is None and name not in claims:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Failure("unauthenticated", f"the token's {name} is no time")
        if name == "exp" and value <= now - leeway:
            raise Failure("unauthenticated", "the token has expired")
        if name != "exp" and value > now + leeway:
            raise Failure("unauthenticated", "the token does not hold yet")
    if issuer is not None and claims.get("iss") not in (issuer if isinstance(issuer, list) else [issuer]):
        raise Failure("unauthenticated", "the token is of another issuer")
    said = claims.get("aud")
    named = said if isinstance(said, list) else [] if said is None else [said]
    wanted = audience if isinstance(audience, list) else [] if audience is None else [audience]
    if (named or wanted) and not any(name in wanted for name in named):
        raise Failure(
            "unauthenticated", "the token is for another audience" if named else "the token names no audience"
        )
    return claims


@cache
def _tokens() -> ModuleType:
    # What it stands on takes 50 ms to import, and most projects have no tokens.
    return importlib.import_module("penstock.tokens")
