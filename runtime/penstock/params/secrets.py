"""Secrets: the texts of secret parameters, for masking."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from penstock.model import Parameter

_SHOWN = (int, float, Decimal, UUID, date)


class Secrets:
    """Finds the values of secret parameters; `any` is false when none is declared."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self._parameters = tuple(item for item in parameters if _holds(item))
        self.any = bool(self._parameters)

    def of(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """The texts of secret values."""
        return tuple(dict.fromkeys(text for item in self._parameters for text in _found(item, params.get(item.name))))


def _holds(parameter: Parameter) -> bool:
    if parameter.secret or (parameter.items is not None and _holds(parameter.items)):
        return True
    return any(_holds(item) for item in parameter.properties or ())


def _found(parameter: Parameter, value: Any) -> Iterator[str]:
    if parameter.secret:
        yield from _leaves(value)
    elif parameter.items is not None and isinstance(value, list):
        for item in value:
            yield from _found(parameter.items, item)
    elif parameter.properties and isinstance(value, dict):
        for nested in parameter.properties:
            yield from _found(nested, value.get(nested.name))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, _SHOWN) and not isinstance(value, bool):
        yield str(value)
