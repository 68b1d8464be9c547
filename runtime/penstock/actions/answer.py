"""Answer: what the caller is sent: respond, stream, precondition."""

from datetime import datetime
from typing import Annotated, Any, Literal

from penstock import web
from penstock.context import END, Answer, Context, Signal
from penstock.errors import Failure
from penstock.registry import MISSING, Check, Example, Static, action

JSON = "application/json"
NO_BODY = (204, 304)


def _status(status: int) -> None:
    if not 200 <= status <= 599:
        raise Failure("internal", f"an answer's status is 200 to 599, not {status}")


def _cookies(cookies: dict[str, Any]) -> list[tuple[str, str]]:
    return [web.set_cookie(name, spec) for name, spec in cookies.items()]


@action(
    "respond",
    ends=True,
    unless=("continues",),
    awaits=("continues",),
    effect="respond",
    quiet=True,
    examples=(
        Example(
            "Answer with JSON",
            '- respond: {hello: "{{ params.name }}"}\n  status: 201',
            answer={"hello": "Ada"},
            params={"name": "Ada"},
        ),
        Example("Answer with text", "- respond: hello\n  content_type: text/plain", answer="hello"),
    ),
)
def respond(
    ctx: Context,
    value: Any = MISSING,
    *,
    status: Annotated[int | None, Check(_status)] = None,
    headers: Annotated[dict[str, Any] | None, Check(web.headers)] = None,
    content_type: Annotated[str | None, Check(lambda text: web.header("Content-Type", text))] = None,
    cookies: Annotated[dict[str, Any] | None, Check(_cookies)] = None,
    etag: str | int | None = None,
    last_modified: datetime | None = None,
    file: str | None = None,
    redirect: str | None = None,
    template: str | None = None,
    continues: Annotated[Literal[True, "durable"] | None, Static("text")] = None,
) -> Any:
    """Answer the caller; it ends the run unless it says `continues: true`.

    A mapping, list, number, boolean, null or text is sent as JSON, also under another JSON content type; under any other content type
    text is sent as it is; bytes are always sent as they are. Nothing (or a written null) sends no body.

    value: the body
    status: the status (default 200)
    headers: more headers; one whose value is null is left out
    content_type: the media type of the body
    cookies: a mapping of names to {value, max_age, path, http_only, secure, same_site}
    etag: an entity tag, bare; a matching If-None-Match is answered 304
    last_modified: a time; a matching If-Modified-Since is answered 304
    file: a file of the project to send
    redirect: where to send the caller instead (302)
    template: a template of templates/, rendered with the value's keys, sent as text/html
    continues: true lets the steps below run after the answer
    """
    pairs = web.headers(headers) if headers else []
    for index, (name, text) in enumerate(pairs):
        if name.lower() == "content-type":
            content_type = content_type or text
            del pairs[index]
            break
    if content_type is not None:
        web.header("Content-Type", content_type)
    pairs += _cookies(cookies or {})
    body = b""
    shown: Any = None
    path: str | None = None
    if redirect is not None:
        pairs.append(web.header("Location", web.location(redirect)))
        status = status or 302
    elif file is not None:
        path = file
        shown = {"file": file}
    elif template is not None:
        body = ctx.world.render(template, value if isinstance(value, dict) else {}).encode()
        content_type = content_type or "text/html; charset=utf-8"
        shown = {"template": template}
    elif value is not MISSING:
        shown = value
        content_type, body = _body(ctx, value, content_type or ctx.run.content_type)
    status = status or 200
    _status(status)
    if etag is not None or last_modified is not None:
        status = _validators(ctx, pairs, None if etag is None else str(etag), last_modified, status)
    if status in NO_BODY:
        body, content_type, path, shown = b"", None, None, None
    sent = ctx.run.answered(Answer(status, pairs, body, content_type, shown, path), continues=continues is not None)
    return sent if continues is not None else END


@action(
    "stream",
    effect="stream",
    examples=(Example("Send events", "- stream: {n: 1}\n- stream: {n: 2}\n  event: last", answer=None),),
)
async def stream(ctx: Context, value: Any, *, event: str | None = None) -> None:
    """Send a server-sent event; the first one opens the stream (WHATWG HTML, section 9.2).

    value: the event's data: text as it is, anything else as JSON
    event: the event's name
    """
    text = value if isinstance(value, str) else ctx.world.encode(value).decode()
    if event is not None and ("\n" in event or "\r" in event):
        raise Failure("internal", "an event's name is one line")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head = f"event: {event}\n" if event else ""
    await ctx.run.stream((head + "".join(f"data: {line}\n" for line in lines) + "\n").encode())


@action(
    "precondition",
    signals=True,
    effect="flow",
    examples=(Example("Refuse a lost update", '- precondition: "v1"\n- respond: ok', answer="ok"),),
)
def precondition(ctx: Context, etag: str | int | None, *, required: bool = False) -> Signal | None:
    """Check If-Match and If-None-Match against the current entity tag (RFC 9110, section 13): 412 when they don't hold.

    etag: the current entity tag, bare; null when there is no such row
    required: answer 428 when neither header came
    """
    headers = ctx.run.headers
    etag = None if etag is None else str(etag)
    if_match = web.field(headers, "If-Match")
    if_none = web.field(headers, "If-None-Match")
    if if_match is None and if_none is None:
        if required:
            raise Failure("precondition_required", "send If-Match with the entity tag that you have seen")
        return None
    if if_match is not None and not web.matches(if_match, etag, weak=False):
        raise Failure("precondition_failed", "it has changed since you have read it")
    if if_none is not None and web.matches(if_none, etag, weak=True):
        if ctx.run.method in ("GET", "HEAD"):
            ctx.run.answered(Answer(304, [("ETag", web.quoted(etag or ""))], b"", None), continues=False)
            return END
        raise Failure("precondition_failed", "it exists already")
    return None


def _body(ctx: Context, value: Any, content_type: str | None) -> tuple[str, bytes]:
    if isinstance(value, bytes):
        return content_type or "application/octet-stream", value
    if content_type is None:
        return JSON, ctx.world.encode(value)
    if web.is_json(content_type):
        return content_type, ctx.world.encode(value)
    if "charset" not in content_type and content_type.startswith("text/"):
        content_type += "; charset=utf-8"
    if isinstance(value, str):
        return content_type, value.encode()
    encoded = ctx.world.encode(value)
    # decimals and times are texts in JSON: here they are sent without the quotes
    return content_type, encoded if isinstance(value, dict | list) else encoded.strip(b'"')


def _validators(
    ctx: Context, pairs: list[tuple[str, str]], etag: str | None, last_modified: datetime | None, status: int
) -> int:
    headers = ctx.run.headers
    safe = ctx.run.method in ("GET", "HEAD") and status == 200
    if etag is not None:
        pairs.append(web.header("ETag", web.quoted(etag)))
    if last_modified is not None:
        pairs.append(web.header("Last-Modified", web.http_date(last_modified)))
    if not safe:
        return status
    if_none = web.field(headers, "If-None-Match")
    if if_none is not None:
        return 304 if etag is not None and web.matches(if_none, etag, weak=True) else status
    since = headers.get("If-Modified-Since")
    if since is not None and last_modified is not None:
        seen = web.parse_date(since)
        if seen is not None and last_modified.replace(microsecond=0) <= seen:
            return 304
    return status
