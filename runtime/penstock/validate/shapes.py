"""Shapes: the plain values of a file, each read as what its key takes."""

from collections.abc import Iterable
from typing import Any

from penstock import units
from penstock.model import Map, Mark, Retry, Seq
from penstock.problem import suggest
from penstock.validate import codes
from penstock.validate.notes import Notes

NAMES = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "an integer", float: "a number"}
BACKOFF = ("constant", "linear", "exponential")
RETRY = ("times", "delay", "backoff", "max_delay", "codes")


def called(value: Any) -> str:
    """What a value is, in the words of a message."""
    if value is None:
        return "nothing"
    for kind, name in NAMES.items():
        if type(value) is kind or (kind in (dict, list) and isinstance(value, kind)):
            return name
    return type(value).__name__


class Shape:
    """One mapping of a file, with readers for its keys. A key that is absent gives None (or an empty value) without a word."""

    def __init__(self, notes: Notes, raw: Map, path: str = "") -> None:
        self.notes = notes
        self.raw = raw
        self.path = path

    def at(self, key: str) -> Mark:
        """Where the value of a key stands."""
        return self.raw.values_at[key]

    def place(self, key: str) -> str:
        """The path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, wanted: str, hint: str = "") -> None:
        """Note that the value of a key has the wrong type."""
        message = f"{self.place(key)} must be {wanted}, not {called(self.raw[key])}"
        self.notes.add(codes.WRONG_TYPE, self.at(key), message, hint, self.place(key))

    def bad(self, key: str, message: str, hint: str = "") -> None:
        """Note that the value of a key is not one that it takes."""
        self.notes.add(codes.BAD_VALUE, self.at(key), message, hint, self.place(key))

    def text(self, key: str) -> str | None:
        """A plain text."""
        value = self.raw.get(key)
        if value is None and key not in self.raw:
            return None
        if not isinstance(value, str):
            self.wrong(key, "text")
            return None
        return value

    def flag(self, key: str) -> bool:
        """True or false; false when absent."""
        value = self.raw.get(key, False)
        if not isinstance(value, bool):
            self.wrong(key, "true or false")
            return False
        return value

    def choice(self, key: str, words: Iterable[str]) -> str | None:
        """One of some words."""
        value = self.text(key)
        known = tuple(words)
        if value is None or value in known:
            return value
        hint = suggest(value, known) or f"one of {', '.join(known)}"
        self.bad(key, f"{self.place(key)} cannot be {value or 'empty'}", hint)
        return None

    def mapping(self, key: str, hint: str = "") -> Map | None:
        """A mapping."""
        if key not in self.raw:
            return None
        value = self.raw[key]
        if not isinstance(value, Map):
            self.wrong(key, "a mapping", hint)
            return None
        return value

    def shape(self, key: str, known: Iterable[str], hint: str = "") -> "Shape | None":
        """A mapping of known keys, as a shape of its own."""
        value = self.mapping(key, hint)
        if value is None:
            return None
        self.notes.keys(value, known, self.place(key), self.place(key))
        return Shape(self.notes, value, self.place(key))

    def texts(self, key: str, hint: str = "") -> list[tuple[str, Mark]]:
        """A list of texts, each with its place."""
        if key not in self.raw:
            return []
        value = self.raw[key]
        if not isinstance(value, Seq):
            self.wrong(key, "a list", hint)
            return []
        found: list[tuple[str, Mark]] = []
        for index, item in enumerate(value):
            if isinstance(item, str):
                found.append((item, value.items_at[index]))
            else:
                path = f"{self.place(key)}[{index}]"
                message = f"{path} must be text, not {called(item)}"
                self.notes.add(codes.WRONG_TYPE, value.items_at[index], message, hint, path)
        return found

    def duration(self, key: str) -> float | None:
        """A duration, in seconds."""
        if key not in self.raw:
            return None
        try:
            return units.duration(self.raw[key])
        except (ValueError, TypeError):
            self.bad(key, f"{self.place(key)} is not a duration", "write 250ms, 5s, 15m, 2h, 7d or 1h30m")
            return None

    def size(self, key: str) -> int | None:
        """A size, in bytes."""
        if key not in self.raw:
            return None
        try:
            return units.size(self.raw[key])
        except (ValueError, TypeError):
            self.bad(key, f"{self.place(key)} is not a size", "write 512, 10kB, 10MB or 1GB")
            return None

    def whole(self, key: str, *, least: int = 0) -> int | None:
        """An integer of at least `least`."""
        value = self.raw.get(key)
        if key not in self.raw:
            return None
        if type(value) is not int or value < least:
            self.bad(key, f"{self.place(key)} must be an integer of at least {least}")
            return None
        return value


def retry(shape: Shape, *, workflow: bool = False) -> Retry | None:
    """The `retry` of a step or workflow: a number of further tries, or a mapping."""
    value = shape.raw.get("retry")
    if "retry" not in shape.raw:
        return None
    if type(value) is int and not workflow:
        times = shape.whole("retry")
        return None if times is None else Retry(times)
    known = (*RETRY, "from") if workflow else RETRY
    hint = "{times: 3, delay: 2s}" if workflow else "a number, or {times: 3, delay: 2s}"
    inner = shape.shape("retry", known, hint)
    if inner is None:
        return None
    forever = workflow and inner.raw.get("times") == "forever"
    if "times" not in inner.raw:
        shape.notes.add(codes.MISSING_FIELD, inner.raw.mark, f"{inner.path} needs times", "", inner.path)
    times = None if forever else inner.whole("times")
    delay = inner.duration("delay")
    longest = inner.duration("max_delay")
    backoff = inner.choice("backoff", BACKOFF)
    start = inner.choice("from", ("step", "start")) if workflow else None
    return Retry(
        times if forever else times or 0,
        1.0 if delay is None else delay,
        backoff or "constant",  # type: ignore[arg-type]
        600.0 if longest is None else longest,
        _codes(inner),
        start or "step",  # type: ignore[arg-type]
    )


def _codes(shape: Shape) -> tuple[str | int, ...]:
    value = shape.raw.get("codes", [])
    if not isinstance(value, list):
        shape.wrong("codes", "a list", "[timeout, 503]")
        return ()
    for item in value:
        if not isinstance(item, str) and type(item) is not int:
            shape.bad("codes", f"{shape.place('codes')} takes codes and statuses", "[timeout, 503]")
            return ()
    return tuple(value)
