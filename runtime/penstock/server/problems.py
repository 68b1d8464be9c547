"""Problems: failures as a caller sees them: RFC 9457, or the shape that the files give."""

from collections.abc import Callable, Mapping
from typing import Any

from penstock import web
from penstock.context import Answer
from penstock.errors import INTERNAL, Failure
from penstock.shape import Shape

TITLES = {
    "malformed": "The request cannot be read",
    "unauthenticated": "Sign in first",
    "forbidden": "Not allowed",
    "not_found": "Not found",
    "method_not_allowed": "Method not allowed",
    "not_acceptable": "Not acceptable",
    "conflict": "Conflict",
    "not_unique": "More than one fits",
    "precondition_failed": "Precondition failed",
    "too_large": "Too large",
    "unsupported_media_type": "Unsupported media type",
    "invalid_value": "Invalid value",
    "invalid_reference": "Invalid reference",
    "precondition_required": "Precondition required",
    "invalid_params": "Invalid parameters",
    "rate_limited": "Too many requests",
    "headers_too_large": "Headers too large",
    "internal": "Internal error",
    "upstream_failed": "An upstream failed",
    "unreachable": "An upstream cannot be reached",
    "overloaded": "Overloaded",
    "serialization_failure": "Try again",
    "timeout": "Timeout",
}


def answer(failure: Failure, run_id: str | None, shape: Shape, encode: Callable[[Any], bytes]) -> Answer:
    """The answer to a failure. A 500 shows nothing but the run's id, and what an upstream said or where it is stays here."""
    code = "internal" if failure.code in INTERNAL else failure.code
    status = shape.status.get(code, failure.status)
    upstream = code in ("upstream_failed", "unreachable")
    hidden = upstream or (failure.status >= 500 and code == "internal")
    message = f"{'an upstream' if upstream else 'the run'} failed; the run's id finds it in the history"
    message = message if hidden else failure.message
    details: Mapping[str, Any] = {} if hidden else failure.details
    errors = [] if hidden else [_worded(entry, shape.messages) for entry in failure.errors]
    headers = [(name, str(value)) for name, value in failure.headers.items() if value is not None]
    if status == 401 and not any(name.lower() == "www-authenticate" for name, _ in headers):
        headers.append(("WWW-Authenticate", "Bearer"))
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(code) or web.REASONS.get(status, "Error"),
        "status": status,
        "detail": message,
        "code": code,
    }
    if run_id is not None:
        problem["run_id"] = run_id
    if errors:
        problem["errors"] = errors
    if details:
        problem["details"] = dict(details)
    shaped = _shaped(shape, problem, message, details, errors, encode)
    if shaped is not None:
        body, content_type, more = shaped
        return Answer(status, _safe(headers) + more, body, content_type, problem)
    try:
        body = encode(problem)
    except Failure:
        problem.pop("details", None)
        problem.pop("errors", None)
        body = encode(problem)
    return Answer(status, _safe(headers), body, "application/problem+json", problem)


def _worded(entry: Mapping[str, Any], messages: Mapping[str, str]) -> dict[str, Any]:
    words = messages.get(str(entry.get("rule")))
    return {**entry, "message": words} if words is not None else dict(entry)


def _safe(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    kept: list[tuple[str, str]] = []
    for name, value in headers:
        try:
            kept.append(web.header(name, value))
        except Failure:
            continue
    return kept


def _shaped(
    shape: Shape,
    problem: Mapping[str, Any],
    message: str,
    details: Mapping[str, Any],
    errors: list[dict[str, Any]],
    encode: Callable[[Any], bytes],
) -> tuple[bytes, str, list[tuple[str, str]]] | None:
    """Body, content type and headers of the files' own form; None when there is none or it fails."""
    if shape.body is None and shape.content_type is None and not shape.headers:
        return None
    fields: dict[str, list[str]] = {}
    for entry in errors:
        name = str(entry.get("path") or entry.get("name") or "").rsplit(".", 1)[-1].rsplit("[", 1)[0]
        fields.setdefault(name, []).append(str(entry.get("message", "")))
    view = {
        "code": problem["code"],
        "status": problem["status"],
        "message": message,
        "run_id": problem.get("run_id"),
        "details": dict(details),
        "errors": errors,
        "fields": fields,
    }
    try:
        headers = [
            web.header(name, value) for name, render in shape.headers.items() if (value := render(view)) is not None
        ]
        given = shape.content_type(view) if shape.content_type is not None else None
        content_type = "application/json" if given is None else web.header("Content-Type", given)[1]
        if shape.body is None:
            return encode(problem), "application/problem+json" if given is None else content_type, headers
        value = shape.body(view)
        if isinstance(value, str) and not web.is_json(content_type):
            return value.encode(), content_type, headers
        return encode(value), content_type, headers
    except Exception:
        return None
