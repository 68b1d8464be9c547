"""Whatever a run held becomes one bounded row."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.history import query
from penstock.history.mask import Mask
from penstock.history.store import History
from penstock.history.value import bounded, plain, weight
from tests.history.support import META, clock, history, record


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Long:
    def __repr__(self) -> str:
        return "x" * 1_000


class Broken(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise ValueError("no")

    def __iter__(self) -> Any:
        raise ValueError("no")

    def __len__(self) -> int:
        return 1


class Text(str):
    """Text of a kind of its own, as template engines make it."""


cyclic: list[Any] = [1]
cyclic.append(cyclic)
deep: Any = 0
for _ in range(5_000):
    deep = {"a": deep}

VALUES: dict[str, tuple[Any, Any]] = {
    "datetime": (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00Z"),
    "decimal": (Decimal("1.50"), "1.50"),
    "uuid": (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "timedelta": (timedelta(seconds=4), "PT4S"),
    "enum": (Colour.RED, "red"),
    "dataclass": (Point(3), {"x": 3}),
    "set": ({1}, [1]),
    "large integer": (2**100, 2**100),
    "nan": (float("nan"), None),
    "keys that are no text": ({1: "a", None: "b"}, {"1": "a", "None": "b"}),
    "mapping": (MappingProxyType({"a": 1}), {"a": 1}),
    "text of a kind of its own": (Text("a"), "a"),
    "half a character": ({"a": "\ud800b"}, {"a": "?b"}),
    "few bytes": (b"abc", "YWJj"),
    "many bytes": ([b"x" * 2_000, "\ud800"], [{"bytes": 2_000}, "?"]),
    "hostile": (Hostile(), "<Hostile>"),
    "long": (Long(), "<Long …>"),
    "function": (len, "<built-in function len>"),
    "broken mapping": (Broken(), "<Broken>"),
}


@pytest.mark.parametrize("name", VALUES)
def test_every_value_is_kept_in_some_form(tmp_path: Path, name: str) -> None:
    value, shown = VALUES[name]
    time = clock()

    async def body(opened: History) -> None:
        opened.finish(record(opened, time))  # the step has its number from now on
        await opened.flush()
        opened.finish(record(opened, time, params=value, step=value))
        opened.finish(record(opened, time, params=value, step=value, duration=1.0))
        await opened.flush()
        for run in (await query.list_runs(tmp_path / "runs.db"))[:2]:
            assert run.params == shown
            assert run.steps[0].output == shown

    history(tmp_path / "runs.db", time, body)


@pytest.mark.parametrize("value", [cyclic, deep, {"a": cyclic, "b": deep}], ids=["cyclic", "deep", "both"])
@pytest.mark.parametrize("level", ["runs", "steps", "full"])
def test_cycles_and_depths_end(tmp_path: Path, value: Any, level: str) -> None:
    time = clock()

    async def body(opened: History) -> None:
        opened.finish(record(opened, time, params=value, step=value, level=level))
        await opened.flush()
        (run,) = await query.list_runs(tmp_path / "runs.db")
        assert run.params is not None
        assert len(run.steps) == (level != "runs")

    history(tmp_path / "runs.db", time, body)
    assert (tmp_path / "runs.db").stat().st_size < 1_000_000


def test_levels_say_how_much_is_kept(tmp_path: Path) -> None:
    time = clock()
    body_text = "ä" * 5_000
    size = len(body_text.encode()) + 2

    async def body(opened: History) -> None:
        for level in ("off", "runs", "steps", "full"):
            made = record(opened, time, level=level, answer=body_text, step={"text": body_text})
            opened.start(made)
            opened.finish(made)
        opened.finish(record(opened, time, level="full", answer="x" * 1_000_000))
        await opened.flush()
        capped, full, steps, runs = await query.list_runs(tmp_path / "runs.db")
        assert runs.answer == steps.answer == {"truncated": size}
        assert runs.steps == ()
        assert steps.steps[0].input == {"set": {"a": 1}, "with": None}
        assert list(steps.steps[0].output) == ["truncated"]
        assert full.answer == body_text
        assert full.steps[0].output == {"text": body_text}
        assert capped.answer == {"truncated": 1_000_002}

    history(tmp_path / "runs.db", time, body)


def test_a_run_of_very_many_steps_says_how_many_are_left_out(tmp_path: Path) -> None:
    time = clock()

    async def body(opened: History) -> None:
        made = record(opened, time)
        made.steps += [(META.number, "ok", made.t0, made.t0, None, "x" * 400)] * 3_000
        opened.finish(made)
        await opened.flush()
        (run,) = await query.list_runs(tmp_path / "runs.db")
        assert 1_000 < len(run.steps) < 1_400
        assert len(run.steps) + run.left_out == 3_001

    history(tmp_path / "runs.db", time, body)


@settings(max_examples=100)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.decimals(),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text() | st.integers(), inner, max_size=5),
        max_leaves=20,
    )
)
def test_any_data_is_bounded_json(value: Any) -> None:
    text = bytes(bounded(value, 300))
    assert len(text) <= 302
    json.loads(text)
    json.loads(json.dumps(plain(value, Mask(["secret-value"]))))
    if isinstance(value, str | list | dict):
        assert weight(value, 10**6) <= len(bytes(bounded(value, 10**6)))


def test_weighing_stops(tmp_path: Path) -> None:
    assert weight([[0] * 1_000] * 1_000, 5_000) < 20_000
    assert weight(cyclic, 5_000) < 5_100
    assert bytes(bounded("x" * 10**6, 4_096)) == b'{"truncated":1000002}'
    assert bytes(bounded(b"x" * 10**6, 4_096)) == b'{"bytes":1000000}'
