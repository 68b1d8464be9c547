"""Vectors: digests, codes, passwords and tokens as their standards print them."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.actions import crypto, jwt
from penstock.clock import ManualClock
from tests.actions.world import context

DIGESTS = [
    # RFC 1321, appendix A.5; FIPS 180-4 with its examples.
    ("md5", "", "d41d8cd98f00b204e9800998ecf8427e"),
    ("md5", "message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ("sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("sha256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (
        "sha256",
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ),
    (
        "sha512",
        "abc",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ),
]

CODES = [
    # RFC 2202 for md5 and sha1, RFC 4231 for the others.
    ("md5", b"\x0b" * 16, b"Hi There", "9294727a3638bb1c13f48ef8158bfc9d"),
    ("sha1", b"\x0b" * 20, b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
    ("sha256", b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    ("sha256", b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        "sha256",
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        "sha512",
        b"Jefe",
        b"what do ya want for nothing?",
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ),
]

CLAIMS = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
TOKENS: list[tuple[str, str, dict[str, Any]]] = [
    # RFC 7515, appendices A.1 to A.3.
    (
        "HS256",
        f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        {
            "kty": "oct",
            "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        },
    ),
    (
        "RS256",
        f"eyJhbGciOiJSUzI1NiJ9.{CLAIMS}."
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1d"
        "nZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwu"
        "sC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        {
            "kty": "RSA",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ"
            "S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2Cap"
            "Hg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4F"
            "RWyuXpoQ",
            "e": "AQAB",
        },
    ),
    (
        "ES256",
        f"eyJhbGciOiJFUzI1NiJ9.{CLAIMS}."
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
    ),
]


@pytest.mark.parametrize(("algorithm", "text", "digest"), DIGESTS)
def test_digests_are_those_of_the_standards(algorithm: Any, text: str, digest: str) -> None:
    assert crypto.hash_(text, algorithm=algorithm) == digest
    assert crypto.hash_(text.encode(), algorithm=algorithm, encoding="bytes") == bytes.fromhex(digest)


@pytest.mark.parametrize(("algorithm", "key", "data", "code"), CODES)
def test_codes_are_those_of_the_standards(algorithm: Any, key: bytes, data: bytes, code: str) -> None:
    assert crypto.hmac(data, key=key, algorithm=algorithm) == code
    assert crypto.hmac([data[:3], [data[3:]]], key=key, algorithm=algorithm) == code


def test_a_password_kept_by_another_program_is_known() -> None:
    # From the tests of Argon2's reference implementation.
    kept = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

    async def main() -> list[bool]:
        return [await crypto.check_password(word, against=kept) for word in ("password", "passwore")]

    assert asyncio.run(main()) == [True, False]


@pytest.mark.parametrize(("algorithm", "token", "key"), TOKENS)
def test_tokens_are_those_of_the_standard(algorithm: str, token: str, key: dict[str, Any]) -> None:
    ctx = context()
    ctx.world.clock = ManualClock(datetime.fromtimestamp(1300819379, UTC))
    claims = {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}
    assert jwt.verify(ctx, token, key=key, algorithms=[algorithm]) == claims
    assert jwt.verify(ctx, token, key=key, issuer="joe") == claims
