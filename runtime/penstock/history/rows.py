"""Rows: run records as rows of the table `runs`, one JSON text each."""

from collections.abc import Iterable, Sequence
from typing import Any

from penstock.history.mask import Mask
from penstock.history.record import RunRecord, StepMeta, StepRecord
from penstock.history.value import ENCODER, Json, bounded

Row = tuple[int, int, str, int | None, int | None, str]
"""id, program, status, duration in microseconds, HTTP status, data (JSON: path, caller, params, answer, error, steps, steps left out)."""

Program = tuple[str, str, str, str]
"""What all runs of one endpoint in one snapshot share: endpoint, kind, method, snapshot."""

WIDTH = 6
VALUE = {"runs": 4_096, "steps": 4_096, "full": 1_000_000}
"""Bytes kept of one value, by level."""
RUN = {"runs": 65_536, "steps": 524_288, "full": 4_000_000}
"""Bytes kept of the steps of one run, by level; further steps are counted."""
SLOW = 0.005
"""Seconds. What ran longer may hold much: it is weighed before it is encoded."""


class Rows:
    """Encodes records. `programs` and `steps` are the numbers that stand for what many rows share."""

    __slots__ = ("mask", "programs", "steps")

    def __init__(self, mask: Mask) -> None:
        self.mask = mask
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

    def encode(self, records: Sequence[RunRecord]) -> list[Row]:
        """One row a record. Raises KeyError when a program or step has no number yet, and nothing else."""
        light = [record for record in records if self._is_light(record)]
        lines = self._lines(light)
        rows = [self._row(record, line) for record, line in zip(light, lines, strict=True)]
        if len(light) < len(records):
            rows += [self._row(record, self._careful(record)) for record in records if not self._is_light(record)]
        return rows

    def _is_light(self, record: RunRecord) -> bool:
        return not (
            record.secrets
            or record.size > 4_096
            or (record.duration is not None and record.duration > SLOW)
            or len(record.steps) > 500
        )

    def _lines(self, records: list[RunRecord]) -> list[str]:
        numbers = self.steps
        shaped = []
        for record in records:
            start = record.t0
            steps: list[Any] = []
            if record.level != "runs":
                steps = [
                    (numbers[meta], status, int((begin - start) * 1e6), int((end - begin) * 1e6), inputs, output)
                    for meta, status, begin, end, inputs, output in record.steps
                ]
            shaped.append((record.path, record.caller, record.params, record.answer, record.error, steps))
        try:
            text = ENCODER.encode_lines(shaped)
            lines = text.decode().split("\n")
        except KeyError:
            raise
        except Exception:
            return [self._careful(record) for record in records]
        lines.pop()
        if len(lines) != len(records):
            return [self._careful(record) for record in records]
        if text and self.mask and self.mask.found(text):
            for index, line in enumerate(lines):
                if self.mask.found(line.encode()):
                    lines[index] = self._careful(records[index])
        if len(text) > 4_096:
            for index, line in enumerate(lines):
                if len(line) > VALUE[records[index].level]:
                    lines[index] = self._careful(records[index])
        return lines

    def _careful(self, record: RunRecord) -> str:
        mask = self.mask.joined(record.secrets) if record.secrets else self.mask
        weigh = record.level != "full"
        most = VALUE[record.level]
        head = [
            bounded(value, most, mask, weigh=weigh)
            for value in (record.path, record.caller, record.params, record.answer, record.error)
        ]
        steps: list[Json] = []
        room = RUN[record.level]
        if record.level != "runs":
            for step in record.steps:
                text = self._step(record.t0, step, most, mask, weigh)
                room -= len(bytes(text))
                if room < 0:
                    break
                steps.append(text)
        left_out = len(record.steps) - len(steps) if record.level != "runs" else 0
        return ENCODER.encode((*head, steps, left_out)).decode()

    def _step(self, start: float, step: StepRecord, most: int, mask: Mask, weigh: bool) -> Json:
        meta, status, begin, end, inputs, output = step
        written = None if inputs is None else [bounded(value, most, mask, weigh=weigh) for value in inputs]
        return Json(
            ENCODER.encode(
                (
                    self.steps[meta],
                    status,
                    int((begin - start) * 1e6),
                    int((end - begin) * 1e6),
                    written,
                    bounded(output, most, mask, weigh=weigh),
                )
            )
        )

    def _row(self, record: RunRecord, line: str) -> Row:
        duration = record.duration
        return (
            record.id,
            self.programs[program(record)],
            record.status,
            None if duration is None else int(duration * 1e6),
            record.http_status,
            line,
        )


def program(record: RunRecord) -> Program:
    """What the record shares with other runs."""
    return (record.endpoint, record.kind, record.method or "", record.snapshot)
