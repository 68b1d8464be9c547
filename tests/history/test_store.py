"""The run log takes runs at no cost to them, and survives what happens to its process, file and disk."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from penstock.clock import ManualClock, SystemClock
from penstock.errors import PenstockError
from penstock.history import ids, query
from penstock.history.record import StepMeta
from penstock.history.slots import Slots
from penstock.history.store import History
from tests.history.support import META, NOON, clock, history, record

ROOT = Path(__file__).parent.parent.parent
CHILD = """
import asyncio, os, sys
from pathlib import Path
from penstock.clock import SystemClock
from penstock.history.record import RunRecord, StepMeta
from penstock.history.store import History

META = StepMeta("steps[0]", "pay", "http.request", "workflows.d/pay.yaml", 4, ("http.request",))

async def main(path, many, how):
    clock = SystemClock()
    async with History(Path(path), clock=clock, flush_interval=None) as history:
        history.learn([META])
        for number in range(many):
            made = RunRecord(history.ids.next(), "pay", "workflow", "beef", clock.seconds(), clock.monotonic())
            made.params = {"number": number}
            if how == "finish":
                made.status, made.duration = "ok", 0.001
                history.finish(made)
                if number % 100 == 0:
                    await history.flush()
            else:
                history.start(made)
                made.steps.append((META.number, "ok", made.t0, made.t0 + 0.01, ({"a": 1},), "sent"))
        if how == "finish":
            await history.flush()
            return
        await history.flush()
        print("written", flush=True)
        sys.stdin.read()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
