"""Run ids sort by time, never repeat, and survive being written down."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.history import ids
from tests.history.support import NOON, clock


def test_ids_rise_and_never_repeat_within_a_millisecond() -> None:
    made = ids.RunIds(5, clock())
    numbers = [made.next() for _ in range(5_000)]
    assert numbers == sorted(set(numbers))
    assert {number >> 11 & 1023 for number in numbers} == {5}


def test_the_clock_set_back_does_not_repeat_an_id() -> None:
    time = clock()
    made = ids.RunIds(1, time)
    before = made.next()
    time.advance(-60)
    assert made.next() > before
    assert ids.RunIds(1, time, before).next() > before


def test_an_id_knows_its_time() -> None:
    number = ids.RunIds(0, clock()).next()
    assert ids.started(number) == NOON.timestamp()
    assert ids.first(NOON.timestamp()) <= number < ids.first(NOON.timestamp() + 1)


@settings(max_examples=200)
@given(st.integers(0, (1 << 63) - 1), st.integers(0, (1 << 63) - 1))
def test_text_sorts_as_numbers_do(one: int, other: int) -> None:
    assert ids.parse(ids.text(one)) == one
    assert len(ids.text(one)) == 13
    assert (ids.text(one) < ids.text(other)) == (one < other)


def test_text_is_read_in_either_case_and_with_letters_that_look_like_digits() -> None:
    written = ids.text(0)
    assert ids.parse(written.replace("0", "O")) == 0
    assert ids.parse(ids.text(12345).upper()) == 12345


@pytest.mark.parametrize("wrong", ["", "abc", "0" * 14, "z" * 13, "u" * 13, "0" * 12 + "-", "0" * 12 + "é"])
def test_what_is_no_id_says_so(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not a run id"):
        ids.parse(wrong)


def test_a_slot_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="slot 1024"):
        ids.RunIds(1024, clock())
