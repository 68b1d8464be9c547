"""Loops: foreach, while, break, continue, concurrent rounds."""

from typing import Any

import pytest

from penstock.testing import run_steps


def answer(steps: str, **params: Any) -> Any:
    result = run_steps(steps, params)
    assert result["error"] is None, result["error"]
    return result["answer"]


def failure(steps: str, files: dict[str, str] | None = None, **params: Any) -> dict[str, Any]:
    found = run_steps(steps, params, files=files)["error"]
    assert isinstance(found, dict)
    return found


def test_break_and_continue_reach_their_loop_through_other_blocks() -> None:
    steps = """
- set: {seen: []}
- foreach: [1, 2, 3, 4, 5]
  as: n
  do:
    - try:
        - switch: "{{ n }}"
          cases:
            2: [{if: true, then: [{continue: null}]}]
            4: [{try: [{break: null}], finally: [{set: {cleaned: "{{ n }}"}}]}]
      catch: []
    - set: {seen: "{{ vars.seen + [n] }}"}
- respond: {seen: "{{ vars.seen }}", cleaned: "{{ vars.cleaned }}"}
"""
    assert answer(steps) == {"seen": [1, 3], "cleaned": 4}


def test_break_leaves_only_the_innermost_loop() -> None:
    steps = """
- set: {seen: []}
- foreach: [a, b]
  do:
    - foreach: [1, 2, 3]
      as: n
      do:
        - if: n == 2
          then: [{break: null}]
        - set: {seen: "{{ vars.seen + [item ~ n] }}"}
- respond: "{{ vars.seen }}"
"""
    assert answer(steps) == ["a1", "b1"]


def test_each_round_starts_with_the_steps_of_its_body_null() -> None:
    steps = """
- id: outer
  foreach: [1, 2, 3]
  do:
    - if: item == 1
      then:
        - id: first
          foreach: [x]
          as: inner
          do: [{id: deep, if: true, then: [{id: deepest, python: str.upper, when: false}]}]
          collect: "{{ inner }}"
  collect: "{{ steps.first }}"
- respond: "{{ steps.outer }}"
"""
    assert answer(steps.replace("python: str.upper", "log: x")) == [["x"], None, None]


def test_what_a_loop_did_is_seen_after_it() -> None:
    steps = '- foreach: [1, 2]\n  do: [{id: x, foreach: [1], collect: "{{ loop.index }}"}]\n- respond: "{{ steps.x }}"'
    assert answer(steps) == [1]


def test_loop_names() -> None:
    steps = '- id: all\n  foreach: [a, b]\n  as: class\n  collect: "{{ class }}{{ loop.index }}{{ loop.index0 }}"\n- respond: "{{ steps.all }}"'
    assert answer(steps) == ["a10", "b21"]


@pytest.mark.parametrize(
    ("value", "kind"), [([None], "null"), (["text"], "text"), ([3], "an integer"), ([{"a": 1}], "a mapping")]
)
def test_what_is_no_list_is_refused_in_plain_words(value: Any, kind: str) -> None:
    error = failure('- foreach: "{{ params.x[0] }}"\n  do: [{log: x}]\n- respond: ok', x=value)
    assert error["message"] == f"foreach must be a list, not {kind}"


def test_respond_within_a_loop_ends_the_run() -> None:
    steps = '- foreach: [1, 2, 3]\n  concurrency: CONCURRENCY\n  do: [{if: item == 2, then: [{respond: "{{ item }}"}]}]\n- respond: none'
    assert answer(steps.replace("CONCURRENCY", "1")) == 2
    assert answer(steps.replace("CONCURRENCY", "3")) == 2


def test_return_within_a_loop_ends_the_workflow() -> None:
    for concurrency in (1, 2):
        files = {
            "workflows.d/find.yaml": "workflow: find\nsteps:\n  - foreach: [1, 2, 3, 4]\n"
            f'    concurrency: {concurrency}\n    do:\n      - if: item == 2\n        then: [{{return: "{{{{ item * 10 }}}}"}}]\n'
            "      - fail: too far\n        when: item > 2\n"
        }
        result = run_steps('- id: x\n  call: find\n- respond: "{{ steps.x }}"', files=files)
        assert result["answer"] == 20, result["error"]


