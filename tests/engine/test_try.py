"""Try, retry, timeout: failures caught, thrown on and tried again."""

from typing import Any

import pytest

from penstock.clock import SystemClock
from penstock.testing import run_steps
from tests.support import Live, live

FILES = {
    "functions/flaky.py": "COUNT = [0]\n\n\ndef call(good):\n    COUNT[0] += 1\n    if COUNT[0] < good:\n        raise ValueError('not yet')\n    return COUNT[0]\n\n\ndef count():\n    return COUNT[0]\n"
}


class Quick(SystemClock):
    """A clock whose sleeps take no time; it remembers them."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def run(steps: str, files: dict[str, str] | None = None, clock: Quick | None = None, **params: Any) -> dict[str, Any]:
    return run_steps(steps, params, files={**FILES, **(files or {})}, clock=clock)


def answer(steps: str, **params: Any) -> Any:
    result = run(steps, **params)
    assert result["error"] is None, result["error"]
    return result["answer"]


def test_a_caught_error_shows_all_of_itself() -> None:
    steps = """
- try:
    - id: pay
      fail: Too poor
      status: 402
      code: poor
      details: {missing: 3}
  catch: [{respond: "{{ error }}"}]
"""
    assert answer(steps) == {
        "code": "poor",
        "status": 402,
        "message": "Too poor",
        "step": "pay",
        "details": {"missing": 3},
        "errors": [],
    }


def test_an_error_that_is_thrown_on_stays_what_it_was() -> None:
    steps = """
- try:
    - id: pay
      fail: Too poor
      status: 402
      code: poor
      details: {missing: 3}
      headers: {X-Why: money}
  catch:
    - fail: "{{ error }}"
"""
    error = run(steps)["error"]
    assert (error["code"], error["status"], error["message"], error["step"]) == ("poor", 402, "Too poor", "pay")
    assert error["where"].endswith("test.yaml:7")


def test_parameter_faults_of_a_workflow_pass_through_a_catch() -> None:
    steps = "- try: [{call: greet, with: {name: '{{ params.x[0] }}'}}]\n  catch: [{fail: '{{ error }}'}]"
    error = run(steps, x=[3])["error"]
    assert (error["code"], error["status"]) == ("invalid_params", 422)
    assert error["errors"][0]["name"] == "name"


def test_only_the_named_codes_are_caught() -> None:
    steps = "- try: [{fail: a, code: CODE}]\n  codes: [conflict, lost]\n  catch: [{respond: caught}]"
    assert answer(steps.replace("CODE", "lost")) == "caught"
    assert run(steps.replace("CODE", "other"))["error"]["code"] == "other"


def test_a_failure_in_catch_is_the_one_that_counts() -> None:
    steps = "- try: [{fail: first}]\n  catch: [{fail: second, status: 418}]\n  finally: [{set: {x: 1}}]"
    error = run(steps)["error"]
    assert (error["message"], error["status"]) == ("second", 418)


def test_finally_runs_in_any_case() -> None:
    steps = """
- set: {seen: []}
- try:
    - try: [{fail: a}]
      finally: [{set: {seen: "{{ vars.seen + [1] }}"}}]
  catch: []
  finally: [{set: {seen: "{{ vars.seen + [2] }}"}}]
- try: []
  finally: [{set: {seen: "{{ vars.seen + [3] }}"}}]
- respond: "{{ vars.seen }}"
"""
    assert answer(steps) == [1, 2, 3]


def test_finally_that_answers_is_what_counts() -> None:
    assert answer("- try: [{fail: a}]\n  finally: [{respond: in spite of it}]") == "in spite of it"


def test_errors_within_catch_hide_the_outer_ones() -> None:
    steps = """
- try: [{fail: outer}]
  catch:
    - try: [{fail: inner}]
      catch: [{set: {inner: "{{ error.message }}"}}]
    - respond: "{{ vars.inner }} {{ error.message }}"
