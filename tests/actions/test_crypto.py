"""Crypto: digests and codes by their RFCs, passwords by their form."""

import asyncio
import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from penstock.actions import crypto
from penstock.errors import Failure
from tests.actions.world import context

# RFC 4231, sections 4.2 to 4.8: key, data, HMAC-SHA-256, the beginning of HMAC-SHA-512.
RFC_4231 = [
    (
        b"\x0b" * 20,
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "87aa7cdea5ef619d4ff0b4241a1d6cb0",
    ),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "164b7a7bfcf819e2e395fbe73b56e0a3",
    ),
    (
        b"\xaa" * 20,
        b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        "fa73b0089d56a284efb0f0756c890be9",
    ),
    (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        "b0ba465637458c6990e5a8c5f61d4af7",
    ),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        "80b24263c7c1a3ebb71493c1dd7be8b4",
    ),
]


@pytest.mark.parametrize(("key", "data", "sha256", "sha512"), RFC_4231)
def test_codes_are_those_of_rfc_4231(key: bytes, data: bytes, sha256: str, sha512: str) -> None:
    assert crypto.hmac(data, key=key) == sha256
    assert str(crypto.hmac(data, key=key, algorithm="sha512")).startswith(sha512)


def test_codes_of_older_digests() -> None:
    # RFC 2202, sections 2 and 3.
    assert (
        crypto.hmac("what do ya want for nothing?", key="Jefe", algorithm="md5") == "750c783e6ab0b503eaa86e310a5db738"
    )
    assert (
        crypto.hmac("what do ya want for nothing?", key="Jefe", algorithm="sha1")
        == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    )


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("md5", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "sha512",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ],
)
def test_digests_are_those_of_their_standards(algorithm: Any, digest: str) -> None:
    assert crypto.hash_("abc", algorithm=algorithm) == digest
    assert crypto.hash_(b"abc", algorithm=algorithm, encoding="bytes") == bytes.fromhex(digest)
    assert (
        crypto.hash_(["a", b"b", "c"], algorithm=algorithm, encoding="base64")
        == base64.b64encode(bytes.fromhex(digest)).decode()
    )


@settings(max_examples=50, deadline=None)
@given(
    strategies.lists(
        strategies.one_of(strategies.text(max_size=20), strategies.binary(max_size=20), strategies.integers()),
        max_size=5,
    )
)
def test_a_list_is_joined_as_bytes(parts: list[Any]) -> None:
    joined = b"".join(part if isinstance(part, bytes) else str(part).encode() for part in parts)
    assert crypto.hash_(parts) == hashlib.sha256(joined).hexdigest()


@pytest.mark.parametrize(
    "value", [None, {"a": 1}, [None], [["a", {}]], b"x" * (crypto.MAX_SIZE + 1), [b"x" * crypto.MAX_SIZE, "x"]]
)
def test_what_cannot_be_digested(value: Any) -> None:
    with pytest.raises(Failure) as caught:
        crypto.hash_(value)
    assert caught.value.code == "internal"
    assert len(caught.value.message) < 100


@pytest.mark.parametrize("key", ["", b""])
def test_an_empty_key_is_refused(key: Any) -> None:
    with pytest.raises(Failure, match="empty"):
        crypto.hmac("x", key=key)


def test_random_bytes() -> None:
    ctx = context()
    assert len(crypto.random(ctx)) == 64
    assert len(crypto.random(ctx, 16, encoding="bytes")) == 16
    assert len(base64.b64decode(crypto.random(ctx, 30, encoding="base64"))) == 30
    assert crypto.random(ctx) != crypto.random(ctx)
    for size in (0, -1, crypto.MAX_RANDOM + 1):
        with pytest.raises(Failure):
            crypto.random(ctx, size)


def test_passwords_are_kept_as_owasp_advises() -> None:
    async def main() -> tuple[str, str]:
        return await crypto.password(context(), "pässword"), await crypto.password(context(), "pässword")

    one, other = asyncio.run(main())
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != other


# Made by the reference implementation (argon2 20190702): password and PHC text.
KNOWN = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"


def test_passwords_of_other_systems_are_checked() -> None:
    async def main() -> tuple[bool, bool]:
        return await crypto.check_password("password", against=KNOWN), await crypto.check_password(
            "Password", against=KNOWN
        )

    assert asyncio.run(main()) == (True, False)


@pytest.mark.parametrize(
    "against",
    [
        None,
        "",
        "x",
        "password",
        "$argon2id$",
        "$2b$12$abcdefghijklmnopqrstuv",
        KNOWN[:-1] + "!",
        KNOWN.replace("argon2id", "argon2i"),
        KNOWN.replace("v=19", "v=16"),
        KNOWN.replace("m=65536", "m=99999999"),
        KNOWN.replace("m=65536", "m=262144").replace("t=2", "t=99"),
        KNOWN.replace("m=65536", "m=8").replace("p=1", "p=99"),
        KNOWN.replace("t=2", "t=0"),
        KNOWN + "\n",
        KNOWN * 100,
    ],
)
def test_malformed_texts_are_false(against: str | None) -> None:
    assert asyncio.run(crypto.check_password("password", against=against)) is False


def test_long_passwords_are_bounded() -> None:
    long = "x" * (crypto.MAX_PASSWORD + 1)
    with pytest.raises(Failure, match="at most 4096 bytes"):
        asyncio.run(crypto.password(context(), long))
    assert asyncio.run(crypto.check_password(long, against=KNOWN)) is False


def test_many_passwords_leave_the_loop_free() -> None:
    async def main() -> int:
        checks = asyncio.gather(*(crypto.check_password("x", against=None) for _ in range(4)))
        turns = 0
        while not checks.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert asyncio.run(main()) > 100
