"""Failures: what a step, a caller or an upstream did wrong, in the dialect's codes."""

from collections.abc import Mapping, Sequence
from typing import Any

STATUS: dict[str, int] = {
    "malformed": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "conflict": 409,
    "not_unique": 409,
    "precondition_failed": 412,
    "too_large": 413,
    "unsupported_media_type": 415,
    "invalid_value": 422,
    "invalid_reference": 422,
    "invalid_params": 422,
    "precondition_required": 428,
    "rate_limited": 429,
    "headers_too_large": 431,
    "internal": 500,
    "undefined": 500,
    "loop_limit": 500,
    "unknown_outcome": 500,
    "upstream_failed": 502,
    "unreachable": 502,
    "overloaded": 503,
    "serialization_failure": 503,
    "timeout": 504,
}
"""The status that each code is answered with."""

INTERNAL = frozenset({"undefined", "loop_limit", "unknown_outcome"})
"""Codes that `catch` and the history see, and that are `internal` to callers."""


CODES: dict[int, str] = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_value",
    428: "precondition_required",
    429: "rate_limited",
    431: "headers_too_large",
    500: "internal",
    502: "upstream_failed",
    503: "overloaded",
    504: "timeout",
}


def code_for(status: int) -> str:
    """The code of a failure that only says its status; `failed` for those that have none of their own."""
    return CODES.get(status, "failed")


class Failure(Exception):
    """A step failed: `code` says how, `status` what a caller is answered with.

    `step` (path of the step) and `line` (file:line) are filled in where the failure passes through a compiled step.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = STATUS.get(code, 400) if status is None else status
        self.details: Mapping[str, Any] = details or {}
        self.headers: Mapping[str, Any] = headers or {}
        self.errors: Sequence[Mapping[str, Any]] = errors
        self.step: str | None = None
        self.step_id: str | None = None
        self.file: str | None = None
        self.line: int | None = None

    @property
    def where(self) -> str | None:
        """`file:line` of the step that failed, when it is known."""
        return None if self.file is None else f"{self.file}:{self.line}"

    def view(self) -> dict[str, Any]:
        """What a binding sees as `error`."""
        return {
            "code": self.code,
            "status": self.status,
            "message": self.message,
            "step": self.step_id or self.step,
            "details": dict(self.details),
            "errors": [dict(entry) for entry in self.errors],
        }


class PenstockError(Exception):
    """Something a person has to mend: the message says what, where and how."""
