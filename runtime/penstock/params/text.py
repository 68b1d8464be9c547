"""Text: what comes as text (path, query, header, cookie, form), turned into the JSON form of the declared type."""

import math
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from penstock.errors import Failure
from penstock.model import Parameter
from penstock.params import read
from penstock.params.broken import Broken
from penstock.params.types import TYPES
from penstock.params.value import MAX_DIGITS, has_decimals, to_decimal

_INTEGER = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}")
_NUMBER = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}(?:\.[0-9]{{1,{MAX_DIGITS}}})?(?:[eE][+-]?[0-9]{{1,4}})?")
_BOOLEANS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}

FromText = Callable[[str], Any]
FromTexts = Callable[[Sequence[Any]], Any]


def integer(text: str) -> int:
    """An integer in decimal digits."""
    if not _INTEGER.fullmatch(text):
        raise Broken("type", f"must be {TYPES['integer'].words}")
    return int(text)


def number(text: str) -> int | float:
    """A number as JSON writes it."""
    if _INTEGER.fullmatch(text):
        return int(text)
    value = float(text) if _NUMBER.fullmatch(text) else math.inf
    if math.isinf(value):
        raise Broken("type", f"must be {TYPES['number'].words}")
    return value


def boolean(text: str) -> bool:
    """`true`, `1` and `on`, `false`, `0` and `off`, in any case."""
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise Broken("type", f"must be {TYPES['boolean'].words}")
    return value


def structure(text: str, *, exact: bool = False) -> Any:
    """A value written as JSON text; `exact`: with decimals for numbers that are no integers."""
    try:
        return read.exact(text) if exact else read.plain(text)
    except Failure:
        raise Broken("type", "must be written as JSON") from None


_SCALARS: dict[str, FromText] = {
    "integer": integer,
    "number": number,
    "decimal": to_decimal,
    "boolean": boolean,
}


def from_text(parameter: Parameter) -> FromText | None:
    """How one text becomes the JSON form; None when the text is that already."""
    if parameter.type == "object":
        return partial(structure, exact=True) if has_decimals(parameter) else structure
    return _SCALARS.get(parameter.type)


def from_texts(parameter: Parameter) -> FromTexts:
    """How all that was sent under one name becomes the JSON form. What is no text (parts of a form) is passed on as it is."""
    if parameter.type == "array":
        return _array(parameter)
    convert = from_text(parameter)

    def one(texts: Sequence[Any]) -> Any:
        if len(texts) > 1:
            raise Broken("type", "is given more than once")
        text = texts[0]
        return text if convert is None or type(text) is not str else convert(text)

    return one


def _array(parameter: Parameter) -> FromTexts:
    convert = None if parameter.items is None else from_text(parameter.items)
    split = parameter.split
    exact = has_decimals(parameter)
    strip = parameter.location == "header"
    maybe_text = parameter.items is None or parameter.items.type not in ("integer", "number", "decimal", "boolean")

    def many(texts: Sequence[Any]) -> Any:
        if split is not None:
            texts = [piece for text in texts for piece in (text.split(split) if type(text) is str else (text,))]
            if strip:
                texts = [piece.strip() if type(piece) is str else piece for piece in texts]
            if texts == [""]:
                return []
        elif len(texts) == 1 and type(texts[0]) is str and texts[0][:1] == "[":
            try:
                return structure(texts[0], exact=exact)
            except Broken:
                if not maybe_text:
                    raise
        return texts if convert is None else _each(convert, texts)

    return many


def _each(convert: FromText, texts: Sequence[Any]) -> list[Any]:
    values: list[Any] = []
    for index, text in enumerate(texts):
        try:
            values.append(convert(text) if type(text) is str else text)
        except Broken as broken:
            raise Broken(broken.rule, broken.message, (index, *broken.path)) from None
    return values
