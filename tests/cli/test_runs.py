"""`penstock runs`: the history of a project on the command line."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import pytest
from tests.cli.console import Run

from penstock.clock import SystemClock
from penstock.history import ids
from penstock.history.record import RunRecord, StepMeta
from penstock.history.store import History
from penstock_cli import show

OUTER = StepMeta("steps[0]", None, "if", "workflows.d/order.yaml", 8, ("if",))
INNER = StepMeta("steps[0].then[0]", "charge", "http.request", "workflows.d/order.yaml", 10, ("http.request",))
LAST = StepMeta("steps[1]", "answer", "respond", "workflows.d/order.yaml", 12, ("respond",))

BARS = str.maketrans("", "", "█▏▎▍▌▋▊▉")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "workflows.d").mkdir()
    return tmp_path


def fill(project: Path, made: Iterable[dict[str, Any]]) -> list[str]:
    """Put runs into the project's history; gives their ids."""
    clock = SystemClock()
    numbers: list[int] = []

    async def main() -> None:
        async with History(project / ".penstock" / "runs.db", clock=clock, flush_interval=None) as history:
            history.learn([OUTER, INNER, LAST])
            for values in made:
                run = RunRecord(
                    history.ids.next(), "order", "endpoint", "cafe0123456789", clock.seconds(), clock.monotonic()
                )
                run.method, run.path, run.status, run.http_status, run.duration = "POST", "/order", "ok", 200, 0.02
                for name, value in values.items():
                    setattr(run, name, value)
                steps: list[Any] = values.get("steps", [])
                run.steps = [(meta.number, status, run.t0 + a, run.t0 + b, i, o) for meta, status, a, b, i, o in steps]
                numbers.append(run.id)
                history.finish(run)

    asyncio.run(main())
    return [ids.text(number) for number in numbers]


FAILED = {
    "status": "failed",
    "http_status": 502,
    "params": {"qty": 3},
    "caller": "ada@example.com",
    "error": {
        "code": "upstream_failed",
        "message": "the shop\x1b[2J answered 500",
        "status": 502,
        "step": "charge",
        "where": "workflows.d/order.yaml:10",
    },
    "steps": [
        (INNER, "retried", 0.002, 0.006, ("https://shop",), {"code": "timeout", "message": "no answer in 4 ms"}),
        (
            INNER,
            "failed",
            0.008,
            0.018,
            ("https://shop",),
            {"code": "upstream_failed", "message": "the shop answered 500"},
        ),
        (OUTER, "failed", 0.001, 0.018, (True,), None),
        (LAST, "skipped", 0.018, 0.018, None, None),
    ],
}


def test_nothing_has_run_yet(penstock: Run, project: Path) -> None:
    result = penstock("runs")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "no runs\n")
    assert penstock("runs", "--json").stdout == "[]\n"
    result = penstock("runs", "show")
    assert (result.returncode, result.stderr) == (1, "error: there are no runs yet\n")
    assert not (project / ".penstock").exists()


def test_list_is_one_line_a_run_in_a_pipe(penstock: Run, project: Path) -> None:
    first, second = fill(project, [{}, FAILED])
    for arguments in (["runs"], ["runs", "list"]):
        lines = [line.split("\t") for line in penstock(*arguments).stdout.splitlines()]
        assert [line[0] for line in lines] == [second, first]
        assert [line[2:6] for line in lines] == [
            ["order", "failed", "502", "20.0 ms"],
            ["order", "ok", "200", "20.0 ms"],
        ]
        assert lines[0][6] == "upstream_failed: the shop�[2J answered 500 at workflows.d/order.yaml:10"


def test_list_as_json_and_filters(penstock: Run, project: Path) -> None:
    first, second, third = fill(project, [{"started": 0}, FAILED, {"endpoint": "other"}])

    def listed(*arguments: str) -> list[str]:
        result = penstock("runs", "list", "--json", *arguments)
        assert result.returncode == 0
        return [run["id"] for run in json.loads(result.stdout)]

    assert listed() == [third, second, first]
    assert listed("--limit", "1") == [third]
    assert listed("--endpoint", "order") == [second, first]
    assert listed("--status", "failed") == [second]
    assert listed("--since", "1h") == [third, second, first]
    assert listed("--since", "2100-01-01") == []
    assert listed("--since", "2020-01-01T12:00:00Z", "--status", "ok") == [third, first]
    run = json.loads(penstock("runs", "--json", "--status", "failed").stdout)[0]
    assert run["error"]["where"] == "workflows.d/order.yaml:10"
    assert "steps" not in run