def test_return_within_a_loop_of_a_branch_ends_the_branch() -> None:
    steps = """
- id: both
  parallel:
    a: [{foreach: [1, 2], do: [{return: "{{ item }}"}]}]
    b: [{foreach: [5, 6], concurrency: 2, do: [{return: "{{ item }}"}]}]
    c: []
- respond: "{{ steps.both }}"
"""
    found = answer(steps)
    assert found["a"] == 1
    assert found["b"] in (5, 6)
    assert found["c"] is None


def test_concurrent_rounds_do_not_see_one_another() -> None:
    steps = """
- set: {n: 0}
- id: all
  foreach: "{{ range(20) }}"
  concurrency: 7
  do:
    - set: {n: "{{ item }}"}
    - wait: 1ms
    - set: {n: "{{ vars.n * 2 }}"}
  collect: "{{ vars.n }}"
- respond: {all: "{{ steps.all }}", n: "{{ vars.n }}"}
"""
    assert answer(steps) == {"all": [2 * n for n in range(20)], "n": 0}


def test_many_concurrent_rounds_may_call_workflows() -> None:
    files = {
        "workflows.d/twice.yaml": 'workflow: twice\nparams: {n: integer}\nsteps:\n  - wait: 1ms\n  - return: "{{ params.n * 2 }}"\n'
    }
    steps = '- id: all\n  foreach: "{{ range(100) }}"\n  concurrency: 100\n  do: [{id: x, call: twice, with: {n: "{{ item }}"}}]\n  collect: "{{ steps.x }}"\n- respond: "{{ steps.all }}"'
    result = run_steps(steps, files=files)
    assert result["error"] is None, result["error"]
    assert result["answer"] == [2 * n for n in range(100)]


def test_the_first_failure_of_concurrent_rounds_ends_them() -> None:
    steps = """
- try:
    - foreach: [1, 2, 3]
      concurrency: 3
      do:
        - fail: "no {{ item }}"
          when: item == 1
        - wait: 1h
  catch: [{respond: "{{ error.message }}"}]
"""
    assert answer(steps) == "no 1"


def test_while_ends_at_its_limit() -> None:
    error = failure("- while: true\n  max: 7\n  do: [{log: x}]")
    assert error["code"] == "loop_limit"
    assert "7" in error["message"]
    assert (
        answer(
            '- set: {n: 0}\n- while: vars.n < 7\n  max: 7\n  do: [{set: {n: "{{ loop.index }}"}}]\n- respond: "{{ vars.n }}"'
        )
        == 7
    )


def test_while_with_break_and_continue() -> None:
    steps = """
- set: {n: 0, odd: []}
- while: true
  do:
    - set: {n: "{{ vars.n + 1 }}"}
    - if: vars.n > 6
      then: [{break: null}]
    - if: vars.n % 2 == 0
      then: [{continue: null}]
    - set: {odd: "{{ vars.odd + [vars.n] }}"}
- respond: "{{ vars.odd }}"
"""
    assert answer(steps) == [1, 3, 5]


def test_a_long_list_keeps_its_order_and_its_record_is_bounded() -> None:
    steps = '- id: all\n  foreach: "{{ range(9000) }}"\n  do: [{set: {n: "{{ item }}"}}]\n  collect: "{{ vars.n }}"\n- respond: "{{ steps.all == range(9000) }}"'
    result = run_steps(steps)
    assert result["answer"] is True, result["error"]
    assert len(result["steps"]) < 6000


def test_called_workflows_in_a_long_loop_are_bounded_in_the_record_too() -> None:
    files = {"workflows.d/small.yaml": "workflow: small\nsteps:\n  - set: {a: 1}\n  - set: {b: 1}\n  - set: {c: 1}\n"}
    result = run_steps('- foreach: "{{ range(3000) }}"\n  do: [{call: small}]\n- respond: ok', files=files)
    assert result["answer"] == "ok", result["error"]
    assert len(result["steps"]) < 5010


@pytest.mark.parametrize("concurrency", [1, 2])
def test_rounds_that_collect_nothing_are_left_out(concurrency: int) -> None:
    steps = f"""
- id: all
  foreach: [1, 2, 3, 4]
  concurrency: {concurrency}
  do: [{{if: item == 2, then: [{{continue: null}}]}}]
  collect: "{{{{ omit if item == 3 else item }}}}"
- respond: "{{{{ steps.all }}}}"
"""
    assert answer(steps) == [1, 4]