"""
    assert answer(steps) == "inner outer"


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ("- set: {a: '{{ params.x[0].nothing }}'}", "undefined"),
        ("- set: {a: '{{ 1 / params.x[1] }}'}", "internal"),
        ("- while: params.x[1] == 0\n  max: 1\n  do: []", "loop_limit"),
        ("- wait: '{{ params.x[2] }}'", "internal"),
    ],
)
def test_what_bindings_do_wrong_is_caught_with_its_code(steps: str, code: str) -> None:
    body = "\n".join("    " + line for line in steps.splitlines())
    assert (
        answer(f"- try:\n{body}\n  catch: [{{respond: '{{{{ error.code }}}}'}}]\n- respond: none", x=[{}, 0, "soon"])
        == code
    )


def test_retry_as_a_number_tries_so_often_again() -> None:
    clock = Quick()
    result = run(
        "- id: x\n  python: flaky.call\n  with: {good: 3}\n  retry: 3\n- respond: '{{ steps.x }}'", clock=clock
    )
    assert result["answer"] == 3
    assert [step["status"] for step in result["steps"]] == ["retried", "retried", "ok", "ok"]
    assert clock.slept == [1.0, 1.0]


def test_retry_gives_up_with_the_last_failure() -> None:
    clock = Quick()
    steps = "- try:\n    - python: flaky.call\n      with: {good: 9}\n      retry: {times: 4, delay: 1s, backoff: exponential, max_delay: 5s}\n  catch: []\n- id: n\n  python: flaky.count\n- respond: '{{ steps.n }}'"
    assert run(steps, clock=clock)["answer"] == 5
    assert clock.slept == [1.0, 2.0, 4.0, 5.0]


@pytest.mark.parametrize(("codes", "tries"), [("[busy]", 3), ("[503]", 3), ("[other, 500]", 1), ("[timeout, 503]", 3)])
def test_retry_looks_at_codes_and_statuses(codes: str, tries: int) -> None:
    steps = f"- fail: no\n  code: busy\n  status: 503\n  retry: {{times: 2, delay: 1ms, codes: {codes}}}"
    assert [step["status"] for step in run(steps, clock=Quick())["steps"]] == ["retried"] * (tries - 1) + ["failed"]


def test_timeout_ends_a_step_that_waits() -> None:
    steps = "- try: [{wait: 1h, timeout: 10ms}]\n  catch: [{respond: '{{ error.code }} {{ error.status }}'}]"
    assert answer(steps) == "timeout 504"
    steps = "- try: [{if: true, then: [{try: [{wait: 1h}], finally: [{set: {clean: true}}]}], timeout: 10ms}]\n  catch: [{respond: '{{ vars.clean | default(0) }}'}]"
    assert answer(steps) is True


def test_timeout_does_not_hurt_a_step_that_never_waits() -> None:
    assert answer("- set: {a: 1}\n  timeout: 1s\n  id: x\n- respond: {a: '{{ vars.a }}', x: '{{ steps.x }}'}") == {
        "a": 1,
        "x": None,
    }


def test_each_try_has_its_own_timeout() -> None:
    steps = "- wait: 1h\n  timeout: 5ms\n  retry: {times: 2, delay: 1ms, codes: [timeout]}"
    assert [step["status"] for step in run(steps)["steps"]] == ["retried", "retried", "failed"]


def test_a_failure_in_a_branch_cancels_the_others_and_their_finally_runs() -> None:
    steps = """
- try:
    - parallel:
        bad: [{wait: 5ms}, {fail: no}]
        slow:
          - try: [{wait: 1h}]
            finally: [{wait: 1ms}, {python: flaky.call, with: {good: 0}}]
  catch: []
- id: n
  python: flaky.count
- respond: "{{ steps.n }}"
"""
    assert answer(steps) == 1


def test_respond_in_a_branch_ends_the_run_and_the_other_branches() -> None:
    assert answer("- parallel: {a: [{wait: 1h}], b: [{respond: b}]}") == "b"


def test_switch_takes_values_of_every_kind() -> None:
    steps = """
- id: all
  foreach: "{{ params.x }}"
  do:
    - switch: "{{ item }}"
      cases:
        1: [{set: {r: one}}]
        true: [{set: {r: "yes"}}]
        null: [{set: {r: nothing}}]
        "2.5": [{set: {r: float}}]
        a b: [{set: {r: text}}]
      default: [{set: {r: default}}]
  collect: "{{ vars.r }}"
