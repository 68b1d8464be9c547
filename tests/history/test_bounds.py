"""The run log keeps what it says, no longer and no larger."""

import sqlite3
from pathlib import Path

from penstock.history import query
from penstock.history.bounds import DAY
from penstock.history.record import StepMeta
from penstock.history.store import History
from tests.history.support import META, clock, history, record

MEGABYTE = 1_048_576


def total(path: Path) -> int:
    return sum(file.stat().st_size for file in path.parent.glob("runs.db*") if not file.name.endswith("-shm"))


def test_runs_are_kept_for_their_time(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        for day in range(100):
            opened.finish(record(opened, time, params=day, status="failed" if day % 10 == 0 else "ok"))
            opened.finish(record(opened, time, params=day))
            time.advance(DAY)
        await opened.flush()
        deleted = await opened.sweep()
        runs = await query.list_runs(path, limit=1_000)
        assert deleted == 200 - len(runs)
        assert sorted(run.params for run in runs if run.status == "failed") == list(range(10, 100, 10))
        assert min(run.params for run in runs if run.status == "ok") == 70
        assert await opened.sweep() == 0
        time.advance(1_000 * DAY)
        await opened.sweep()
        assert await query.list_runs(path) == []

    history(path, time, body)


def test_the_file_never_outgrows_its_size(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        largest = 0
        for number in range(60):
            for _ in range(256):
                opened.finish(record(opened, time, answer="x" * 200, status="failed" if number == 0 else "ok"))
                time.advance(0.001)
            await opened.flush()  # no sweep in between: the writer has to make room by itself
            largest = max(largest, total(path))
        assert largest <= 2 * MEGABYTE
        assert opened.dropped == 0
        runs = await query.list_runs(path, limit=10_000)
        assert sum(run.status == "failed" for run in runs) == 256  # the errors are older, and are kept
        assert 1_000 < len(runs) < 60 * 256
        assert runs[0].status == "ok"

    history(path, time, body, max_size=2 * MEGABYTE)


def test_errors_go_too_when_there_is_nothing_else(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        for number in range(30):
            for _ in range(256):
                opened.finish(record(opened, time, params=number, answer="x" * 300, status="failed"))
                time.advance(0.001)
            await opened.flush()
        assert total(path) <= MEGABYTE
        runs = await query.list_runs(path, limit=10_000)
        assert runs[0].params == 29
        assert runs[-1].params > 0

    history(path, time, body, max_size=MEGABYTE)


def test_large_runs_fit_a_small_file(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        for _ in range(60):
            opened.finish(record(opened, time, level="full", answer="x" * 900_000, step="y" * 900_000))
            opened.finish(record(opened, time, level="full", answer="x" * 9_000, step="y" * 9_000))
            await opened.flush()
            assert total(path) <= MEGABYTE
        assert opened.dropped == 0
        big, small = (await query.list_runs(path, limit=2))[::-1]
        assert big.answer == {"truncated": 900_002}
        assert small.answer == "x" * 9_000

    history(path, time, body, max_size=MEGABYTE)


def test_a_smaller_size_shrinks_the_file(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def fill(opened: History) -> None:
        for _ in range(40):
            for _ in range(256):
                opened.finish(record(opened, time, answer="x" * 200))
                time.advance(0.001)
            await opened.flush()

    async def sweep(opened: History) -> None:
        assert await opened.sweep() > 0
        assert total(path) <= MEGABYTE
        assert await query.list_runs(path)

    history(path, time, fill, max_size=8 * MEGABYTE)
    assert total(path) > 3 * MEGABYTE
    history(path, time, sweep, max_size=MEGABYTE)


def test_space_is_given_back_when_runs_expire(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        for _ in range(20):
            for _ in range(256):
                opened.finish(record(opened, time, answer="x" * 300))
            await opened.flush()
        before = total(path)
        time.advance(40 * DAY)
        await opened.sweep()
        assert total(path) < before / 4

    history(path, time, body)


def test_a_reader_that_stays_does_not_let_the_log_grow(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        opened.finish(record(opened, time))
        await opened.flush()
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM runs").fetchone()
        for _ in range(40):
            for _ in range(256):
                opened.finish(record(opened, time, answer="x" * 300))
            await opened.flush()
            assert total(path) <= MEGABYTE
        assert opened.dropped > 0
        reader.execute("COMMIT")
        reader.close()
        before = opened.dropped
        await opened.sweep()
        opened.finish(record(opened, time, params="after"))
        await opened.flush()
        assert opened.dropped == before
        assert (await query.list_runs(path))[0].params == "after"

    history(path, time, body, max_size=MEGABYTE)


def test_steps_and_programs_of_no_run_are_forgotten(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        for number in range(50):
            made = record(opened, time, snapshot=f"snapshot {number}")
            meta = StepMeta(f"steps[{number}]", None, "set", META.file, number, ())
            opened.learn([meta])
            made.steps = [(meta.number, "ok", made.t0, made.t0, None, None)]
            opened.finish(made)
            await opened.flush()
            time.advance(DAY)
            await opened.sweep()
        runs = await query.list_runs(path)
        assert [run.steps[0].line for run in runs] == list(range(49, 49 - len(runs), -1))
        assert 28 < len(runs) < 32

    history(path, time, body)
    db = sqlite3.connect(path)
    for table in ("steps", "programs"):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] <= 33
    db.close()
