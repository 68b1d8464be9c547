"""Limits: what one evaluation may cost in time and memory, however its expression is written.

Helpers charge what they make. Work on data that was there may cost up to `DATA_LIMIT` units (bytes, or steps of some 15 ns); as soon as
an evaluation has grown more than `FREE_GROWTH` out of little (repetition, padding, ranges, long replacements), all of it may cost no
more than `GROWN_LIMIT`. An evaluation is synchronous, so one tally is enough; races between threads could only loosen it.
"""

from penstock.errors import Failure

MAX_EXPRESSION = 10_000
"""characters of one expression"""
MAX_TOKENS = 1_500
MAX_DEPTH = 80
"""levels of one expression's tree"""
MAX_TEXT = 1_000_000
"""characters of a text that an expression makes"""
MAX_ITEMS = 100_000
"""items of a list that an expression makes"""
MAX_RANGE = 10_000
MAX_WIDTH = 1_000
"""characters that padding, widths and precisions may ask for"""
MAX_BITS = 4_096
"""bits of an integer that arithmetic makes"""
MAX_DIGITS = 400
"""digits of a decimal that arithmetic makes"""
DATA_LIMIT = 16_000_000
GROWN_LIMIT = 700_000
FREE_GROWTH = 4_096

_spent = 0
_grown = 0
_limit = DATA_LIMIT


def fresh() -> bool:
    """Begin an evaluation. True, so that it can stand in `_fresh() and …`."""
    global _spent, _grown, _limit
    _spent = 0
    _grown = 0
    _limit = DATA_LIMIT
    return True


def charge(units: int) -> None:
    """Count work or memory. Raises Failure when the evaluation has had enough."""
    global _spent
    _spent += units
    if _spent > _limit:
        raise Failure("internal", "the expression makes too much data or work")


def grow(units: int) -> None:
    """Count bytes that come out of little; also charged."""
    global _grown, _limit
    _grown += units
    if _grown > FREE_GROWTH:
        _limit = GROWN_LIMIT
    charge(units)


def made(length: int, out_of: int) -> None:
    """Count a text of that length (or bytes) before it is made out of `out_of` characters. Raises Failure above `MAX_TEXT`."""
    if length > MAX_TEXT and length > out_of:
        raise Failure("internal", f"a text may have at most {MAX_TEXT} characters")
    if length > out_of + 64:
        grow(length - out_of)
        charge(out_of)
    elif length > 256:
        charge(length)


def listed(length: int, out_of: int, each: int = 16) -> None:
    """Count a list of that many items, `each` bytes an item, made out of `out_of` items."""
    if length > MAX_ITEMS and length > out_of:
        raise Failure("internal", f"a list may have at most {MAX_ITEMS} items")
    if length > out_of:
        grow((length - out_of) * each)
        charge(out_of * each)
    else:
        charge(length * each)
