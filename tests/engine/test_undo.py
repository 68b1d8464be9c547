"""Undo: finished steps are undone in reverse order, with the values of their moment."""

from typing import Any

from penstock.testing import run_steps

FUNCTIONS = {
    "functions/book.py": "SEEN = []\n\n\ndef add(what):\n    SEEN.append(what)\n    return what\n\n\ndef seen():\n    return list(SEEN)\n"
}
WORLD = """
- try:
{body}
  catch: []
- id: seen
  python: book.seen
- respond: "{{{{ steps.seen }}}}"
"""


def seen(body: str, *, files: dict[str, str] | None = None) -> Any:
    """What was added, in order, after a body that failed and was caught."""
    indented = "\n".join("    " + line for line in body.strip().splitlines())
    return run_steps(WORLD.format(body=indented), files={**FUNCTIONS, **(files or {})})["answer"]


def test_the_last_step_is_undone_first() -> None:
    body = """
- log: one
  undo: [{python: book.add, with: {what: undo one}}]
- log: two
  undo: [{python: book.add, with: {what: undo two}}]
- fail: stop here
  when: true or false
- log: never
  undo: [{python: book.add, with: {what: never}}]
"""
    assert seen(body) == ["undo two", "undo one"]


def test_each_round_of_a_loop_is_undone_with_its_own_values() -> None:
    body = """
- foreach: [a, b, c]
  do:
    - id: made
      python: book.add
      with: {what: "{{ item }}"}
      undo: [{python: book.add, with: {what: "undo {{ steps.made }} {{ item }} {{ loop.index }}"}}]
    - if: item == 'c'
      then: [{fail: no}]
"""
    assert seen(body) == ["a", "b", "c", "undo c c 3", "undo b b 2", "undo a a 1"]


def test_a_caught_failure_undoes_only_what_its_body_did() -> None:
    body = """
- log: outer
  undo: [{python: book.add, with: {what: outer}}]
- try:
    - if: true
      then:
        - log: inner
          undo: [{python: book.add, with: {what: inner}}]
    - fail: caught
  catch:
    - python: book.add
      with: {what: catch}
- python: book.add
  with: {what: goes on}
"""
    assert seen(body) == ["inner", "catch", "goes on"]


def test_a_try_that_does_not_catch_leaves_the_undoing_to_the_outer_one() -> None:
    body = """
- log: first
  undo: [{python: book.add, with: {what: first}}]
- try:
    - log: second
      undo: [{python: book.add, with: {what: second}}]
    - fail: not caught
  codes: [conflict]
  catch: [{log: never}]
  finally: [{python: book.add, with: {what: finally}}]
"""
    assert seen(body) == ["finally", "second", "first"]


def test_an_undo_that_fails_does_not_keep_the_others_from_running() -> None:
    body = """
- log: first
  undo: [{python: book.add, with: {what: first}}]
- log: second
  undo: [{fail: broken}]
- fail: no
"""
    assert seen(body) == ["first"]


def test_what_a_failed_try_of_a_block_did_is_undone_before_the_next_try() -> None:
    body = """
- if: true
  then:
    - python: book.add
      with: {what: "do"}
      undo: [{python: book.add, with: {what: undo}}]
    - fail: again
  retry: {times: 1, delay: 1ms}
"""
    assert seen(body) == ["do", "undo", "do", "undo"]


def test_a_called_workflow_undoes_its_own_steps() -> None:
    files = {
        "workflows.d/inner.yaml": "workflow: inner\nsteps:\n  - log: made\n"
        "    undo: [{python: book.add, with: {what: inner}}]\n  - fail: no\n"
    }
    body = """
- log: outer
  undo: [{python: book.add, with: {what: outer}}]
- call: inner
"""
    assert seen(body, files=files) == ["inner", "outer"]


def test_a_failure_that_nothing_catches_undoes_the_file_and_keeps_its_code() -> None:
    result = run_steps(
        "- set: {x: 1}\n  undo: [{log: undone}]\n- fail: gone\n  code: lost\n  status: 410", files=FUNCTIONS
    )
    assert result["error"]["code"] == "lost"
    assert [(step["path"], step["status"]) for step in result["steps"]] == [
        ("steps[0]", "ok"),
        ("steps[1]", "failed"),
        ("steps[0].undo[0]", "ok"),
    ]
