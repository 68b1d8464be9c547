"""The walk through a file's steps, held against runs that are really taken."""

from dataclasses import dataclass, field
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import registry
from penstock.validate import codes, flow
from penstock.validate.document import reading

ACTIONS = registry.load()
IDS = ["a", "b", "c", "d", "e"]


def step(children: st.SearchStrategy[list[dict[str, Any]]]) -> st.SearchStrategy[dict[str, Any]]:
    """One step that holds blocks."""
    condition = {"when": "params.x"}
    return st.one_of(
        st.builds(lambda then: {"if": "params.x", "then": then}, children),
        st.builds(lambda then, other: {"if": "params.x", "then": then, "else": other}, children, children),
        st.builds(lambda then, other: {"if": "params.x", "then": then, "else": other} | condition, children, children),
        st.builds(lambda do: {"foreach": [1, 2], "do": do}, children),
        st.builds(lambda body, catch: {"try": body, "catch": catch}, children, children),
        st.builds(lambda body, last: {"try": body, "finally": last}, children, children),
        st.builds(lambda one, two: {"parallel": {"one": one, "two": two}}, children, children),
    )


def leaf() -> st.SearchStrategy[dict[str, Any]]:
    """One step that holds none."""
    ends: list[dict[str, Any]] = [{"stop": None}, {"fail": "no"}, {"respond": "ok"}]
    return st.one_of(
        st.builds(lambda name: {"log": "{{ steps." + name + " }}"}, st.sampled_from(IDS)),
        st.just({"id": "?", "log": "done"}),
        st.just({"id": "?", "log": "done", "when": "params.x"}),
        st.sampled_from(ends),
        st.sampled_from(ends).map(lambda one: one | {"when": "params.x"}),
        st.sampled_from([{"break": None}, {"continue": None}]),
    )


programs = st.recursive(
    st.lists(leaf(), max_size=4), lambda inner: st.lists(st.one_of(leaf(), step(inner)), max_size=4), max_leaves=12
)


class Ends(Exception):
    """A block was left: by what."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


@dataclass
class Run:
    """One run, whose conditions and failures fall as they are drawn; `seen` are the steps that ran, `good` the reads that found one."""

    data: st.DataObject
    results: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    good: set[tuple[str, str]] = field(default_factory=set)
    answered: bool = False

    def chance(self) -> bool:
        return self.data.draw(st.booleans())

    def block(self, steps: list[dict[str, Any]], path: str) -> None:
        for index, one in enumerate(steps):
            self.step(one, f"{path}[{index}]")

    def step(self, one: dict[str, Any], path: str) -> None:
        self.seen.add(path)
        if "when" not in one or self.chance():
            self.act(one, path)
        if "id" in one:
            self.results.add(one["id"])

    def act(self, one: dict[str, Any], path: str) -> None:
        if "log" in one:
            name = one["log"][9:10]
            if name in self.results:
                self.good.add((path, name))
            if self.chance():
                raise Ends("fail")
        elif "if" in one:
            branch = "then" if self.chance() else "else"
            self.block(one.get(branch, []), f"{path}.{branch}")
        elif "foreach" in one:
            self.loop(one["do"], f"{path}.do")
        elif "try" in one:
            self.guarded(one, path)
        elif "parallel" in one:
            self.parallel(one["parallel"], f"{path}.parallel")
        elif "respond" in one:
            self.answered = True
            raise Ends("stop")
        else:
            raise Ends(next(key for key in one if key != "when"))

    def loop(self, steps: list[dict[str, Any]], path: str) -> None:
        for _ in range(self.data.draw(st.integers(0, 2))):
            self.results -= inside(steps)
            try:
                self.block(steps, path)
            except Ends as end:
                if end.kind == "break":
                    return
                if end.kind != "continue":
                    raise

    def guarded(self, one: dict[str, Any], path: str) -> None:
        try:
            self.block(one["try"], f"{path}.try")
        except Ends as end:
            if end.kind != "fail" or "catch" not in one:
                raise
            self.block(one["catch"], f"{path}.catch")
        finally:
            self.block(one.get("finally", []), f"{path}.finally")

    def parallel(self, branches: dict[str, list[dict[str, Any]]], path: str) -> None:
        before = set(self.results)
        for name, steps in branches.items():
            try:
                self.block(steps, f"{path}.{name}")
            finally:
                self.results = set(before)


def inside(steps: list[dict[str, Any]]) -> set[str]:
    """The ids of steps, however deep."""
    found: set[str] = set()
    for one in steps:
        found |= {one["id"]} if "id" in one else set()
        for value in one.values():
            for block in value.values() if isinstance(value, dict) else [value]:
                if isinstance(block, list) and block and isinstance(block[0], dict):
                    found |= inside(block)
    return found


def named(steps: list[dict[str, Any]], names: list[str], looped: bool) -> list[dict[str, Any]]:
    """The same steps with ids of their own, and loop words in loops only."""
    result = []
    for one in steps:
        one = dict(one)
        if one.get("id") == "?":
            if not names:
                del one["id"]
            else:
                one["id"] = names.pop(0)
        if ("break" in one or "continue" in one) and not looped:
            one = {"log": "instead"}
        for key in ("then", "else", "try", "catch", "finally", "do"):
            if key in one:
                one[key] = named(one[key], names, looped or key == "do")
        if "parallel" in one:
            one["parallel"] = {key: named(block, names, False) for key, block in one["parallel"].items()}
        result.append(one)
    return result


@settings(max_examples=150, deadline=None)
@given(programs, st.data())
def test_what_runs_is_never_called_impossible(steps: list[dict[str, Any]], data: st.DataObject) -> None:
    steps = named(steps, list(IDS), False)
    text = yaml.safe_dump({"endpoint": "GET /a", "params": {"x": "boolean"}, "steps": steps}, sort_keys=False)
    facts = flow.check(reading("workflows.d/a.yaml", text.encode(), ACTIONS), ACTIONS)
    run = Run(data)
    failed = False
    try:
        run.block(steps, "steps")
    except Ends as end:
        failed = end.kind == "fail"
    unreachable = {problem.path for problem in facts.problems if problem.code == codes.UNREACHABLE_STEP}
    assert not unreachable & run.seen, text
    for problem in facts.problems:
        if problem.code in (codes.LATER_STEP, codes.UNREACHED_STEP):
            name = problem.message.split("steps.")[1][0]
            assert (problem.path.removesuffix(".log"), name) not in run.good, f"{problem}\n{text}"
    if not run.answered and not failed:
        assert codes.NO_ANSWER in {problem.code for problem in facts.problems}, text


def test_a_deep_file_is_walked_quickly() -> None:
    steps = "[{log: a}]"
    for _ in range(10):
        steps = f"[{{try: {steps}, catch: [{{log: b}}], finally: [{{log: c}}]}}]"
    read = reading("workflows.d/a.yaml", f"workflow: a\nsteps: {steps}\n".encode(), ACTIONS)
    assert read.problems == ()
    assert flow.check(read, ACTIONS).problems == ()
