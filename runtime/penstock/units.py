"""Units: durations, sizes and rates as the files write them."""

import math
import re
from typing import NamedTuple

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
LONGEST = 100 * 365 * 86400.0
"""A duration is at most a century, so that no sum of times overflows."""

_DURATION = re.compile(r"(?:[0-9]{1,15}(?:\.[0-9]{1,9})?(?:ms|[smhd]))+", re.ASCII)
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhd])", re.ASCII)
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([kMGT]?B|)", re.ASCII)
_RATE = re.compile(r"([0-9]{1,9}) ?/ ?([0-9]{1,9})?(ms|[smhd])", re.ASCII)


class Rate(NamedTuple):
    """So many in so many seconds."""

    times: int
    seconds: float


def duration(text: str | int | float) -> float:
    """Seconds of `250ms`, `5s`, `15m`, `2h`, `7d` or a row of them (`1h30m`); a number is seconds. Raises ValueError."""
    if isinstance(text, bool):
        raise ValueError("a duration is written 250ms, 5s, 15m, 2h, 7d or 1h30m")
    if isinstance(text, int | float):
        seconds = float(text) if abs(text) <= LONGEST else math.inf
    else:
        if not isinstance(text, str) or not _DURATION.fullmatch(text.strip()):
            raise ValueError("a duration is written 250ms, 5s, 15m, 2h, 7d or 1h30m")
        parts = _PART.findall(text)
        if len({unit for _, unit in parts}) < len(parts):
            raise ValueError("a duration names each unit once")
        # Whole milliseconds are divided, so that 250ms is exactly 0.25.
        seconds = math.fsum(float(n) / 1000 if unit == "ms" else float(n) * SECONDS[unit] for n, unit in parts)
    if not 0 <= seconds <= LONGEST:
        raise ValueError("a duration is between 0 and 100 years")
    return seconds


def size(text: str | int) -> int:
    """Bytes of `512`, `10kB`, `1MB` or `1GB`, in powers of ten. Raises ValueError."""
    if isinstance(text, int) and not isinstance(text, bool):
        if not 0 <= text < 10**15:
            raise ValueError("a size is between 0 and 1000TB")
        return text
    match = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a size is written 512, 10kB, 10MB or 1GB")
    number, unit = match.groups()
    whole, _, fraction = number.partition(".")
    scaled, rest = divmod(int(whole + fraction) * BYTES[unit], 10 ** len(fraction))
    if rest:
        raise ValueError("a size is a whole number of bytes")
    return size(scaled)


def rate(text: str) -> Rate:
    """Count and seconds of `10/s`, `100/m`, `1000/h` or `5/15m`. Raises ValueError."""
    match = _RATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a rate is written 10/s, 100/m, 1000/h or 5/15m")
    count, number, unit = match.groups()
    seconds = int(number or 1) * SECONDS[unit]
    if int(count) < 1 or not 0 < seconds <= LONGEST:
        raise ValueError("a rate counts at least 1 in more than no time")
    return Rate(int(count), seconds)
