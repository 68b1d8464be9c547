"""Field: one declared parameter, made ready for checking."""

from dataclasses import dataclass
from typing import Any

from penstock.model import Parameter
from penstock.params.broken import Broken
from penstock.params.faults import broken
from penstock.params.schema import OPAQUE, Validator, strict_schema, validator
from penstock.params.text import FromText, FromTexts, from_text, from_texts
from penstock.params.value import Convert, converter, default_of, fills, preparer

MISSING: Any = object()
"""Stands for a value that was not sent."""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter with its functions.

    `validator` is None when nothing is left to check after a text's conversion; `full` and `sent` make the values for `params` and
    `given` (None: the checked value is that already, `same`: one value is both).
    """

    parameter: Parameter
    name: str
    wire: str
    location: str
    validator: Validator
    free: bool
    text: FromText | None
    texts: FromTexts
    prepare: Convert | None
    full: Convert | None
    sent: Convert | None
    same: bool
    default: Convert

    def finish(self, value: Any) -> tuple[Any, Any]:
        """The values for `params` and `given` of a JSON form. Raises Broken with the first, `Faulty` with all rules that it breaks."""
        if self.prepare is not None:
            value = self.prepare(value)
        found = () if self.parameter.type in OPAQUE else broken(self.validator, self.parameter, value)
        if found:
            raise Faulty(list(found))
        made = value if self.full is None else self.full(value)
        if self.same:
            return made, made
        return made, value if self.sent is None else self.sent(value)


class Faulty(Exception):
    """A value breaks rules."""

    def __init__(self, found: list[Broken]) -> None:
        super().__init__()
        self.found = found


def field(parameter: Parameter, location: str, *, strict: bool, exact: bool) -> Field:
    """Make a parameter ready. `exact`: JSON is read with decimals for floats."""
    schema = strict_schema(parameter, strict=strict)
    return Field(
        parameter=parameter,
        name=parameter.name,
        wire=parameter.wire,
        location=location,
        validator=validator(schema),
        free=_free(parameter, schema),
        text=from_text(parameter),
        texts=from_texts(parameter),
        prepare=preparer(parameter),
        full=converter(parameter, fill=True, exact=exact),
        sent=converter(parameter, fill=False, exact=exact),
        same=not fills(parameter),
        default=default_of(parameter),
    )


def _free(parameter: Parameter, schema: dict[str, Any]) -> bool:
    """Whether every text that was converted is valid."""
    return parameter.type in ("string", "integer", "number", "decimal", "boolean", "any", "record") and set(schema) <= {
        "type"
    }