def test_show_draws_the_steps(penstock: Run, project: Path) -> None:
    (number,) = fill(project, [FAILED])
    result = penstock("runs", "show", number)
    assert result.returncode == 0
    assert "\x1b" not in result.stdout
    head, facts, error, params, blank, *steps = result.stdout.splitlines()
    assert head == f"run {number}  order  POST /order  failed 502"
    assert facts.endswith(" · 20.0 ms · snapshot cafe01234567 · by ada@example.com")
    assert error == "upstream_failed: the shop�[2J answered 500 at workflows.d/order.yaml:10 (charge)"
    assert (params, blank) == ('params {"qty": 3}', "")
    assert [step.split("  workflows.d")[0].translate(BARS).split() for step in steps] == [
        ["✗", "if", "17.0", "ms"],
        ["↻", "charge", "4.0", "ms"],
        ["timeout:", "no", "answer", "in", "4", "ms"],
        ["✗", "charge", "10.0", "ms"],
        ["upstream_failed:", "the", "shop", "answered", "500"],
        ["-", "answer", "·", "0", "µs"],
    ]
    assert steps[0].index("█") < steps[1].index("█") < steps[3].index("█")
    assert steps[0].count("█") > steps[3].count("█") > steps[1].count("█")
    assert steps[3].endswith("10.0 ms  workflows.d/order.yaml:10")
    assert len({step.index("workflows.d") for step in steps if "workflows.d" in step}) == 1


def test_show_values_and_json(penstock: Run, project: Path) -> None:
    (number,) = fill(project, [FAILED])
    assert 'in {"http.request": "https://shop"}' in penstock("runs", "show", "--values", number).stdout
    run = json.loads(penstock("runs", "show", "--json").stdout)
    assert run["id"] == number
    assert [step["status"] for step in run["steps"]] == ["retried", "failed", "failed", "skipped"]


def test_what_is_not_there_or_wrong(penstock: Run, project: Path) -> None:
    fill(project, [{}])
    result = penstock("runs", "show", "0000000000000")
    assert (result.returncode, result.stderr) == (
        1,
        "error: there is no run 0000000000000 (`penstock runs` lists them)\n",
    )
    result = penstock("runs", "show", "nonsense")
    assert result.returncode == 1
    assert "'nonsense' is not a run id" in result.stderr
    result = penstock("runs", "--since", "tomorrow")
    assert result.returncode == 2
    assert "tomorrow is neither a duration" in result.stderr
    assert penstock("runs", "--status", "well").returncode == 2
    assert penstock("-C", "nowhere", "runs").returncode == 2


def test_a_file_that_cannot_be_read_says_so(penstock: Run, project: Path) -> None:
    (project / ".penstock").mkdir()
    (project / ".penstock" / "runs.db").write_bytes(b"no database" * 1_000)
    result = penstock("runs")
    assert result.returncode == 1
    assert "runs.db can't be read: file is not a database" in result.stderr


def test_tail_gives_runs_as_they_end(penstock: Run, project: Path) -> None:
    made = fill(project, [{}, {"endpoint": "other"}, FAILED, {}])
    result = penstock("runs", "tail", "--since", "1h", "--endpoint", "order", "--limit", "3", "--json")
    assert result.returncode == 0
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [made[0], made[2], made[3]]
    line = penstock("runs", "tail", "--since", "1h", "--status", "failed", "--limit", "1").stdout
    assert "  order  failed  502  20.0 ms  upstream_failed: the shop" in line


@pytest.mark.parametrize("command", ["list", "show", "tail"])
def test_help_shows_examples(penstock: Run, command: str) -> None:
    assert f"penstock runs {command}" in penstock("runs", command, "--help").stdout.partition("Examples:")[2]


def test_no_word_of_the_list_is_broken_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "terminal", lambda err=False: True)
    monkeypatch.setenv("COLUMNS", "20")
    show.lines(("id", "endpoint", "error"), [("1", "get_a_rather_long_name", "invalid_params: no"), ("2", "b", "")])
    head, long, short = capsys.readouterr().out.splitlines()
    assert click.unstyle(head) == "id  endpoint                error"
    assert (long, short) == ("1   get_a_rather_long_name  invalid_params: no", "2   b")
