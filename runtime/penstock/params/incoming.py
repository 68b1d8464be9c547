"""Incoming: what parameters need of a request."""

from collections.abc import Mapping
from typing import Protocol


class Incoming(Protocol):
    """A request. `query` is the raw query string; `headers` ignores case, and gives repeated ones by `getall` if it has it."""

    @property
    def method(self) -> str: ...

    @property
    def query(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def body(self) -> bytes: ...
