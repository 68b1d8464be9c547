"""Steps: the steps of a file, each with its action, arguments and modifiers, read into the model."""

from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from penstock import expression, spec, units
from penstock.errors import Failure
from penstock.model import Argument, Map, Mark, Seq, Step, plain
from penstock.problem import suggest
from penstock.registry import MISSING, Action, Duration, Param, Size
from penstock.validate import codes
from penstock.validate.notes import EMPTY, Notes
from penstock.validate.shapes import Shape, called, retry

MODIFIERS = ("id", "when", "retry", "timeout", "undo", "once", "note")
ROOTS = ("params", "given", "steps", "vars", "user", "middleware", "request", "env", "secrets", "data", "run")


class Reader:
    """Reads the steps of one file."""

    def __init__(self, notes: Notes, actions: Mapping[str, Action]) -> None:
        self.notes = notes
        self.actions = actions
        self.ids: dict[str, int] = {}
        self.lost: set[str] = set()
        """Ids of steps that could not be read, so that those who use them are not told that they do not exist."""
        self.dropped = False

    def block(self, raw: Any, mark: Mark, path: str) -> tuple[Step, ...]:
        """A list of steps."""
        if not isinstance(raw, Seq):
            hint = "put a dash before the step" if isinstance(raw, Map) else "[] for no steps"
            message = f"{path} must be a list of steps, not {called(raw)}"
            self.notes.add(codes.WRONG_TYPE, mark, message, hint, path)
            self._lose(raw)
            return ()
        steps = (self.step(item, raw.items_at[index], f"{path}[{index}]") for index, item in enumerate(raw))
        return tuple(step for step in steps if step is not None)

    def step(self, raw: Any, mark: Mark, path: str) -> Step | None:
        """One step; None when it has no action that is known."""
        if not isinstance(raw, Map):
            hint = "an action's name is its key"
            if isinstance(raw, str):
                word, colon, value = raw.partition(":")
                if word in self.actions:
                    hint = f"a space after the colon: {word}: {value}" if colon and value else f"write {word}:"
            message = f"a step must be a mapping, not {called(raw)}"
            self.notes.add(codes.WRONG_TYPE, mark, message, hint, path)
            self.dropped = True
            return None
        shape = Shape(self.notes, raw, path)
        identity = self._id(shape)
        action = self._action(raw, mark, path)
        if action is None:
            self._lose(raw)
            return None
        when = None
        if "when" in raw:
            when = expression.condition(raw["when"], shape.at("when"))
            self.notes.faults(when.faults, shape.place("when"))
        arguments = self._arguments(action, shape)
        undo = self.block(raw["undo"], shape.at("undo"), shape.place("undo")) if "undo" in raw else ()
        return Step(
            action=action.name,
            path=path,
            mark=mark,
            arguments=arguments,
            id=identity,
            when=when,
            retry=retry(shape),
            timeout=shape.duration("timeout"),
            undo=undo,
            once=shape.flag("once"),
            note=shape.text("note"),
        )

    def _lose(self, raw: Any) -> None:
        """Remember the ids in what is not read."""
        self.dropped = True
        if isinstance(raw, Map):
            identity = raw.get("id")
            if isinstance(identity, str):
                self.lost.add(identity)
                self.ids.setdefault(identity, raw.values_at["id"].line)
        if isinstance(raw, dict | list):
            for item in raw.values() if isinstance(raw, dict) else raw:
                self._lose(item)

    def _id(self, shape: Shape) -> str | None:
        identity = shape.text("id")
        if identity is None:
            return None
        mark = shape.at("id")
        if not self.notes.name(identity, mark, "a step", shape.place("id")):
            return None
        if identity in self.ids:
            message = f"the step at line {self.ids[identity]} has the id {identity} too"
            self.notes.add(codes.DUPLICATE_STEP, mark, message, "", shape.place("id"))
            return identity
        self.ids[identity] = mark.line
        return identity

    def _action(self, raw: Map, mark: Mark, path: str) -> Action | None:
        found = [key for key in raw if key in self.actions and key not in MODIFIERS]
        if len(found) > 1:
            for key in found:
                if all(other == key or other in self.actions[key].params for other in found):
                    return self.actions[key]
            message = f"a step has one action, and this one has {' and '.join(found)}"
            self.notes.add(codes.SEVERAL_ACTIONS, raw.keys_at[found[1]], message, "make two steps of it", path)
            return None
        if found:
            return self.actions[found[0]]
        words = [key for key in raw if key not in MODIFIERS]
        if not words:
            message = f"the step has {', '.join(raw)} and no action" if raw else "the step is empty"
            self.notes.add(codes.MISSING_ACTION, mark, message, "", path)
            return None
        beside = {name for action in self.actions.values() for name in action.params}
        own = [word for word in words if word not in beside] or words
        own.sort(key=lambda word: "." not in word)
        near = next((word for word in own if suggest(word, self.actions)), own[0])
        message = f"{near or EMPTY} is not an action"
        of = [action.name for action in self.actions.values() if near in action.params]
        hint = f"it stands beside {' or '.join(of[:3])}" if of else suggest(near, self.actions)
        self.notes.add(codes.UNKNOWN_ACTION, raw.keys_at[near], message, hint, path)
        return None

    def _arguments(self, action: Action, shape: Shape) -> dict[str, Argument]:
        raw = shape.raw
        arguments: dict[str, Argument] = {}
        for key in (action.name, *(key for key in raw if key != action.name)):
            param = action.param(key)
            if param is not None and not (raw[key] is None and param.default is MISSING):
                if key in MODIFIERS and key in action.params:
                    continue
                arguments[key] = self._argument(param, raw[key], raw.keys_at[key], shape.at(key), shape.place(key))
        self.notes.keys(raw, (action.name, *action.params, *MODIFIERS), action.name, shape.path)
        for name, param in action.params.items():
            if param.required and name not in raw:
                message = f"{action.name} needs {name}"
                self.notes.add(codes.MISSING_FIELD, raw.keys_at[action.name], message, param.doc, shape.path)
        self.notes.schema(spec.check_step(raw, action), raw.mark, shape.path)
        return arguments

    def _argument(self, param: Param, raw: Any, key_mark: Mark, mark: Mark, path: str) -> Argument:
        return Argument(param.name, param.kind, raw, mark, key_mark, self._parsed(param, raw, mark, path))

    def _parsed(self, param: Param, raw: Any, mark: Mark, path: str) -> Any:
        match param.kind:
            case "block":
                return self.block(raw, mark, path)
            case "blocks":
                return self._blocks(raw, mark, path)
            case "records":
                return self._records(param, raw, mark, path)
            case "static":
                return self._static(param, raw, mark, path)
        bare = param.kind == "expr" and param.flow is None
        template = expression.condition(raw, mark) if bare else expression.value(raw, mark)
        if raw is None and not bare and param.required and not param.nullable and param.type not in (Any, object):
            self.notes.add(codes.MISSING_FIELD, mark, f"{param.name} needs a value", param.doc, path)
        self.notes.faults(template.faults, path)
        if template.constant and not template.faults:
            self._constant(param, raw, mark, path)
        return template

    def _blocks(self, raw: Any, mark: Mark, path: str) -> dict[str, Any]:
        if not isinstance(raw, Map):
            message = f"{path} must be a mapping of names to steps, not {called(raw)}"
            self.notes.add(codes.WRONG_TYPE, mark, message, "", path)
            return {}
        return {name: self.block(steps, raw.values_at[name], f"{path}.{name}") for name, steps in raw.items()}

    def _records(self, param: Param, raw: Any, mark: Mark, path: str) -> tuple[dict[str, Argument], ...]:
        names = ", ".join(field.name for field in param.fields)
        if not isinstance(raw, Seq):
            message = f"{path} must be a list of {{{names}}}, not {called(raw)}"
            self.notes.add(codes.WRONG_TYPE, mark, message, "", path)
            return ()
        found: list[dict[str, Argument]] = []
        for index, item in enumerate(raw):
            place = f"{path}[{index}]"
            if not isinstance(item, Map):
                message = f"{place} must be {{{names}}}, not {called(item)}"
                self.notes.add(codes.WRONG_TYPE, raw.items_at[index], message, "", place)
                continue
            self.notes.keys(item, (field.name for field in param.fields), param.name, place)
            record: dict[str, Argument] = {}
            for field in param.fields:
                if field.name in item:
                    key, value = item.keys_at[field.name], item.values_at[field.name]
                    record[field.name] = self._argument(field, item[field.name], key, value, f"{place}.{field.name}")
                else:
                    self.notes.add(codes.MISSING_FIELD, item.mark, f"{param.name} needs {field.name}", "", place)
            found.append(record)
        return tuple(found)

    def _static(self, param: Param, raw: Any, mark: Mark, path: str) -> Any:
        value = plain(raw)
        of = param.static.of if param.static else "text"
        if raw is None and param.nullable:
            return None
        if isinstance(raw, str) and "{{" in raw:
            message = f"{param.name} takes no binding: it is read before anything runs"
            self.notes.add(codes.BAD_VALUE, mark, message, "", path)
        elif get_origin(param.type) is Literal:
            self._constant(param, raw, mark, path)
        elif of == "bool" and not isinstance(raw, bool):
            self.notes.add(codes.WRONG_TYPE, mark, f"{param.name} must be true or false, not {called(raw)}", "", path)
        elif of == "duration":
            self._unit(units.duration, "a duration", "write 250ms, 5s, 15m, 2h, 7d or 1h30m", param, raw, mark, path)
        elif of in ("workflow", "function", "table", "name") and not isinstance(raw, str):
            self.notes.add(codes.WRONG_TYPE, mark, f"{param.name} must be a name, not {called(raw)}", "", path)
        elif of == "name":
            self._word(raw, mark, path)
        return value

    def _word(self, raw: str, mark: Mark, path: str) -> None:
        if raw in ROOTS:
            self.notes.add(codes.BAD_NAME, mark, f"{raw} is a name of its own and cannot be given away", "", path)
        elif not raw.isidentifier():
            self.notes.add(codes.BAD_NAME, mark, f"{raw} cannot be used as a name in bindings", "", path)

    def _constant(self, param: Param, raw: Any, mark: Mark, path: str) -> None:
        """Check a constant whose type has words or units of its own."""
        if raw is None:
            return
        if param.type is type(None):
            self.notes.add(codes.BAD_VALUE, mark, f"{param.name} takes no value", f"write {param.name}:", path)
        elif get_origin(param.type) is Literal:
            words = get_args(param.type)
            if not any(type(raw) is type(word) and raw == word for word in words):
                shown = [str(word).lower() if isinstance(word, bool) else str(word) for word in words]
                hint = suggest(str(raw), shown) or f"one of {', '.join(shown)}"
                shown_value = str(raw).lower() if isinstance(raw, bool) else raw
                self.notes.add(codes.BAD_VALUE, mark, f"{param.name} cannot be {shown_value}", hint, path)
        elif param.type is Duration:
            self._unit(units.duration, "a duration", "write 250ms, 5s, 15m, 2h, 7d or 1h30m", param, raw, mark, path)
        elif param.type is Size:
            self._unit(units.size, "a size", "write 512, 10kB, 10MB or 1GB", param, raw, mark, path)
        elif param.check is not None and not isinstance(raw, bool):
            try:
                param.check(plain(raw))
            except Failure as failure:
                self.notes.add(codes.BAD_VALUE, mark, failure.message, "", path)
            except (TypeError, ValueError, AttributeError):
                pass  # of a wrong type, which the action's schema tells

    def _unit(self, read: Any, what: str, hint: str, param: Param, raw: Any, mark: Mark, path: str) -> None:
        try:
            read(raw)
        except (ValueError, TypeError):
            self.notes.add(codes.BAD_VALUE, mark, f"{param.name} is not {what}", hint, path)
