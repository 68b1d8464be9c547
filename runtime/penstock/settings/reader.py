"""Reader: the values of `penstock.yaml`, bindings computed, each checked by its row of the table."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from penstock import expression
from penstock.errors import Failure
from penstock.model import Map, Mark, Template
from penstock.problem import Problem, suggest
from penstock.settings import codes
from penstock.settings.errorshape import error_shape
from penstock.settings.table import BY_NAME, SECTIONS, SETTINGS, TOP, Setting

ENV = "PENSTOCK_ENV_"
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_TRUTH = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False, "on": True, "off": False}


class Reader:
    """Reads one settings file; `problems` is what is wrong with it."""

    def __init__(self, raw: Map, file: str, environ: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        self.raw = raw
        self.file = file
        self.environ = environ
        self.secrets = secrets
        self.env: dict[str, Any] = {}
        self.problems: list[Problem] = []

    def add(self, at: Mark, code: str, message: str, hint: str = "", path: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, at.line, at.column, code, message, hint, path))

    def read(self) -> dict[str, Any]:
        """The settings that are given and sound, by dotted name."""
        self._keys(self.raw, TOP, "")
        if isinstance(self.raw.get("env"), Map):
            self.env = self._environment(self.raw["env"])
        values: dict[str, Any] = {}
        for setting in SETTINGS:
            place = self.raw if not setting.section else self._section(setting.section)
            if place is not None and setting.key in place:
                self._setting(setting, place[setting.key], place.values_at[setting.key], values)
        for section, inner in SECTIONS.items():
            if section in self.raw and self._section(section) is None and self.raw[section] is not None:
                example = f"{{{inner[0].key}: …}}"
                at = self.raw.values_at[section]
                self.add(at, codes.WRONG_TYPE, f"{section} must be a mapping", example, section)
        self._cors(values)
        return values

    def _keys(self, raw: Map, known: Iterable[str], path: str) -> None:
        for key in raw:
            if key in known:
                if f"{path}{key}" in SECTIONS and isinstance(raw[key], Map):
                    self._keys(raw[key], [setting.key for setting in SECTIONS[key]], f"{key}.")
                continue
            hint = suggest(key, known)
            if key in BY_NAME:
                section, _, rest = key.partition(".")
                hint = f"nest it: {section}: {{{rest}: …}}"
            elif not hint:
                nested = [name for name, setting in BY_NAME.items() if setting.key == key]
                hint = f"did you mean {nested[0]}?" if nested else ""
            self.add(raw.keys_at[key], codes.UNKNOWN_KEY, f"{path}{key} is not a setting", hint, f"{path}{key}")

    def _section(self, name: str) -> Map | None:
        value = self.raw.get(name)
        return value if isinstance(value, Map) else None

    def _setting(self, setting: Setting, raw: Any, mark: Mark, values: dict[str, Any]) -> None:
        if setting.kind == "errors":
            if raw is not None:
                values[setting.name], problems = error_shape(raw, mark, self.file)
                self.problems += problems
            return
        if setting.kind == "env":
            if isinstance(raw, Map):
                values[setting.name] = self.env
                return
            value = raw
        else:
            template = expression.value(raw, mark)
            if not self._sound(template, setting.name):
                return
            try:
                value = template.value if template.constant else self._computed(template)
            except Failure as failure:
                hint = "settings are computed once, at the start"
                self.add(mark, codes.EVALUATION, f"{setting.name} fails: {self._masked(failure)}", hint, setting.name)
                return
        try:
            values[setting.name] = setting.convert(value)
        except (TypeError, ValueError) as error:
            code = codes.WRONG_TYPE if isinstance(error, TypeError) else codes.BAD_VALUE
            hint = suggest(value, setting.words) if setting.kind == "choice" and isinstance(value, str) else ""
            self.add(mark, code, f"{setting.name} {error}", hint, setting.name)
            return
        if setting.kind == "mapping" and setting.words and isinstance(raw, Map):
            for key in raw:
                if key not in setting.words:
                    message = f"{setting.name}.{key} is not a setting"
                    path = f"{setting.name}.{key}"
                    self.add(raw.keys_at[key], codes.UNKNOWN_KEY, message, suggest(key, setting.words), path)

    def _sound(self, template: Template, path: str) -> bool:
        """Whether a value can be computed: no faults, and only names that are there."""
        before = len(self.problems)
        for fault in template.faults:
            self.problems.append(
                Problem(self.file, fault.line, fault.column, fault.code, fault.message, fault.hint, path)
            )
        for reference in template.references:
            at = Mark(reference.line, reference.column, reference.line, reference.column)
            name = str(reference.path[0]) if reference.path else ""
            if reference.root not in ("env", "secrets"):
                hint = "settings see env and secrets alone"
                self.add(at, codes.UNKNOWN_NAME, f"{reference.root} cannot be read here", hint, path)
            elif reference.guarded or not name:
                continue
            elif reference.root == "env" and name not in self.env:
                hint = suggest(name, self.env) or f"declare it: env: {{{name}: …}}"
                self.add(at, codes.UNKNOWN_ENV, f"env.{name} is not declared", hint, path)
            elif reference.root == "secrets" and name not in self.secrets:
                message = f"the secret {name} is not set"
                self.add(at, codes.UNSET_SECRET, message, f"set the variable PENSTOCK_SECRET_{name}", path)
        if len(self.problems) == before and "_s" in expression.free_names(template.tree):
            at = Mark(template.line, template.column, template.line, template.column)
            message = "a setting cannot depend on the time, on chance or on a run"
            self.add(at, codes.BAD_VALUE, message, "", path)
        return len(self.problems) == before

    def _computed(self, template: Template) -> Any:
        """The value of a template. Raises Failure."""
        names = sorted(expression.free_names(template.tree))
        known = {"env": self.env, "secrets": dict(self.secrets)}
        function = expression.compile_template(template, names, self.file)
        return function(*(known[name] for name in names))

    def _masked(self, failure: Failure) -> str:
        message = failure.message
        for value in self.secrets.values():
            message = message.replace(value, "•••")
        return message

    def _environment(self, raw: Map) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, default in raw.items():
            path = f"env.{name}"
            if not _ENV_NAME.fullmatch(name):
                hint = "letters, digits and _, a letter first"
                self.add(raw.keys_at[name], "bad-name", f"{name} cannot be the name of a variable", hint, path)
                continue
            template = expression.value(default, raw.values_at[name])
            if not template.constant:
                hint = "keep what must stay hidden in secrets"
                message = f"{path} takes no binding: it is a default"
                self.add(raw.values_at[name], codes.BAD_VALUE, message, hint, path)
                continue
            values[name] = template.value
            given = self.environ.get(ENV + name)
            if given is None:
                continue
            try:
                values[name] = _typed(given, template.value)
            except ValueError as error:
                message = f"{ENV}{name} must be {error}, like its default"
                self.add(raw.keys_at[name], codes.BAD_ENV, message, "mend the variable or the default", path)
        return values

    def _cors(self, values: Mapping[str, Any]) -> None:
        cors = self._section("cors")
        if cors is None:
            return
        if "origins" not in cors:
            hint = "name who may call, as [https://app.example.com]"
            self.add(self.raw.keys_at["cors"], codes.MISSING_FIELD, "cors needs origins", hint, "cors")
        elif values.get("cors.credentials") and "*" in values.get("cors.origins", ()):
            message = "cors.credentials cannot go with all origins"
            self.add(cors.values_at["credentials"], codes.BAD_VALUE, message, "name the origins", "cors.credentials")


def _typed(text: str, default: Any) -> Any:
    """The text of a variable, read as the type of its default. Raises ValueError with what it must be."""
    if default is None or isinstance(default, str):
        return text
    if isinstance(default, bool):
        if text.strip().lower() not in _TRUTH:
            raise ValueError("true or false")
        return _TRUTH[text.strip().lower()]
    try:
        if isinstance(default, int | float):
            value = type(default)(text)
            return json.loads(json.dumps(value, allow_nan=False))
        value = json.loads(text)
    except ValueError:
        words = {int: "an integer", float: "a number"}
        raise ValueError(words.get(type(default), "JSON")) from None
    if not isinstance(value, type(default)):
        raise ValueError("a JSON list" if isinstance(default, list) else "a JSON object")
    return value
