"""Shape: how the files want errors to be answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Render = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """The compiled `errors:` of settings, defaults and endpoint, merged. Each function takes what a binding sees as `error`."""

    body: Render | None = None
    content_type: Render | None = None
    headers: Mapping[str, Render] = field(default_factory=dict)
    status: Mapping[str, int] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)


PLAIN = Shape()
