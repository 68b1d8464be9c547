"""Rows: run records as rows of the table `runs`, one JSON text each."""

import asyncio
from collections.abc import Iterable
from typing import Any

from penstock.history.mask import Mask
from penstock.history.record import RunRecord, StepMeta, StepRecord
from penstock.history.value import ENCODER, Json, bounded

Row = tuple[int, int, str, int | None, int | None, str]
"""id, program, status, duration in microseconds, HTTP status, data (JSON: path, caller, params, answer, error, steps, steps left out)."""

Program = tuple[str, str, str, str]
"""What all runs of one endpoint in one snapshot share: endpoint, kind, method, snapshot."""

VALUE = {"runs": 4_096, "steps": 4_096, "full": 1_000_000, "off": 0}
"""Bytes kept of one value, by level."""
RUN = {"runs": 65_536, "steps": 524_288, "full": 4_000_000, "off": 0}
"""Bytes kept of the steps of one run, by level; further steps are counted."""
LIGHT = 4_096
"""Bytes of a run that is written as it is."""
SLOW = 0.005
"""Seconds. What ran longer may hold much: it is weighed before it is encoded."""


class Rows:
    """Encodes records. `programs` and `steps` are the numbers that stand for what many rows share; `most` bounds a row, in bytes."""

    __slots__ = ("mask", "most", "programs", "steps")

    def __init__(self, mask: Mask, most: int) -> None:
        self.mask = mask
        self.most = most
        self.programs: dict[Program, int] = {}
        self.steps: dict[StepMeta, int] = {}

    def unknown(self, records: Iterable[RunRecord]) -> tuple[set[Program], set[StepMeta]]:
        """What has no number yet."""
        programs: set[Program] = set()
        steps: set[StepMeta] = set()
        for record in records:
            programs.add(program(record))
            steps.update(step[0] for step in record.steps)
        return programs - self.programs.keys(), steps - self.steps.keys()

    def encode(self, records: Iterable[RunRecord]) -> tuple[list[Row], list[RunRecord]]:
        """One row a record, and the records that `careful` has to encode. Raises KeyError when something has no number yet."""
        programs, numbers = self.programs, self.steps
        heads: list[tuple[Any, ...]] = []
        shaped: list[tuple[Any, ...]] = []
        light: list[RunRecord] = []
        heavy: list[RunRecord] = []
        for record in records:
            duration = record.duration
            if duration is None or duration > SLOW or record.size > LIGHT or record.secrets or len(record.steps) > 200:
                heavy.append(record)
                continue
            start = record.t0
            light.append(record)
            shaped.append(
                (
                    record.path,
                    record.caller,
                    record.params,
                    record.answer,
                    record.error,
                    [
                        (numbers[meta], status, int((begin - start) * 1e6), int((end - begin) * 1e6), inputs, output)
                        for meta, status, begin, end, inputs, output in record.steps
                    ]
                    if record.level != "runs"
                    else (),
                )
            )
            number = programs[record.endpoint, record.kind, record.method or "", record.snapshot]
            heads.append((record.id, number, record.status, int(duration * 1e6), record.http_status))
        rows: list[Row] = []
        for record, head, line in zip(light, heads, self._lines(light, shaped), strict=True):
            if line is None:
                heavy.append(record)
            else:
                rows.append((*head, line))
        return rows, heavy

    def _lines(self, records: list[RunRecord], shaped: list[tuple[Any, ...]]) -> list[str | None]:
        try:
            text = ENCODER.encode_lines(shaped)
            lines: list[str | None] = [*text.decode().split("\n")]
        except Exception:  # one of them holds what has no JSON form
            return [None] * len(records)
        lines.pop()
        if len(lines) != len(records):
            return [None] * len(records)
        secret = bool(self.mask) and self.mask.found(text)
        if secret or len(text) > LIGHT:
            for index, line in enumerate(lines):
                assert line is not None
                if len(line) > LIGHT or (secret and self.mask.found(line.encode())):
                    lines[index] = None
        return lines

    async def careful(self, record: RunRecord) -> Row:
        """The row of a record that may hold much, secrets, or what has no JSON form; lets others run in between."""
        mask = self.mask.joined(record.secrets) if record.secrets else self.mask
        weigh = record.level != "full"
        most = min(VALUE[record.level], self.most // 4)
        head = [
            bounded(value, most, mask, weigh=weigh)
            for value in (record.path, record.caller, record.params, record.answer, record.error)
        ]
        source = record.steps[:] if record.level != "runs" else []
        steps: list[Json] = []
        room = min(RUN[record.level], self.most)
        for index, step in enumerate(source, 1):
            text = self._step(record.t0, step, most, mask, weigh)
            room -= len(text)
            if room < 0:
                break
            steps.append(Json(text))
            if index % 50 == 0:
                await asyncio.sleep(0)
        data = ENCODER.encode((*head, steps, len(source) - len(steps))).decode()
        duration = None if record.duration is None else int(record.duration * 1e6)
        return (record.id, self.programs[program(record)], record.status, duration, record.http_status, data)

    def _step(self, start: float, step: StepRecord, most: int, mask: Mask, weigh: bool) -> bytes:
        meta, status, begin, end, inputs, output = step
        written = None if inputs is None else [bounded(value, most, mask, weigh=weigh) for value in inputs]
        shown = bounded(output, most, mask, weigh=weigh)
        number = self.steps[meta]
        return ENCODER.encode((number, status, int((begin - start) * 1e6), int((end - begin) * 1e6), written, shown))


def program(record: RunRecord) -> Program:
    """What the record shares with other runs."""
    return (record.endpoint, record.kind, record.method or "", record.snapshot)
