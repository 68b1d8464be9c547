"""Read: JSON bodies: small ones at once, all others by the careful way."""

from decimal import Decimal
from typing import Any

import msgspec

from penstock import jsontext
from penstock.errors import Failure
from penstock.params.value import MAX_DIGITS

_FEW = jsontext.MAX_DEPTH


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not -MAX_DIGITS <= value.adjusted() <= MAX_DIGITS:
        raise ValueError("number out of range")
    return value


_plain = msgspec.json.Decoder().decode
_exact = msgspec.json.Decoder(float_hook=_decimal).decode


def plain(raw: bytes | str) -> Any:
    """Read JSON. Raises Failure `malformed`."""
    # What has so few opening brackets cannot be nested too deep.
    if _few(raw):
        try:
            return _plain(raw)
        except (ValueError, ArithmeticError, msgspec.MsgspecError):
            pass
    return jsontext.decode(raw)


def exact(raw: bytes | str) -> Any:
    """Read JSON with decimals for numbers that are no integers. Raises Failure `malformed`."""
    if not _few(raw):
        jsontext.decode_exact(raw)
    try:
        return _exact(raw)
    except (ValueError, ArithmeticError, msgspec.MsgspecError):
        jsontext.decode_exact(raw)
        raise Failure("malformed", "the JSON does not parse: number out of range") from None


def _few(raw: bytes | str) -> bool:
    if isinstance(raw, str):
        return raw.count("{") + raw.count("[") <= _FEW
    return raw.count(b"{") + raw.count(b"[") <= _FEW
