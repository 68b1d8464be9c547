"""Units: durations, sizes and rates."""

from typing import Any

import pytest

from penstock import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("5s", 5.0),
        ("15m", 900.0),
        ("2h", 7200.0),
        ("7d", 604800.0),
        ("1h30m", 5400.0),
        ("1d2h3m4s5ms", 93784.005),
        ("1.5s", 1.5),
        (" 5s ", 5.0),
        ("0s", 0.0),
        (3, 3.0),
        (0.5, 0.5),
    ],
)
def test_duration(text: Any, seconds: float) -> None:
    assert units.duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "5", "s", "5 s", "1h 30m", "-5s", "5S", "5s5s", "1e3s", "٥s", "900000000000d", "1" * 400 + "s"),
        *(True, -1, float("nan"), float("inf"), 10**400, None, [], {}),
    ],
)
def test_no_duration(text: Any) -> None:
    with pytest.raises(ValueError, match="duration"):
        units.duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512", 512),
        (512, 512),
        ("10kB", 10_000),
        ("1MB", 1_000_000),
        ("1GB", 10**9),
        ("1.5kB", 1500),
        ("7B", 7),
        (0, 0),
    ],
)
def test_size(text: Any, size: int) -> None:
    assert units.size(text) == size


@pytest.mark.parametrize(
    "text", ["", "1kb", "1KB", "1MiB", "-1", "1.5", "0.5B", -1, True, 1.5, None, "9" * 300, "999999TB", 10**30]
)
def test_no_size(text: Any) -> None:
    with pytest.raises(ValueError, match="size"):
        units.size(text)


@pytest.mark.parametrize(
    ("text", "times", "seconds"),
    [("10/s", 10, 1.0), ("100/m", 100, 60.0), ("1000/h", 1000, 3600.0), ("5/15m", 5, 900.0)],
)
def test_rate(text: str, times: int, seconds: float) -> None:
    assert units.rate(text) == (times, seconds)


@pytest.mark.parametrize("text", ["", "10", "0/s", "10/0s", "/s", "10/y", "-1/s", "1.5/s", 10, None, True])
def test_no_rate(text: Any) -> None:
    with pytest.raises(ValueError, match="rate"):
        units.rate(text)
