"""Dates: datetimes and dates read, moved, cut and written; always UTC with microseconds."""

import re
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from penstock.expression.data import MISSING, digits, fail, kind
from penstock.expression.limits import charge
from penstock.expression.tables import filter_

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(\.\d{1,30})?([Zz]|[+-]\d\d:\d\d))?", re.ASCII)
_DURATION = re.compile(r"([+-]?)((?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h|d|w))+)", re.ASCII)
_PART = re.compile(r"([\d.]+)(ms|s|m|h|d|w)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DIRECTIVE = re.compile(r"%(.)", re.DOTALL)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMAT = 200
"""characters of a format"""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def parsed(written: str) -> datetime:
    """A datetime of RFC 3339 text, in UTC; a date alone is its midnight. Raises ValueError, OverflowError."""
    found = _RFC3339.fullmatch(written.strip() if len(written) < 100 else "")
    if found is None:
        raise ValueError("no RFC 3339")
    day, clock, fraction, zone = found.groups()
    if clock is None:
        return datetime.fromisoformat(day).replace(tzinfo=UTC)
    zone = "+00:00" if zone in ("Z", "z") else zone
    return datetime.fromisoformat(f"{day}T{clock}{(fraction or '.0')[:7].ljust(7, '0')}{zone}").astimezone(UTC)


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, str):
        return parsed(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        seconds = digits(value)
        if not seconds.is_finite() or abs(seconds.adjusted()) > 20:
            raise OverflowError
        return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    raise TypeError


@filter_("datetime")
def datetime_(value: Any, default: Any = MISSING) -> Any:
    """A datetime of RFC 3339 text, Unix seconds or a date; `default` for what is none."""
    try:
        return _moment(value)
    except (ValueError, TypeError, OverflowError):
        if default is MISSING:
            raise fail(f"{_told(value)} is not a datetime") from None
        return default


@filter_("date")
def date_(value: Any, default: Any = MISSING) -> Any:
    """The date (in UTC) of a datetime, or of text like `2026-01-31`; `default` for what is none."""
    try:
        return _moment(value).date()
    except (ValueError, TypeError, OverflowError):
        if default is MISSING:
            raise fail(f"{_told(value)} is not a date") from None
        return default


def _told(value: Any) -> str:
    return "the text" if isinstance(value, str) else kind(value)


def _day(value: Any) -> datetime:
    """A datetime or date, also as text. Raises Failure."""
    if isinstance(value, date | str):
        moment: datetime = datetime_(value)
        return moment
    raise fail(f"{kind(value)} is not a datetime")


@filter_("timestamp")
def timestamp(value: Any) -> float:
    """Unix seconds of a datetime."""
    return _day(value).timestamp()


def seconds(duration: Any) -> float:
    """Seconds of `250ms 5s 15m 2h 7d 1h30m`, with a sign or not, or of a number. Raises Failure."""
    if isinstance(duration, int | float | Decimal) and not isinstance(duration, bool):
        return float(duration)
    found = _DURATION.fullmatch(duration) if isinstance(duration, str) and len(duration) < 100 else None
    if found is None:
        raise fail("a duration looks like 250ms, 5s, 15m, 2h, 7d or 1h30m")
    total = sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(found[2]))
    return -total if found[1] == "-" else total


@filter_("add")
def add(value: Any, duration: Any) -> Any:
    """A datetime moved by a duration (`'2h'`, `'-1d12h'`) or by seconds; a date is moved by whole days."""
    try:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value + timedelta(days=int(seconds(duration) // 86400))
        return _day(value) + timedelta(microseconds=round(seconds(duration) * 1_000_000))
    except (OverflowError, ValueError):
        raise fail("the datetime is out of range") from None


_UNITS = {
    "ms": "ms", "millisecond": "ms", "s": "s", "second": "s", "m": "m", "minute": "m", "h": "h", "hour": "h",
    "d": "d", "day": "d", "w": "w", "week": "w", "month": "month", "y": "year", "year": "year",
}  # fmt: skip


def cut(value: date, unit: Any) -> date:
    """A datetime (in UTC) or date cut to a unit; a week begins on Monday."""
    word = _UNITS.get(unit) if isinstance(unit, str) else None
    if word is None:
        raise fail("a datetime is cut to ms, s, m, h, d, w, month or year")
    moment = _moment(value)
    if word == "ms":
        moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    else:
        moment = moment.replace(microsecond=0)
        if word != "s":
            moment = moment.replace(second=0)
        if word not in ("s", "m"):
            moment = moment.replace(minute=0)
        if word not in ("s", "m", "h"):
            moment = moment.replace(hour=0)
        if word == "w":
            moment -= timedelta(days=moment.weekday())
        if word in ("month", "year"):
            moment = moment.replace(day=1)
        if word == "year":
            moment = moment.replace(month=1)
    return moment if isinstance(value, datetime) else moment.date()


@filter_("format_date")
def format_date(value: Any, format: str = "%Y-%m-%d", timezone: str = "UTC") -> str:
    """A datetime or date as text: `'%d.%m.%Y %H:%M'`, in UTC or another time zone; English names."""
    moment = _day(value)
    if not isinstance(format, str) or len(format) > _FORMAT:
        raise fail(f"a format is text of at most {_FORMAT} characters")
    charge(500)
    if timezone != "UTC":
        try:
            moment = moment.astimezone(zoneinfo.ZoneInfo(timezone))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError, OverflowError):
            raise fail("there is no such time zone") from None
    return _DIRECTIVE.sub(lambda found: _directive(moment, found[1]), format)


def _directive(moment: datetime, letter: str) -> str:
    hour = moment.hour % 12 or 12
    match letter:
        case "Y":
            return f"{moment.year:04}"
        case "y":
            return f"{moment.year % 100:02}"
        case "m" | "d" | "H" | "M" | "S":
            names = {"m": "month", "d": "day", "H": "hour", "M": "minute", "S": "second"}
            return f"{getattr(moment, names[letter]):02}"
        case "f":
            return f"{moment.microsecond:06}"
        case "e":
            return str(moment.day)
        case "j":
            return f"{moment.timetuple().tm_yday:03}"
        case "I":
            return f"{hour:02}"
        case "p":
            return "AM" if moment.hour < 12 else "PM"
        case "a" | "A":
            return _DAYS[moment.weekday()][: 3 if letter == "a" else None]
        case "b" | "B":
            return _MONTHS[moment.month - 1][: 3 if letter == "b" else None]
        case "u":
            return str(moment.isoweekday())
        case "w":
            return str(moment.isoweekday() % 7)
        case "G":
            return f"{moment.isocalendar().year:04}"
        case "V":
            return f"{moment.isocalendar().week:02}"
        case "F":
            return moment.date().isoformat()
        case "T":
            return moment.time().isoformat("seconds")
        case "s":
            return str(int(moment.timestamp()))
        case "z" | "Z":
            return moment.strftime(f"%{letter}")
        case "%":
            return "%"
    raise fail(f"a format has no directive %{letter}")
