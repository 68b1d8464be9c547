"""Compiled files: odd names, depth, many steps, lines in failures, programs that never wait."""

import asyncio
import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from penstock.app import opened
from penstock.engine import Run, drive
from penstock.history.record import RunRecord
from penstock.testing import run_steps
from tests.support import Live, live

WORDS = ("class", "none", "lambda", "int", "len", "type", "vars_", "self", "import", "match", "print")


def test_steps_may_be_named_like_words_of_python() -> None:
    steps = "".join(f"- id: {word}\n  foreach: [{n}]\n  collect: '{{{{ item }}}}'\n" for n, word in enumerate(WORDS))
    steps += "- respond: [" + ", ".join(f'"{{{{ steps.{word}[0] }}}}"' for word in WORDS) + "]"
    result = run_steps(steps)
    assert result["answer"] == list(range(len(WORDS))), result["error"]


@pytest.mark.parametrize("name", ["class", "int", "len", "x1", "omitted", "now_", "error"])
def test_items_may_be_named_like_words_of_python(name: str) -> None:
    steps = f"- id: x\n  foreach: [1, 2]\n  as: {name}\n  do: [{{set: {{v: '{{{{ {name} }}}}'}}}}]\n  collect: '{{{{ {name} + vars.v }}}}'\n- respond: '{{{{ steps.x }}}}'"
    assert run_steps(steps)["answer"] == [2, 4]


def test_params_branches_and_cases_may_have_any_name() -> None:
    steps = """
- id: x
  parallel:
    a-b: [{return: 1}]
    a b: [{return: 2}]
    "--": [{return: 3}]
    "é\\"\\\\": [{return: 4}]
    "": [{return: 5}]
- switch: "{{ params['x-y'] }}"
  cases:
    "a'b": [{respond: "{{ steps.x }}"}]
"""
    result = run_steps(steps, {"x-y": "a'b"})
    assert result["answer"] == {"a-b": 1, "a b": 2, "--": 3, 'é"\\': 4, "": 5}, result["error"]


def test_a_file_may_have_any_name() -> None:
    async def body(project: Live) -> None:
        for path in ("a", "b"):
            reply = await project.ask("GET", f"/{path}")
            assert reply.json == path

    head = "security: {access: public}\nsteps: [{if: true, then: [{respond: PATH}]}]\n"
    files = {
        "workflows.d/ö 'x'/a {b}.yaml": "endpoint: GET /a\nname: steps_0_if_then\n" + head.replace("PATH", "a"),
        'q"\\n.yaml': "endpoint: GET /b\nname: steps_0_then\n" + head.replace("PATH", "b"),
    }
    live(files, body)


def test_blocks_nest_as_deep_as_yaml_may() -> None:
    depth = 14
    steps = "{respond: deep}"
    for level in range(depth):
        steps = f"{{if: true, then: [{steps}]}}" if level % 2 else f"{{try: [{steps}], finally: []}}"
    result = run_steps(f"- {steps}")
    assert result["answer"] == "deep", result["error"]


def test_a_file_may_have_two_thousand_steps() -> None:
    steps = "".join(f"- id: s{n}\n  set: {{v{n}: '{{{{ {n} + 1 }}}}'}}\n" for n in range(2000))
    result = run_steps(steps + "- respond: '{{ vars.v1999 }}'")
    assert result["answer"] == 2000, result["error"]
    assert len(result["steps"]) == 2001


def test_ids_in_both_branches() -> None:
    steps = """
- if: params.x
  then: [{id: a, foreach: [1], collect: "{{ item }}"}]
  else: [{id: b, foreach: [2], collect: "{{ item }}"}]
- respond: {a: "{{ steps.a }}", b: "{{ steps.b }}"}
"""
    assert run_steps(steps, {"x": True})["answer"] == {"a": [1], "b": None}
    assert run_steps(steps, {"x": False})["answer"] == {"a": None, "b": [2]}


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ("- set:\n    a: 1\n    b: '{{ params.x.nothing }}'", 9),
        ("- set:\n    a: |\n      one\n      two {{ params.x.nothing }}\n      three", 10),
        ("- set:\n    a:\n      - {b: 1}\n      - {b: '{{ params.x.nothing }}'}", 10),
        ("- if: true\n  then:\n    - if: params.x.nothing\n      then: []", 9),
        ("- log: x\n- log: x\n  when: params.x.nothing", 9),
        ("- foreach: [1]\n  do:\n    - log: x\n  collect: '{{ params.x.nothing }}'", 10),
        ("- if: false\n  then: []\n  elif:\n    - if: params.x.nothing\n      then: []", 10),
        ("- log: x\n  level: info\n  data:\n    a: '{{ params.x.nothing }}'", 10),
    ],
)
def test_a_failure_names_the_line_of_its_value(steps: str, line: int) -> None:
    result = run_steps(steps, {"x": {}})
    assert result["error"]["code"] == "undefined"
    assert result["error"]["where"] == f"workflows.d/test.yaml:{line}"


