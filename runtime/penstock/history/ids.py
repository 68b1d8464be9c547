"""Run ids: 63 bits that sort by time and never repeat, written as 13 characters."""

from penstock.clock import Clock

SLOTS = 1024
"""How many processes can hand out ids beside each other."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_VALUES = {char: value for value, char in enumerate(_ALPHABET)} | {"o": 0, "i": 1, "l": 1}
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_LENGTH = 13


class RunIds:
    """Ids of one process: 42 bits of Unix milliseconds, 10 bits of its slot, 11 bits of a counter.

    When a millisecond's 2048 ids are used up the next one's are borrowed, so that no id repeats and each is above the last;
    all are above `after`, should the clock have been set back.
    """

    __slots__ = ("_base", "_clock", "_counter", "_slot")

    def __init__(self, slot: int, clock: Clock, after: int = 0) -> None:
        if not 0 <= slot < SLOTS:
            raise ValueError(f"slot {slot} is not between 0 and {SLOTS - 1}")
        self._clock = clock.seconds
        self._slot = slot << 11
        self._base = after >> 21  # the millisecond in use
        self._counter = 2047

    def next(self) -> int:
        """The next id."""
        now = int(self._clock() * 1000)
        if now > self._base:
            self._base = now
            self._counter = 0
            return now << 21 | self._slot
        counter = self._counter + 1
        if counter == 2048:
            self._base += 1
            counter = 0
        self._counter = counter
        return self._base << 21 | self._slot | counter


def text(number: int) -> str:
    """The id as 13 characters that sort as the numbers do."""
    return (
        _ALPHABET[number >> 60]
        + _PAIRS[number >> 50 & 1023]
        + _PAIRS[number >> 40 & 1023]
        + _PAIRS[number >> 30 & 1023]
        + _PAIRS[number >> 20 & 1023]
        + _PAIRS[number >> 10 & 1023]
        + _PAIRS[number & 1023]
    )


def parse(written: str) -> int:
    """The id that `text` wrote, in either case. Raises ValueError when it is none."""
    number = 0
    for char in written.lower():
        value = _VALUES.get(char)
        if value is None:
            break
        number = number << 5 | value
    else:
        if len(written) == _LENGTH and number < 1 << 63:
            return number
    raise ValueError(f"{written!r} is not a run id: it has {_LENGTH} characters such as 06a1zc9m4t400")


def started(number: int) -> float:
    """The Unix second at which the id was made."""
    return (number >> 21) / 1000


def first(seconds: float) -> int:
    """The lowest id of that Unix second: to seek by time."""
    return max(0, min(int(seconds * 1000), (1 << 42) - 1)) << 21