"""


def child(path: Path, many: int, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), str(many), how],
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def listed(path: Path, **filters: Any) -> list[Any]:
    return asyncio.run(query.list_runs(path, **filters))


def test_a_run_comes_back_as_it_was(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / ".penstock" / "runs.db"

    async def body(opened: History) -> None:
        made = record(opened, time, caller="ada@example.com", step={"rows": 2})
        made.status, made.http_status, made.duration = "failed", 422, 0.0125
        made.error = {
            "code": "invalid_value",
            "message": "no",
            "status": 422,
            "step": "order",
            "where": "workflows.d/order.yaml:7",
        }
        opened.finish(made)
        await opened.flush()
        run = await query.show(path, made.id)
        assert run is not None
        assert run.view() == {
            "id": ids.text(made.id),
            "endpoint": "order",
            "kind": "endpoint",
            "method": "POST",
            "path": "/order",
            "snapshot": "cafe",
            "caller": "ada@example.com",
            "status": "failed",
            "http_status": 422,
            "started": "2026-03-01T12:00:00.000Z",
            "duration": 0.0125,
            "params": {"qty": 3},
            "answer": {"total": 28.5},
            "error": made.error,
            "steps": (
                {
                    "path": "steps[0]",
                    "id": "order",
                    "action": "set",
                    "file": "workflows.d/order.yaml",
                    "line": 7,
                    "status": "ok",
                    "begin": pytest.approx(0.0001, abs=2e-6),
                    "duration": pytest.approx(0.0002, abs=2e-6),
                    "input": {"set": {"a": 1}, "with": None},
                    "output": {"rows": 2},
                    "note": None,
                },
            ),
            "left_out": 0,
        }
        assert await query.show(path, made.id + 1) is None

    history(path, time, body)


def test_no_file_is_no_runs(tmp_path: Path) -> None:
    assert listed(tmp_path / "runs.db") == []
    assert asyncio.run(query.show(tmp_path / "runs.db", 1)) is None
    assert asyncio.run(query.newest(tmp_path / "runs.db")) == 0
    assert list(tmp_path.iterdir()) == []


def test_filters(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        for number in range(6):
            made = record(opened, time, endpoint="even" if number % 2 == 0 else "odd", params=number)
            made.status = "failed" if number == 3 else "ok"
            opened.finish(made)
            time.advance(60)
        await opened.flush()

        async def numbers(**filters: Any) -> list[int]:
            return [run.params for run in await query.list_runs(path, **filters)]

        assert await numbers() == [5, 4, 3, 2, 1, 0]
        assert await numbers(limit=2) == [5, 4]
        assert await numbers(endpoint="odd") == [5, 3, 1]
        assert await numbers(endpoint="absent") == []
        assert await numbers(status="failed") == [3]
        assert await numbers(status="ok", endpoint="odd") == [5, 1]
        assert await numbers(status="running") == []
        assert await numbers(since=NOON.timestamp() + 200) == [5, 4]
        third = (await query.list_runs(path, status="failed"))[0]
        assert await numbers(before=ids.parse(third.id)) == [2, 1, 0]
        assert await numbers(before=ids.parse(third.id), limit=1) == [2]

    history(path, time, body)


def test_the_queue_is_bounded_and_counts_what_it_drops(tmp_path: Path) -> None:
    time = clock()

    async def body(opened: History) -> None:
        lost = record(opened, time)
        opened.start(lost)
        await opened.flush()  # it has a row now, which goes when the run is dropped
        for _ in range(15):
            opened.finish(record(opened, time))
        opened.finish(lost)
        assert opened.dropped == 6
        await opened.flush()
        assert len(await query.list_runs(tmp_path / "runs.db")) == 10
        opened.finish(record(opened, time))
        await opened.flush()
        assert opened.dropped == 6

    history(tmp_path / "runs.db", time, body, capacity=10)


def test_large_runs_that_wait_are_bounded_in_bytes(tmp_path: Path) -> None:
    time = clock()

    async def body(opened: History) -> None:
        for _ in range(10):
            opened.finish(record(opened, time, size=10_000_000))
        assert opened.dropped == 3
        await opened.flush()
        opened.finish(record(opened, time, size=10_000_000))
        assert opened.dropped == 3

    history(tmp_path / "runs.db", time, body)


def test_the_pump_writes_without_being_told(tmp_path: Path) -> None:
    async def main() -> None:
        time = SystemClock()
        async with History(tmp_path / "runs.db", clock=time, flush_interval=0.01) as opened:
            for _ in range(1_000):
                opened.finish(record(opened, time))
            while len(await query.list_runs(tmp_path / "runs.db", limit=2_000)) < 1_000:
                pass
            opened.finish(record(opened, time))
        assert opened.dropped == 0

    asyncio.run(main())
    assert len(listed(tmp_path / "runs.db", limit=2_000)) == 1_001


def test_a_run_in_flight_is_shown_and_then_replaced(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        made = record(opened, time, status="running", duration=None)
        opened.start(made)
        await opened.flush()
        (run,) = await query.list_runs(path, status="running")
        assert (run.status, run.duration, len(run.steps)) == ("running", None, 1)
        made.steps.append((META.number, "retried", made.t0, made.t0, None, {"code": "timeout", "message": "no"}))
        await opened.flush()
        (run,) = await query.list_runs(path)
        assert [step.status for step in run.steps] == ["ok", "retried"]
        assert await opened.sweep() == 0
        made.status, made.duration = "ok", 0.5
        opened.finish(made)
        await opened.flush()
        (run,) = await query.list_runs(path)
        assert (run.status, run.duration) == ("ok", 0.5)

    history(path, time, body)


def test_a_killed_process_leaves_interrupted_runs(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    process = child(path, 3, "wait")
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline() == "written\n"
    assert [run.status for run in listed(path)] == ["running"] * 3
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stdin.close()
    runs = listed(path, status="interrupted")  # told by the locks, before anyone has written so
    assert [run.status for run in runs] == ["interrupted"] * 3
    assert runs[0].steps[0].output == "sent"
    assert listed(path, status="running") == []

    async def body(opened: History) -> None:
        assert stored(path) == ["interrupted"] * 3

    history(path, clock(), body)


def test_a_sweep_marks_the_runs_of_a_process_that_died_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    time = clock()

    async def body(opened: History) -> None:
        mine = record(opened, time, status="running", duration=None)
        opened.start(mine)
        await opened.flush()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, str(path), "2", "wait",
            env={**os.environ, "PYTHONPATH": str(ROOT / "runtime")}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        await process.stdout.readline()
        await opened.sweep()
        assert stored(path) == ["running"] * 3
        process.kill()
        await process.communicate()
        await opened.sweep()
        assert sorted(stored(path)) == ["interrupted", "interrupted", "running"]

    history(path, time, body)


def stored(path: Path) -> list[str]:
    db = sqlite3.connect(path)
    try:
        return [row[0] for row in db.execute("SELECT status FROM runs")]
    finally:
        db.close()


def test_several_processes_write_the_same_new_file(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    processes = [child(path, 500, "finish") for _ in range(4)]
    for process in processes:
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert len(listed(path, limit=5_000)) == 2_000
    assert {run.endpoint for run in listed(path, limit=5_000)} == {"pay"}


def test_two_histories_of_one_process_have_slots_of_their_own(tmp_path: Path) -> None:
    async def main() -> None:
        slots = Slots(tmp_path / "processes.lock")
        async with History(tmp_path / "runs.db", clock=clock(), flush_interval=None) as one:
            async with History(tmp_path / "runs.db", clock=clock(), flush_interval=None) as two:
                assert (one.slot, two.slot) == (0, 1)
                assert slots.alive(0) and slots.alive(1) and not slots.alive(2)
            assert slots.alive(0) and not slots.alive(1)
        assert not slots.alive(0)

    asyncio.run(main())


def test_ids_go_on_above_those_of_the_file(tmp_path: Path) -> None:
    time = clock()
    seen: list[int] = []

    async def body(opened: History) -> None:
        seen.append(opened.ids.next())
        opened.finish(record(opened, time))
        time.advance(-3600)

    history(tmp_path / "runs.db", time, body)
    history(tmp_path / "runs.db", time, body)
    assert seen[1] > seen[0]


@pytest.mark.parametrize(
    "content", [b"this is no database " * 500, b"SQLite format 3\0" + b"\1" * 9_000], ids=["text", "header"]
)
def test_a_file_that_cannot_be_read_is_moved_aside(tmp_path: Path, content: bytes) -> None:
    time = clock()
    path = tmp_path / "runs.db"
    path.write_bytes(content)
    with pytest.raises(PenstockError, match="can't be read"):
        listed(path)

    async def body(opened: History) -> None:
        opened.finish(record(opened, time))
        await opened.flush()
        assert len(await query.list_runs(path)) == 1
        assert opened.dropped == 0

    history(path, time, body)
    assert path.with_name("runs.db.corrupt").read_bytes() == content


def test_a_file_of_a_later_version_is_moved_aside(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()

    async def body(opened: History) -> None:
        opened.finish(record(opened, time))

    history(path, time, body)
    assert len(listed(path)) == 1
    assert path.with_name("runs.db.corrupt").exists()


def test_a_file_spoilt_while_it_is_open_is_replaced(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        for _ in range(600):
            opened.finish(record(opened, time))
        await opened.flush()
        db = sqlite3.connect(path)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        with path.open("r+b") as file:
            file.seek(16_384)
            file.write(b"\xff" * (path.stat().st_size - 16_384))
        for _ in range(300):
            opened.finish(record(opened, time))
        await opened.flush()
        opened.finish(record(opened, time, endpoint="after"))
        await opened.flush()
        assert (await query.list_runs(path))[0].endpoint == "after"
        assert 0 < opened.dropped <= 300

    history(path, time, body)


def test_a_deleted_file_is_begun_anew(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        opened.finish(record(opened, time))
        await opened.flush()
        for name in ("runs.db", "runs.db-wal", "runs.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        await opened.sweep()
        opened.finish(record(opened, time, endpoint="after"))
        await opened.flush()
        (run,) = await query.list_runs(path)
        assert run.endpoint == "after"
        assert run.steps[0].path == "steps[0]"

    history(path, time, body)


def test_a_folder_that_cannot_be_written_costs_only_the_history(tmp_path: Path) -> None:
    time = clock()
    (tmp_path / "file").write_text("in the way")

    async def body(opened: History) -> None:
        opened.finish(record(opened, time))
        await opened.flush()
        assert await opened.sweep() == 0
        assert opened.dropped == 1

    history(tmp_path / "file" / "runs.db", time, body)


def test_a_writer_that_holds_the_file_is_waited_for_and_then_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        opened.finish(record(opened, time))
        await opened.flush()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        db = await opened._writer._connection()
        await db.execute_fetchall("PRAGMA busy_timeout = 1")
        opened.finish(record(opened, time))
        await opened.flush()
        assert opened.dropped == 1
        other.execute("ROLLBACK")
        other.close()
        opened.finish(record(opened, time))
        await opened.flush()
        assert len(await query.list_runs(path)) == 2

    history(path, time, body)


def test_tail_gives_runs_as_they_end(tmp_path: Path) -> None:
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        first = record(opened, time, params="first", status="running", duration=None)
        opened.start(first)
        late = record(opened, time, params="late")
        opened.finish(record(opened, time, params="second"))
        await opened.flush()
        ended = query.tail(path, 0, interval=0)
        assert (await anext(ended)).params == "second"
        opened.finish(late)
        first.status, first.duration = "ok", 1.0
        opened.finish(first)
        await opened.flush()
        assert [(await anext(ended)).params, (await anext(ended)).params] == ["first", "late"]
        opened.finish(record(opened, time, params="third"))
        await opened.flush()
        assert (await anext(ended)).params == "third"
        await ended.aclose()

    history(path, time, body)


def test_steps_are_known_by_what_they_are(tmp_path: Path) -> None:
    """The same step of two compiled snapshots is one row of `steps`."""
    time = clock()
    path = tmp_path / "runs.db"

    async def body(opened: History) -> None:
        for _ in range(3):
            made = record(opened, time)
            meta = StepMeta(META.path, META.id, META.action, META.file, META.line, META.names)
            opened.learn([meta])
            made.steps = [(meta.number, "ok", made.t0, made.t0, None, None)]
            opened.finish(made)
            await opened.flush()
        assert [run.steps[0].file for run in await query.list_runs(path)] == [META.file] * 3

    history(path, time, body)
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM steps").fetchone() == (1,)
    assert json.loads(db.execute("SELECT data FROM runs").fetchone()[0])[0] == "/order"
    db.close()


def test_the_clock_of_tests_does_not_run_away(tmp_path: Path) -> None:
    async def main() -> None:
        time = ManualClock(NOON)
        async with History(tmp_path / "runs.db", clock=time):
            for _ in range(20):
                await asyncio.sleep(0)
        assert time.now() == NOON

    asyncio.run(main())