- respond: "{{ steps.all }}"
"""
    found = answer(steps, x=[1, True, None, 2.5, "a b", "1", False, 7, 1.0])
    assert found == ["one", "yes", "nothing", "float", "text", "one", "default", "default", "one"]


def test_no_case_and_no_default_is_nothing() -> None:
    assert answer("- id: s\n  switch: x\n  cases: {y: [{respond: y}]}\n- respond: '{{ steps.s }}'") is None


def test_call_leaves_out_nulls_of_optional_parameters() -> None:
    files = {
        "workflows.d/w.yaml": "workflow: w\nparams: {a: {type: string, optional: true}, b: {type: integer, default: 7}, c: {type: string, nullable: true}}\n"
        "steps:\n  - return: {a: '{{ params.a }}', b: '{{ params.b }}', c: '{{ params.c }}', given: '{{ given | list }}'}\n"
    }
    steps = "- id: x\n  call: w\n  with: {a: '{{ params.x[0] }}', b: '{{ params.x[0] }}', c: '{{ params.x[0] }}'}\n- respond: '{{ steps.x }}'"
    assert run(steps, files, x=[None])["answer"] == {"a": None, "b": 7, "c": None, "given": ["c"]}


def test_a_workflow_without_return_gives_null_and_its_failure_is_the_callers() -> None:
    files = {
        "workflows.d/w.yaml": "workflow: w\nparams: {ok: boolean}\nsteps:\n  - require: params.ok\n    status: 418\n    code: teapot\n    details: {a: 1}\n"
    }
    assert run("- id: x\n  call: w\n  with: {ok: true}\n- respond: '{{ steps.x }}'", files)["answer"] is None
    error = run("- id: x\n  call: w\n  with: {ok: false}\n- respond: '{{ steps.x }}'", files)["error"]
    assert (error["code"], error["status"]) == ("teapot", 418)
    assert error["where"] == "workflows.d/w.yaml:4"


def test_stop_in_a_workflow_ends_the_run() -> None:
    files = {"workflows.d/w.yaml": "workflow: w\nsteps:\n  - if: true\n    then: [{stop: null}]\n"}
    result = run("- respond: first\n  continues: true\n- call: w\n- fail: never", files)
    assert result["error"] is None
    assert result["answer"] == "first"


def test_a_skipped_step_is_null_and_so_are_the_steps_inside() -> None:
    steps = """
- id: x
  when: false
  if: true
  then: [{id: inner, foreach: [1], collect: "{{ item }}"}]
- respond: "{{ steps }}"
"""
    result = run(steps)
    assert result["answer"] == {"x": None, "inner": None}
    assert [(step["path"], step["status"]) for step in result["steps"]] == [("steps[0]", "skipped"), ("steps[1]", "ok")]


def test_set_computes_all_before_it_sets_any() -> None:
    steps = "- set: {a: 1, b: 2}\n- set: {a: '{{ vars.b }}', b: '{{ vars.a }}'}\n- respond: '{{ vars }}'"
    assert answer(steps) == {"a": 2, "b": 1}


def test_a_transaction_that_fails_sets_nothing() -> None:
    steps = """
- set: {n: 1}
- try:
    - transaction:
        - set: {n: 2}
        - id: inner
          switch: x
          cases: {}
        - fail: no
  catch: []
- transaction:
    - set: {m: 3}
    - try: [{fail: caught}]
      catch: [{set: {c: 4}}]
- respond: "{{ vars }}"
"""
    assert answer(steps) == {"n": 1, "m": 3, "c": 4}


def test_finally_of_a_run_that_is_cancelled_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penstock.actions.guards.LAST", 0.02)
    steps = "- if: true\n  timeout: 10ms\n  then: [{try: [{wait: 1h}], finally: [{wait: 1h}]}]"
    assert run(steps)["error"]["code"] == "timeout"


def test_the_timeout_of_a_run_undoes_its_steps() -> None:
    async def body(project: Live) -> None:
        assert (await project.ask("GET", "/x")).status == 504
        assert (await project.ask("GET", "/n")).json == 1

    head = "security: {access: public}\nsteps:\n"
    undone = "  - log: made\n    undo: [{wait: 1ms}, {python: flaky.call, with: {good: 0}}]\n"
    files = {
        "x.yaml": f"endpoint: GET /x\ntimeout: 20ms\n{head}{undone}  - wait: 1h\n",
        "n.yaml": f"endpoint: GET /n\n{head}  - {{id: n, python: flaky.count}}\n  - respond: '{{{{ steps.n }}}}'\n",
        **FILES,
    }
    live(files, body)


def test_middleware_undoes_its_own_steps() -> None:
    async def body(project: Live) -> None:
        assert (await project.ask("GET", "/x")).status == 418
        assert (await project.ask("GET", "/n")).json == 1

    head = "security: {access: public}\nsteps:\n"
    files = {
        "m.yaml": "middleware: m\nsteps:\n  - log: made\n    undo: [{python: flaky.call, with: {good: 0}}]\n  - fail: no\n    status: 418\n",
        "x.yaml": "endpoint: GET /x\nsecurity: {access: public, middleware: [m]}\nsteps: [{respond: x}]\n",
        "n.yaml": f"endpoint: GET /n\n{head}  - {{id: n, python: flaky.count}}\n  - respond: '{{{{ steps.n }}}}'\n",
        **FILES,
    }
    live(files, body)


def test_a_called_workflow_has_its_own_timeout() -> None:
    files = {"workflows.d/w.yaml": "workflow: w\ntimeout: 5ms\nsteps: [{wait: 1h}]\n"}
    error = run("- call: w", files)["error"]
    assert (error["code"], error["message"]) == ("timeout", "w took longer than 0.005 s")
