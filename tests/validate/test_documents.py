"""A file as the model holds it."""

import pytest

from penstock import registry
from penstock.model import Document, Step, Template
from penstock.problem import Problem
from penstock.validate.document import read_document

ACTIONS = registry.load()


def read(text: str) -> Document:
    document, problems = read_document("workflows.d/a.yaml", text.encode(), ACTIONS)
    assert problems == []
    assert document is not None
    return document


def problems(text: str) -> list[Problem]:
    return read_document("workflows.d/a.yaml", text.encode(), ACTIONS)[1]


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("POST /orders", "post_orders"),
        ("GET /orders/{id}", "get_orders_id"),
        ("GET /orders/{id:int}/lines", "get_orders_id_lines"),
        ("DELETE /a-b/C", "delete_a_b_c"),
        ("GET /", "get_root"),
    ],
)
def test_an_endpoint_has_a_name_of_its_own(endpoint: str, name: str) -> None:
    assert read(f'endpoint: "{endpoint}"\nsteps: [{{respond: ok}}]\n').name == name


def test_the_keys_of_an_endpoint() -> None:
    document = read(
        """
endpoint: POST /orders/{id}
name: create_order
summary: Create an order
description: Long
tags: [orders]
security: {access: public, roles: {any: [staff], all: [paid]}, middleware: [owns]}
timeout: 1m30s
strict: true
limits: {body: 2MB}
history: {level: off}
headers: {X-Id: "{{ params.id }}"}
params: {qty: integer}
steps: [{respond: ok}]
"""
    )
    assert (document.kind, document.name, document.method, document.path) == (
        "endpoint",
        "create_order",
        "POST",
        "/orders/{id}",
    )
    assert document.security.access == "public"
    assert document.security.roles_any == ("staff",)
    assert document.security.roles_all == ("paid",)
    assert [name for name, _ in document.security.middleware] == ["owns"]
    assert (document.timeout, document.strict, document.body_limit, document.history_level) == (
        90.0,
        True,
        2_000_000,
        "off",
    )
    assert {param.name: param.location for param in document.params} == {"id": "path", "qty": "body"}
    assert list(document.headers) == ["X-Id"]
    assert (document.summary, document.description, document.tags) == ("Create an order", "Long", ("orders",))
    assert len(document.digest) == 12


def test_left_out_access_is_authenticated() -> None:
    assert read("endpoint: GET /a\nsteps: [{respond: ok}]\n").security.access == "authenticated"


STEPS = """
endpoint: GET /a
params: {kind: string, list: {type: array, in: query, items: string}}
steps:
  - id: first
    if: params.kind == "a"
    then: [{log: a}]
    elif: [{if: params.kind == "b", then: [{log: b}]}]
    else: []
  - switch: "{{ params.kind }}"
    cases: {x: [{log: c}]}
    when: steps.first
    retry: {times: 3, delay: 2s, backoff: exponential, max_delay: 1m, codes: [timeout, 503]}
    timeout: 5s
    once: true
    note: a remark
    undo: [{log: back}]
  - respond:
"""


def test_steps_become_a_tree_with_paths() -> None:
    first, second, last = read(STEPS).steps
    assert (first.action, first.id, first.path, first.mark.line) == ("if", "first", "steps[0]", 5)
    assert paths(first.arguments["then"].parsed) == ["steps[0].then[0]"]
    record = first.arguments["elif"].parsed[0]
    assert isinstance(record["if"].parsed, Template)
    assert paths(record["then"].parsed) == ["steps[0].elif[0].then[0]"]
    assert first.arguments["else"].parsed == ()
    assert paths(second.arguments["cases"].parsed["x"]) == ["steps[1].cases.x[0]"]
    assert paths(second.undo) == ["steps[1].undo[0]"]
    assert "respond" not in last.arguments, "a respond with nothing after it has no value"


def paths(steps: tuple[Step, ...]) -> list[str]:
    return [step.path for step in steps]


def test_modifiers() -> None:
    step = read(STEPS).steps[1]
    assert step.when is not None
    assert step.retry is not None
    assert (step.retry.times, step.retry.delay, step.retry.backoff, step.retry.max_delay, step.retry.codes) == (
        3,
        2.0,
        "exponential",
        60.0,
        ("timeout", 503),
    )
    assert (step.timeout, step.once, step.note) == (5.0, True, "a remark")


def test_the_value_of_the_action_comes_first() -> None:
    step = read("endpoint: GET /a\nsteps:\n  - status: 201\n    respond: ok\n").steps[0]
    assert list(step.arguments) == ["respond", "status"]


def test_a_workflow_that_is_tried_forever() -> None:
    document = read("workflow: a\nretry: {times: forever, from: start}\nsteps: []\n")
    assert document.retry is not None
    assert (document.retry.times, document.retry.start) == (None, "start")


def test_tables_and_tests_are_read_leniently() -> None:
    table = read("table: orders\ncolumns: {id: {type: integer, primary: true}}\n")
    assert (table.kind, table.name) == ("table", "orders")
    document, found = read_document("workflows.d/a.test.yaml", b"test: create_order\ncases: []\n", ACTIONS)
    assert found == []
    assert document is not None
    assert (document.kind, document.name) == ("test", "create_order")


def test_a_file_with_an_error_gives_no_document() -> None:
    document, found = read_document("workflows.d/a.yaml", b"endpoint: GET /a\nsteps: [{responds: ok}]\n", ACTIONS)
    assert document is None
    assert [problem.code for problem in found] == ["unknown-action"]
    assert found[0].path == "steps[0]"


def test_an_unknown_key_does_not_make_a_file_useless() -> None:
    document, found = read_document("workflows.d/a.yaml", b"endpoint: GET /a\nx: 1\nsteps: []\n", ACTIONS)
    assert document is not None
    assert [problem.code for problem in found] == ["unknown-key"]


@pytest.mark.parametrize(
    "text",
    ["", "a", "- a", "endpoint:\nsteps:\n", "endpoint: {}\nsteps: [[]]\n", "workflow: 5\nsteps: [null, 5, [], {}]\n"],
)
def test_nonsense_is_a_problem_and_never_an_exception(text: str) -> None:
    assert problems(text)
