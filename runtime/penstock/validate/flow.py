"""Flow: a walk through the steps of one file, in every way that a run can take."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from penstock.model import Argument, Map, Step, Template
from penstock.registry import Action, Flow, Param
from penstock.validate import codes
from penstock.validate.document import Reading
from penstock.validate.facts import Facts, Use
from penstock.validate.notes import Notes
from penstock.validate.references import References
from penstock.validate.scope import ANSWERED, UNANSWERED, Points, Scope, State, join

REFUSED = frozenset({"http", "mail", "wait", "python", "stream", "respond", "parallel"})
"""The effects that a transaction cannot hold."""

Nested = tuple[Flow, tuple[Step, ...]]


def check(reading: Reading, actions: Mapping[str, Action]) -> Facts:
    """Check the flow and the names of one file; gives its problems and what it needs of the others."""
    document = reading.document
    if document is None:
        return Facts()
    notes = Notes(document.file)
    walk = _Walk(notes, reading, actions)
    state = walk.file()
    for extra in reading.extras:
        walk.references.template(extra.template, state if extra.late else walk.start, extra.names, extra.path)
    walk.schedule()
    return Facts(
        problems=tuple(notes.problems),
        outside=tuple(walk.references.outside),
        uses=tuple(walk.uses),
        refused=tuple(dict.fromkeys(walk.refused)),
        secrets=(*walk.references.secrets, *_signing(document.raw)),
    )


class _Walk:
    def __init__(self, notes: Notes, reading: Reading, actions: Mapping[str, Action]) -> None:
        assert reading.document is not None
        self.notes = notes
        self.document = reading.document
        self.actions = actions
        self.assigned = frozenset(self._assigned(self.document.steps))
        self.references = References(notes, self.document, reading.ids, self.assigned, lenient=reading.dropped)
        self.start = State(reading.lost)
        self.dropped = reading.dropped
        self.uses: list[Use] = []
        self.refused: list[str] = []
        self.undo: list[tuple[Step, Scope]] = []
        self.silent: Points = Points()
        """Where a run ends without an answer."""

    def file(self) -> State:
        """Walk the whole file; gives the state in which anything after it runs."""
        steps = self.document.steps
        end = self.block(steps, self.start, Scope())
        if end is not None and end.answers & UNANSWERED:
            self.silent.add(end)
        everything = State(frozenset(self.references.ids), self.assigned)
        while self.undo:
            step, scope = self.undo.pop(0)
            self.block(step.undo, everything, scope)
        if self.document.kind == "endpoint" and not self.dropped and self.silent.state is not None:
            mark = self.document.raw.values_at["endpoint"]
            message = "some way through the steps reaches no respond; callers then get 204"
            self.notes.add(codes.NO_ANSWER, mark, message, "", "steps")
        return everything

    def schedule(self) -> None:
        """Note that a schedule runs the workflow with the parameters that it gives."""
        raw = self.document.raw.get("schedule")
        if self.document.kind != "workflow" or not isinstance(raw, Map):
            return
        values = raw.get("with")
        given = values if isinstance(values, Map) else Map()
        mark = self.document.raw.keys_at["schedule"]
        name = self.document.name
        self.uses.append(Use("workflow", name, mark, "schedule", "schedule", "schedule", given, given.values_at, False))

    # -- blocks

    def block(self, steps: Iterable[Step], state: State, scope: Scope) -> State | None:
        """Walk steps in a row; None when their end cannot be reached."""
        here: State | None = state
        ended: Step | None = None
        told = False
        for step in steps:
            if here is None and ended is not None:
                if not told:
                    told = True
                    message = f"this step can never run: {ended.action} at line {ended.mark.line} always ends before it"
                    self.notes.add(codes.UNREACHABLE_STEP, step.mark, message, "", step.path)
                self.step(step, state, scope)
                continue
            assert here is not None
            state = here
            here = self.step(step, here, scope)
            if here is None:
                ended = step
        return here

    def step(self, step: Step, state: State, scope: Scope) -> State | None:
        """Walk one step; None when it always ends what it stands in."""
        action = self.actions[step.action]
        for points in scope.failing:
            points.add(state)
        self.references.template(step.when, state, scope.names, f"{step.path}.when")
        self._place(step, action, scope)
        self._uses(step, action, scope)
        after = self._action(step, action, state, scope)
        if after is not None:
            after = after.with_step(step.id)
        if step.id is not None:
            self.references.done.add(step.id)
        if step.undo:
            self.undo.append((step, replace(scope, failing=(), rounds=None, breaks=None)))
        return after if step.when is None else join(state.with_step(step.id), after)

    def _place(self, step: Step, action: Action, scope: Scope) -> None:
        """Whether the action may stand here."""
        effect = action.effect
        kind = self.document.kind
        if effect == "return" and kind == "endpoint" and scope.returns is None:
            message = "return ends a workflow, a middleware or a parallel branch; nobody reads an endpoint's"
            self.notes.add(codes.MISPLACED_RETURN, step.mark, message, "use respond, or stop", step.path)
        elif effect in ("respond", "stream") and kind == "workflow":
            message = f"a workflow has no caller that {action.name} could answer"
            self.notes.add(codes.MISPLACED_RESPOND, step.mark, message, "use return", step.path)
        elif effect == "loop" and scope.rounds is None:
            message = f"{action.name} stands outside of a loop"
            self.notes.add(codes.MISPLACED_LOOP, step.mark, message, "use stop or return", step.path)
        what = ""
        if effect in REFUSED:
            what = action.name
        elif self._concurrent(step):
            what = f"{action.name} with concurrency"
        if what:
            self.refused.append(what)
            if scope.transaction:
                message = f"{what} cannot stand in a transaction"
                hint = "its effect cannot be rolled back; do it before or after"
                self.notes.add(codes.IN_TRANSACTION, step.mark, message, hint, step.path)

    def _uses(self, step: Step, action: Action, scope: Scope) -> None:
        """Note the workflows and functions that the step names."""
        for key, argument in step.arguments.items():
            param = action.param(key)
            if param is None or param.static is None or not isinstance(argument.raw, str) or "{{" in argument.raw:
                continue
            of = param.static.of
            if of == "workflow" or of == "function" or of == "table":
                given: Mapping[str, Any] | None = {}
                marks: Mapping[str, Any] = {}
                values = step.arguments.get("with")
                if values is not None:
                    raw = values.raw
                    given = raw if isinstance(raw, Map) else {} if raw is None else None
                    marks = raw.values_at if isinstance(raw, Map) else {}
                use = Use(
                    of,
                    argument.raw,
                    argument.mark,
                    action.name,
                    action.effect,
                    step.path,
                    given,
                    marks,
                    scope.transaction,
                )
                self.uses.append(use)

    # -- one action

    def _action(self, step: Step, action: Action, state: State, scope: Scope) -> State | None:
        blocks: dict[str, list[Nested]] = {}
        late: list[tuple[Flow, Template, str]] = []
        conditions: list[tuple[Template, str]] = []
        for key, argument in step.arguments.items():
            param = action.param(key)
            assert param is not None
            self._argument(param, argument, state, scope, f"{step.path}.{key}", blocks, late, conditions)
        looped = "loop" in blocks or any(flow.mode == "loop" for flow, _, _ in late)
        if not looped:
            for template, path in conditions:
                self.references.template(template, state, scope.names, path)
        here: State | None = state
        if looped:
            here = self._loop(step, action, blocks.get("loop", []), late, conditions, state, scope)
        elif "guarded" in blocks:
            here = self._guarded(blocks, state, scope)
        elif "parallel" in blocks:
            here = self._parallel(blocks["parallel"], state, scope)
        elif "branch" in blocks:
            here = self._branch(step, action, blocks["branch"], state, scope)
        for flow, steps in blocks.get("once", []):
            here = self.block(steps, here or state, replace(self._inside(flow, step, action, scope), transaction=True))
        if action.effect == "loop" and scope.rounds is None:
            return here  # misplaced, which is told; the steps after it are not unreachable as well
        return self._ended(step, action, here, scope)

    def _argument(
        self,
        param: Param,
        argument: Argument,
        state: State,
        scope: Scope,
        path: str,
        blocks: dict[str, list[Nested]],
        late: list[tuple[Flow, Template, str]],
        conditions: list[tuple[Template, str]],
    ) -> None:
        """Check a value at once; sort blocks, and expressions that are computed later."""
        flow = param.flow or Flow("branch")
        parsed = argument.parsed
        match param.kind:
            case "value":
                self.references.template(parsed, state, scope.names, path)
            case "expr" if param.flow is not None:
                late.append((flow, parsed, path))
            case "expr":
                conditions.append((parsed, path))
            case "block":
                blocks.setdefault(flow.mode, []).append((flow, parsed))
            case "blocks":
                blocks.setdefault(flow.mode, []).extend((flow, steps) for steps in parsed.values())
            case "records":
                for index, record in enumerate(parsed):
                    for field in param.fields:
                        if field.name in record:
                            place = f"{path}[{index}].{field.name}"
                            inner = record[field.name]
                            self._argument(field, inner, state, scope, place, blocks, late, conditions)

    def _branch(self, step: Step, action: Action, blocks: list[Nested], state: State, scope: Scope) -> State | None:
        """One of the blocks runs, or none if a block that may be left out was."""
        outs = [self.block(steps, state, self._inside(flow, step, action, scope)) for flow, steps in blocks]
        single = [
            param
            for param in (action.value, *action.params.values())
            if param is not None and param.kind == "block" and param.flow is not None and param.flow.mode == "branch"
        ]
        if not single or any(param.name not in step.arguments for param in single):
            outs.append(state)
        return join(*outs)

    def _guarded(self, blocks: dict[str, list[Nested]], state: State, scope: Scope) -> State | None:
        """A block whose failures others handle, and others that run in any case."""
        failing = Points()
        inner = replace(scope, failing=(*scope.failing, failing))
        out = join(*(self.block(steps, state, inner) for _, steps in blocks["guarded"]))
        caught = failing.state or state
        outs: list[State | None] = [out]
        leaving = Points(join(caught, out))
        for flow, steps in blocks.get("handler", []):
            names = scope.names | set(flow.names)
            handler = replace(scope, names=names, failing=(*scope.failing, leaving))
            outs.append(self.block(steps, caught, handler))
        after = join(*outs)
        leaving.add(after)
        for _, steps in blocks.get("always", []):
            last = self.block(steps, leaving.state or state, scope)
            if last is None or after is None:
                return None
            answers = ANSWERED if last.answers == ANSWERED else after.answers
            after = State(after.steps | last.steps, after.vars | last.vars, answers)
        return after

    def _parallel(self, blocks: list[Nested], state: State, scope: Scope) -> State | None:
        """Blocks that run at once, each on its copy of what is known."""
        answers: list[int] = []
        ended = False
        for flow, steps in blocks:
            returns = Points()
            inner = replace(scope, names=scope.names | set(flow.names), rounds=None, breaks=None, returns=returns)
            done = join(self.block(steps, state, inner), returns.state)
            if done is None:
                ended = True
            else:
                answers.append(done.answers)
        if ended:
            return None
        if ANSWERED in answers:
            return replace(state, answers=ANSWERED)
        return replace(state, answers=_union([state.answers, *answers]))

    def _loop(
        self,
        step: Step,
        action: Action,
        blocks: list[Nested],
        late: list[tuple[Flow, Template, str]],
        conditions: list[tuple[Template, str]],
        state: State,
        scope: Scope,
    ) -> State | None:
        """Blocks that run any number of times; `late` values are computed at the end of each round."""
        start = replace(state, vars=state.vars | self._assigned(inner for _, steps in blocks for inner in steps))
        rounds, breaks, ends = Points(), Points(), Points(None if blocks else start)
        names = scope.names
        for flow, steps in blocks:
            inside = replace(self._inside(flow, step, action, scope), rounds=rounds, breaks=breaks)
            names = names | inside.names
            ends.add(self.block(steps, start, inside))
        for flow, template, path in late:
            known = self._inside(flow, step, action, scope).names
            self.references.template(template, ends.state or start, known, path)
        again = join(state, ends.state, rounds.state)
        assert again is not None
        for points in scope.failing:
            points.add(again)
        for template, path in conditions:
            self.references.template(template, again, names, path)
        endless = any(template.constant and template.value for template, _ in conditions)
        after = breaks.state if endless else join(again, breaks.state)
        if after is not None and self._concurrent(step):
            return replace(state, answers=after.answers)
        return after

    def _ended(self, step: Step, action: Action, state: State | None, scope: Scope) -> State | None:
        """What the action itself does to the way: variables, answers, ends."""
        if state is None:
            return None
        goes_on = any(step.arguments[key].raw for key in action.unless if key in step.arguments)
        match action.effect:
            case "set":
                state = replace(state, vars=state.vars | set(_keys(step, action)))
            case "respond" | "stream":
                state = replace(state, answers=ANSWERED)
        if not action.ends or goes_on:
            return state
        match action.effect:
            case "loop":
                points = scope.breaks if action.name == "break" else scope.rounds
                if points is not None:
                    points.add(state)
            case "return" if scope.returns is not None:
                scope.returns.add(state)
            case "stop" if state.answers & UNANSWERED:
                self.silent.add(state)
        return None

    # -- what a step says of itself

    def _inside(self, flow: Flow, step: Step, action: Action, scope: Scope) -> Scope:
        """The scope of a block: its further names, `as` in the place of the one that it renames."""
        if not flow.names:
            return scope
        names = set(flow.names)
        for param in action.params.values():
            if param.static is not None and param.static.of == "name" and param.name in step.arguments:
                names.discard(str(param.default))
                names.add(str(step.arguments[param.name].raw))
        return replace(scope, names=scope.names | names)

    def _concurrent(self, step: Step) -> bool:
        """Whether the rounds of a loop run at once, each on its copy."""
        argument = step.arguments.get("concurrency")
        return argument is not None and argument.raw != 1

    def _assigned(self, steps: Iterable[Step]) -> frozenset[str]:
        """The variables that steps set, however deep."""
        found: set[str] = set()
        for step in _deep(steps, self.actions):
            action = self.actions[step.action]
            if action.effect == "set":
                found.update(_keys(step, action))
        return frozenset(found)


def _signing(raw: Map) -> Iterator[tuple[str, int, int]]:
    """The secrets that `security.signature` names."""
    security = raw.get("security")
    signature = security.get("signature") if isinstance(security, Map) else None
    if isinstance(signature, Map) and "secret" in signature:
        names = signature["secret"]
        mark = signature.values_at["secret"]
        for name in names if isinstance(names, list) else [names]:
            if isinstance(name, str):
                yield name, mark.line, mark.column


def _keys(step: Step, action: Action) -> Iterable[str]:
    raw = step.arguments[action.name].raw if action.name in step.arguments else None
    return raw if isinstance(raw, Map) else ()


def _union(bits: Iterable[int]) -> int:
    found = 0
    for bit in bits:
        found |= bit
    return found


def _deep(steps: Iterable[Step], actions: Mapping[str, Action]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _deep(step.undo, actions)
        for argument in step.arguments.values():
            yield from _deep(_inner(argument), actions)


def _inner(argument: Argument) -> Iterator[Step]:
    match argument.kind:
        case "block":
            yield from argument.parsed
        case "blocks":
            for steps in argument.parsed.values():
                yield from steps
        case "records":
            for record in argument.parsed:
                for field in record.values():
                    yield from _inner(field)
