"""Entropy: random bytes, integers and ids; injected, so that a run can be repeated."""

import secrets
import uuid
from typing import Protocol


class Entropy(Protocol):
    """Randomness as the runtime sees it."""

    def token(self, size: int) -> bytes:
        """`size` random bytes."""
        ...

    def integer(self, low: int, high: int) -> int:
        """A random integer from `low` to `high`, both included."""
        ...

    def uuid(self) -> uuid.UUID:
        """A random UUID (RFC 9562, version 4)."""
        ...


class SystemEntropy:
    """The operating system's randomness."""

    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)

    def integer(self, low: int, high: int) -> int:
        return low + secrets.randbelow(high - low + 1)

    def uuid(self) -> uuid.UUID:
        return uuid.UUID(bytes=secrets.token_bytes(16), version=4)
