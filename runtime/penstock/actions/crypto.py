"""Crypto: digests, authentication codes, random bytes and passwords."""

import base64
import hashlib
import hmac as hmac_module
import re
from functools import partial
from typing import Any, Literal

from penstock.context import Context
from penstock.errors import Failure
from penstock.expression.data import text
from penstock.registry import Example, action
from penstock.threads import Threads

Algorithm = Literal["sha256", "sha1", "sha512", "md5"]
Encoding = Literal["hex", "base64", "bytes"]
MAX_SIZE = 20_000_000
MAX_RANDOM = 1_000_000
MAX_PASSWORD = 4096

MEMORY = 19_456
"""KiB; with the other two the first choice of OWASP's Password Storage Cheat Sheet for Argon2id."""
ITERATIONS = 2
LANES = 1
_PHC = re.compile(
    r"\$argon2id\$v=19\$m=([1-9][0-9]{0,5}),t=([1-9][0-9]?),p=([1-9][0-9]?)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,171})"
)
MAX_MEMORY = 262_144
MAX_WORK = 1_048_576
"""The largest product of memory and iterations that a stored text may ask for."""

_threads = Threads(2, "passwords")


@action(
    "crypto.hash",
    examples=(
        Example(
            "Digest a text",
            '- id: digest\n  crypto.hash: "{{ params.text }}"\n- respond: "{{ steps.digest }}"',
            answer="ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            params={"text": "abc"},
        ),
    ),
)
def hash_(value: Any, *, algorithm: Algorithm = "sha256", encoding: Encoding = "hex") -> str | bytes:
    """Digest a value. For passwords there is `crypto.password`: a digest of one is soon guessed.

    value: text (as UTF-8), bytes, a number, or a list of them, which are joined as bytes
    algorithm: the digest; sha1 and md5 are for systems that still ask for them
    encoding: how the digest is given
    Result: the digest
    """
    return _encoded(hashlib.new(algorithm, _bytes(value, "crypto.hash"), usedforsecurity=False).digest(), encoding)


@action(
    "crypto.hmac",
    examples=(
        Example(
            "Sign a message",
            '- id: code\n  crypto.hmac: what do ya want for nothing?\n  key: Jefe\n- respond: "{{ steps.code }}"',
            answer="5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        Example(
            "Sign several parts as one",
            '- id: code\n  crypto.hmac: ["what do ya want ", "for nothing?"]\n  key: Jefe\n  encoding: base64\n'
            '- respond: "{{ steps.code }}"',
            answer="W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        ),
    ),
)
def hmac(value: Any, *, key: str | bytes, algorithm: Algorithm = "sha256", encoding: Encoding = "hex") -> str | bytes:
    """Compute a message authentication code (RFC 2104). Compare it with `same(a, b)`, which takes constant time.

    value: text (as UTF-8), bytes, a number, or a list of them, which are joined as bytes
    key: the secret
    algorithm: the digest
    encoding: how the code is given
    Result: the code
    """
    if not key:
        raise Failure("internal", "the key of crypto.hmac is empty: anyone could compute this code")
    return _encoded(hmac_module.digest(_bytes(key, "key"), _bytes(value, "crypto.hmac"), algorithm), encoding)


@action(
    "crypto.random",
    examples=(
        Example(
            "Make a token",
            '- id: token\n  crypto.random: 16\n- respond: "{{ steps.token | length }}"',
            answer=32,
        ),
    ),
)
def random(ctx: Context, size: int = 32, *, encoding: Encoding = "hex") -> str | bytes:
    """Give random bytes that nobody can guess.

    size: how many bytes
    encoding: how they are given
    Result: the bytes, encoded
    """
    if not 1 <= size <= MAX_RANDOM:
        raise Failure("internal", f"crypto.random gives 1 to {MAX_RANDOM} bytes, not {size}")
    return _encoded(ctx.world.entropy.token(size), encoding)


@action(
    "crypto.password",
    examples=(
        Example(
            "Keep a password",
            '- id: kept\n  crypto.password: "{{ params.password }}"\n- respond: "{{ steps.kept[:30] }}"',
            answer="$argon2id$v=19$m=19456,t=2,p=1",
            params={"password": "correct horse"},
        ),
    ),
)
async def password(ctx: Context, value: str) -> str:
    """Turn a password into a text that can be kept: Argon2id with a salt of its own, in PHC form (RFC 9106).

    value: the password
    Result: the text, for `crypto.check_password`
    """
    secret = value.encode()
    if len(secret) > MAX_PASSWORD:
        raise Failure("invalid_value", f"a password is at most {MAX_PASSWORD} bytes long")
    return await _threads.run(partial(_derive, secret, ctx.world.entropy.token(16)))


@action(
    "crypto.check_password",
    examples=(
        Example(
            "Check a password",
            "- id: kept\n  crypto.password: correct horse\n"
            '- id: right\n  crypto.check_password: "{{ params.password }}"\n  against: "{{ steps.kept }}"\n'
            '- respond: "{{ steps.right }}"',
            answer=True,
            params={"password": "correct horse"},
        ),
    ),
)
async def check_password(value: str, *, against: str | None) -> bool:
    """Say whether a password is the one that was kept. It takes as long when it is not, and when nothing was kept.

    value: the password
    against: what `crypto.password` gave; null (nobody of that name) and any other text are false
    Result: true or false
    """
    secret = value.encode()
    if len(secret) > MAX_PASSWORD:
        return False
    match = _PHC.fullmatch(against or "")
    if match is not None:
        memory, iterations, lanes = (int(group) for group in match.groups()[:3])
        if 8 * lanes <= memory <= MAX_MEMORY and memory * iterations <= MAX_WORK and lanes <= 16:
            return await _threads.run(partial(_verify, secret, against or ""))
    await _threads.run(partial(_derive, secret, b"no one is there."))
    return False


def _derive(secret: bytes, salt: bytes) -> str:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # only here: it takes 40 ms to import

    return Argon2id(salt=salt, length=32, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY).derive_phc_encoded(
        secret
    )


def _verify(secret: bytes, against: str) -> bool:
    from cryptography.exceptions import InvalidKey  # only here: it takes 40 ms to import
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        Argon2id.verify_phc_encoded(secret, against)
    except (InvalidKey, ValueError):
        return False
    return True


def _bytes(value: Any, name: str) -> bytes:
    if value is None or isinstance(value, dict):
        raise Failure(
            "internal", f"{name} takes text, bytes or a list of them, not {'null' if value is None else 'a mapping'}"
        )
    if isinstance(value, list):
        joined = b"".join(_bytes(item, name) for item in value)
    else:
        joined = value if isinstance(value, bytes) else text(value).encode()
    if len(joined) > MAX_SIZE:
        raise Failure("internal", f"{name} takes at most {MAX_SIZE} bytes")
    return joined


def _encoded(data: bytes, encoding: Encoding) -> str | bytes:
    if encoding == "bytes":
        return data
    return data.hex() if encoding == "hex" else base64.b64encode(data).decode()
