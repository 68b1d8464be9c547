"""Sample: defaults and examples, held to the rules that their own parameter sets."""

import re
from dataclasses import replace
from typing import Any

from penstock.model import Fault, Map, Mark, Parameter
from penstock.params import codes
from penstock.params.broken import Broken
from penstock.params.faults import at, written
from penstock.params.field import Faulty, field

_BINDING = re.compile(r"\s*\{\{.*\}\}\s*", re.DOTALL)


def check_samples(parameter: Parameter, raw: Map, mark: Mark) -> list[Fault]:
    """The faults of a parameter's default and example."""
    found: list[Fault] = []
    for word, code in (("default", codes.BAD_DEFAULT), ("example", codes.BAD_EXAMPLE)):
        if word not in raw:
            continue
        value = parameter.default if word == "default" else parameter.example
        place = raw.values_at.get(word, mark)
        if isinstance(value, str) and _BINDING.fullmatch(value):
            hint = "optional: true, and default(…) where it is used"
            found.append(Fault(place.line, place.column, code, f"the {word} is a constant and takes no binding", hint))
            continue
        for message in _broken(parameter, value):
            hint = "optional: true makes it null when it is not given" if value is None and word == "default" else ""
            found.append(Fault(place.line, place.column, code, f"the {word} {message}", hint))
    return found


def _broken(parameter: Parameter, value: Any) -> list[str]:
    if parameter.type == "file":
        return ["of a file cannot be written in a file of the project"] if value is not None else []
    try:
        made = field(replace(parameter, has_default=False), parameter.location, strict=False, exact=False)
    except (ValueError, Broken):
        return []
    try:
        made.finish(value)
    except Faulty as faulty:
        return [_worded(parameter, broken) for broken in faulty.found]
    except Broken as broken:
        return [_worded(parameter, broken)]
    return []


def _worded(parameter: Parameter, broken: Broken) -> str:
    where = f"at {written(broken.path)} " if broken.path else ""
    known = at(parameter, broken.path) is not None
    return f"{where}{broken.message}" if known or not where else f"{where}is not valid"
