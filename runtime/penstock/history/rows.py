"""Rows: run records as rows of the table `runs`, one JSON text each."""

import asyncio
from collections.abc import Iterable

import msgspec

from penstock.history.mask import Mask
from penstock.history.record import RunRecord, StepRecord
from penstock.history.value import ENCODER, Json, bounded, plain

Row = tuple[int, int, str, int | None, int | None, str]
"""id, program, status, duration in microseconds, HTTP status, data (JSON: path, caller, params, answer, error, steps, how many were left out, monotonic start)."""

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

_encode = ENCODER.encode


class Rows:
    """Encodes records. `programs` are the numbers that stand for what many rows share; `most` bounds a row, in bytes."""

    __slots__ = ("mask", "most", "programs")

    def __init__(self, mask: Mask, most: int) -> None:
        self.mask = mask
        self.most = most
        self.programs: dict[Program, int] = {}

    def unknown(self, records: Iterable[RunRecord]) -> set[Program]:
        """What has no number yet."""
        return {program(record) for record in records} - self.programs.keys()

    def light(self, record: RunRecord) -> Row | None:
        """The row of a small and quick record; None when `careful` has to look at it, or something has no number yet."""
        duration = record.duration
        if duration is None or duration > SLOW or record.size > LIGHT or record.secrets or len(record.steps) > 200:
            return None
        try:
            text = _encode(
                (
                    record.path,
                    record.caller,
                    record.params,
                    record.answer,
                    record.error,
                    record.steps if record.level != "runs" else (),
                    0,
                    record.t0,
                )
            )
            if len(text) > LIGHT:
                return None
            return (
                record.id,
                self.programs[record.endpoint, record.kind, record.method or "", record.snapshot],
                record.status,
                int(duration * 1e6),
                record.http_status,
                text.decode(),
            )
        except Exception:  # a Python object may raise anything while it is read
            return None

    def cover(self, rows: list[Row]) -> None:
        """Cover the secrets in rows that `light` made."""
        if not self.mask or not self.mask.found("\n".join([row[5] for row in rows]).encode()):
            return
        for index, row in enumerate(rows):
            if self.mask.found(row[5].encode()):
                *head, steps, left_out, start = msgspec.json.decode(row[5])
                shown = [(*step[:4], plain(step[4], self.mask), plain(step[5], self.mask)) for step in steps]
                data = _encode((*[plain(value, self.mask) for value in head], shown, left_out, start)).decode()
                rows[index] = (row[0], row[1], row[2], row[3], row[4], data)

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
            text = self._step(step, most, mask, weigh)
            room -= len(text)
            if room < 0:
                break
            steps.append(Json(text))
            if index % 50 == 0:
                await asyncio.sleep(0)
        data = _encode((*head, steps, len(source) - len(steps), record.t0)).decode()
        duration = None if record.duration is None else int(record.duration * 1e6)
        return (record.id, self.programs[program(record)], record.status, duration, record.http_status, data)

    def _step(self, step: StepRecord, most: int, mask: Mask, weigh: bool) -> bytes:
        number, status, begin, end, inputs, output = step
        written = None if inputs is None else [bounded(value, most, mask, weigh=weigh) for value in inputs]
        shown = bounded(output, most, mask, weigh=weigh)
        return _encode((number, status, begin, end, written, shown))


def program(record: RunRecord) -> Program:
    """What the record shares with other runs."""
    return (record.endpoint, record.kind, record.method or "", record.snapshot)