def test_records_name_nested_steps_by_their_paths() -> None:
    steps = """
- if: true
  then:
    - try:
        - fail: no
      catch:
        - switch: a
          cases: {a: [{id: x, set: {v: 1}}]}
- log: x
  when: false
- respond: ok
"""
    found = [(step["path"], step["id"], step["status"]) for step in run_steps(steps)["steps"]]
    assert found == [
        ("steps[0].then[0].try[0]", None, "failed"),
        ("steps[0].then[0].catch[0].cases.a[0]", "x", "ok"),
        ("steps[0].then[0].catch[0]", None, "ok"),
        ("steps[0].then[0]", None, "ok"),
        ("steps[0]", None, "ok"),
        ("steps[1]", None, "skipped"),
        ("steps[2]", None, "ok"),
    ]


ASYNC = (
    "{wait: 1ms}",
    "{python: f.g}",
    "{call: greet, with: {name: x}}",
    "{parallel: {a: [{python: f.g}]}}",
    "{foreach: [1], do: [{log: x}]}",
    "{log: x, retry: {times: 1, delay: 1ms}}",
    "{log: x, timeout: 1s}",
    "{transaction: [{log: x}]}",
    "{log: x, undo: [{wait: 1ms}]}",
)
AROUND = (
    "%s",
    "{if: true, then: [%s]}",
    "{if: false, then: [], else: [%s]}",
    "{if: false, then: [], elif: [{if: false, then: []}, {if: true, then: [%s]}]}",
    "{switch: a, cases: {a: [%s]}}",
    "{switch: b, cases: {a: []}, default: [%s]}",
    "{try: [%s]}",
    "{try: [{fail: x}], catch: [%s]}",
    "{try: [{log: x}], finally: [%s]}",
    "{if: true, then: [{if: true, then: [%s]}]}",
    "{if: true, when: true, then: [%s]}",
)


def test_whatever_waits_is_compiled_as_waiting() -> None:
    steps = "\n".join(f"- {around % inner}" for inner, around in itertools.product(ASYNC, AROUND))
    result = run_steps(steps + "\n- respond: ok", files={"functions/f.py": "def g():\n    return 1\n"})
    assert result["answer"] == "ok", result["error"]

    async def body(project: Live) -> None:
        for number in range(len(ASYNC) * len(AROUND)):
            reply = await project.ask("GET", f"/x{number}")
            assert (reply.status, reply.json) == (200, "ok"), number

    files = {
        f"x{number}.yaml": f"endpoint: GET /x{number}\nsecurity: {{access: public}}\nsteps:\n- {around % inner}\n- respond: ok\n"
        for number, (inner, around) in enumerate(itertools.product(ASYNC, AROUND))
    }
    files["greet.yaml"] = "workflow: greet\nparams: {name: string}\nsteps: [{return: 1}]\n"
    files["functions/f.py"] = "def g():\n    return 1\n"
    live(files, body)


def test_an_answer_that_continues_waits_wherever_it_stands() -> None:
    async def body(project: Live) -> None:
        for number in range(len(AROUND)):
            reply = await project.ask("GET", f"/x{number}")
            assert (reply.status, reply.json) == (200, number)

    files = {
        f"x{number}.yaml": f"endpoint: GET /x{number}\nsecurity: {{access: public}}\nsteps:\n- {around % f'{{respond: {number}, continues: true}}'}\n- log: x\n"
        for number, around in enumerate(AROUND)
    }
    live(files, body)


def test_a_program_that_waits_for_nothing_needs_no_loop() -> None:
    async def body(project: Live) -> None:
        snapshot = project.app.snapshot
        program = snapshot.programs["x"]
        assert not program.waits
        record = RunRecord(1, "x", "endpoint", snapshot.digest, 0.0, 0.0, "steps")
        run = Run(snapshot.world, snapshot, record, None, None)
        ctx = run.enter(program, {}, {})
        drive(run.perform(program, ctx))
        assert run.answer is not None and run.answer.body == b"[1,2]"

    head = "endpoint: GET /x\nname: x\nsecurity: {access: public}\nsteps:\n"
    live(
        {
            "x.yaml": head
            + "- set: {a: 1}\n- if: vars.a == 1\n  then: [{switch: a, cases: {a: [{set: {b: 2}}]}}]\n- respond: ['{{ vars.a }}', '{{ vars.b | default(0) }}']\n"
        },
        body,
    )


def test_a_failed_or_retried_step_keeps_its_inputs() -> None:
    async def main() -> list[tuple[str, object]]:
        with TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "workflows.d").mkdir()
            (root / "workflows.d/w.yaml").write_text(
                "workflow: w\nsteps:\n  - set: {a: 1}\n  - fail: boom\n    status: '{{ 400 + vars.a }}'\n    note: why\n    retry: {times: 1, delay: 1ms}\n"
            )
            async with opened(root, environ={}) as app:
                program = app.snapshot.programs["w"]
                record = RunRecord(1, "w", "workflow", "", 0.0, 0.0, "steps")
                run = Run(app.snapshot.world, app.snapshot, record, None, None)
                try:
                    await run.perform(program, run.enter(program, {}, {}))
                except Exception:
                    pass
                assert [meta.note for meta in program.metas] == [None, "why"]
                return [(step[1], step[4]) for step in record.steps]

    assert asyncio.run(main()) == [("ok", ({"a": 1},)), ("retried", ("boom", 401)), ("failed", ("boom", 401))]
