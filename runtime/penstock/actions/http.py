"""HTTP: requests to other servers."""

import base64
import codecs
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any
from urllib.parse import quote_plus

from penstock import jsontext, web
from penstock.context import Context, HttpReply
from penstock.errors import Failure
from penstock.expression.data import text
from penstock.registry import MISSING, Check, Example, Size, action

MAX_SIZE = Size(10_000_000)
MAX_BODY = 100_000_000
SHOWN = 10_000
"""How much of an unexpected answer a failure keeps, in characters."""

_CHARSET = re.compile(
    r"charset=\"?((?:utf-?(?:8|16|16le|16be)|us-ascii|iso-8859-\d\d?|windows-125\d|latin-?1|shift_jis|euc-(?:jp|kr)|gb18030|gbk|gb2312|big5|koi8-[ru]))\"?\s*(?:;|$)",
    re.IGNORECASE,
)
_CLASS = re.compile(r"[1-5]xx")
_METHOD = re.compile(r"[A-Z]+(?:-[A-Z]+)*")
_QUOTED = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""How a multipart name is written (WHATWG HTML, multipart/form-data encoding algorithm)."""


def _method(method: str) -> None:
    if not _METHOD.fullmatch(method):
        raise Failure("internal", f"{method[:40]} is no method such as GET or POST")


def _url(url: str) -> None:
    if not url.lower().startswith(("http://", "https://")):
        raise Failure("internal", f"{url[:40]} is no URL that begins with http:// or https://")


def _expected(expect: Any) -> Callable[[int], bool]:
    if expect is None:
        return lambda status: 200 <= status <= 399
    entries = expect if isinstance(expect, list) else [expect]
    for entry in entries:
        number = isinstance(entry, int) and not isinstance(entry, bool) and 100 <= entry <= 599
        word = isinstance(entry, str) and (entry == "any" or _CLASS.fullmatch(entry))
        if not number and not word:
            raise Failure("internal", f"expect takes statuses such as 404 or 4xx, or any; not {str(entry)[:40]}")
    return lambda status: "any" in entries or status in entries or f"{status // 100}xx" in entries


def _headers(headers: dict[str, Any] | None) -> dict[str, str]:
    sent: dict[str, str] = {}
    for name, value in (headers or {}).items():
        if value is None:
            continue
        items = [item for item in (value if isinstance(value, list) else [value]) if item is not None]
        if items:
            sent[name.lower()] = ", ".join(web.header(name, item)[1] for item in items)
    return sent


def _authorization(auth: dict[str, Any]) -> str:
    if auth.keys() == {"bearer"} and auth["bearer"] is not None:
        return web.header("Authorization", f"Bearer {text(auth['bearer'])}")[1]
    basic = auth.get("basic")
    if isinstance(basic, dict) and basic.keys() == {"user", "password"}:
        basic = [basic["user"], basic["password"]]
    if auth.keys() != {"basic"} or not isinstance(basic, list) or len(basic) != 2 or None in basic:
        raise Failure("internal", "auth is {basic: [user, password]} or {bearer: token}, and none of them is null")
    user, password = (text(part) for part in basic)
    if ":" in user:
        # RFC 7617, section 2: everything after the first colon would be the password.
        raise Failure("internal", "the user of auth.basic may not hold a colon")
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@action(
    "http.request",
    effect="http",
    examples=(
        Example(
            "Ask another server",
            '- id: reply\n  http.request: "{{ env.UPSTREAM }}/json"\n- respond: "{{ steps.reply.json }}"',
            answer={"ok": True},
        ),
        Example(
            "Send JSON",
            '- id: reply\n  http.request: "{{ env.UPSTREAM }}/echo"\n  method: POST\n  json: {name: "{{ params.name }}"}\n'
            "  auth: {bearer: abc}\n  expect: [200, 201, 4xx]\n"
            '- respond:\n    method: "{{ steps.reply.json.method }}"\n    body: "{{ steps.reply.json.body }}"\n'
            '    auth: "{{ steps.reply.json.headers.authorization }}"',
            answer={"method": "POST", "body": '{"name":"Ada"}', "auth": "Bearer abc"},
            params={"name": "Ada"},
        ),
    ),
)
async def request(
    ctx: Context,
    url: Annotated[str, Check(_url)],
    *,
    method: Annotated[str, Check(_method)] = "GET",
    query: dict[str, Any] | None = None,
    headers: Annotated[dict[str, Any] | None, Check(_headers)] = None,
    json: Any = MISSING,
    form: dict[str, Any] | None = None,
    body: str | bytes | None = None,
    files: dict[str, Any] | None = None,
    auth: Annotated[dict[str, Any] | None, Check(_authorization)] = None,
    follow_redirects: bool = True,
    expect: Annotated[list[Any] | int | str | None, Check(_expected)] = None,
    max_size: Size = MAX_SIZE,
) -> dict[str, Any]:
    """Send an HTTP request and read the whole answer.

    Only public addresses are reached, and private ones that the setting `http.allow` names; redirects (at most 5) are held to it too.
    It fails with `unreachable` when the request was surely not sent, with `timeout` when it may have arrived, and with `upstream_failed`
    when the answer is broken, too large or has a status that is not expected; `error.details` then has `status`, `headers`, `json`, `text`.

    url: where to, http:// or https://
    method: the method
    query: added to the URL's own; a null is left out, a list gives its name several times
    headers: a null is left out
    json: a value to send as JSON
    form: names and values to send as a form
    body: text or bytes to send as they are
    files: fields to send as multipart/form-data, each `{name, content_type, content}` or a list of them; `form` beside it adds plain fields
    auth: `{basic: [user, password]}` or `{bearer: token}`
    follow_redirects: false gives the redirect itself
    expect: the statuses that are no failure, as `[200, 404, 5xx]`, or `any`; default 2xx and 3xx
    max_size: how large the answer may be
    Result: {status, headers, json, text}; header names are lower case; json is null when the answer is no JSON
    """
    expected = _expected(expect)
    sent = _headers(headers)
    if auth is not None:
        if "authorization" in sent:
            raise Failure("internal", "give auth or the header Authorization, not both")
        sent["authorization"] = _authorization(auth)
    content, content_type = _content(ctx, json, form, body, files)
    if content_type is not None:
        if files:
            sent["content-type"] = content_type
        else:
            sent.setdefault("content-type", content_type)
    if content is not None and len(content) > MAX_BODY:
        raise Failure("too_large", f"a request's body is at most {MAX_BODY} bytes", status=500)
    reply = await ctx.world.http.request(
        method,
        url,
        query=query,
        headers=sent,
        body=content,
        max_size=max_size,
        follow_redirects=follow_redirects,
    )
    result = _result(reply)
    if not expected(reply.status):
        raise Failure("upstream_failed", f"{_place(reply.url)} answered {reply.status}", details=_bounded(result))
    return result


def _content(ctx: Context, json: Any, form: Any, body: Any, files: Any) -> tuple[bytes | None, str | None]:
    kinds = [json is not MISSING, form is not None or files is not None, body is not None]
    if sum(kinds) > 1:
        raise Failure("internal", "give one of json, body, and form with or without files")
    if json is not MISSING:
        return ctx.world.encode(json), "application/json"
    if body is not None:
        if isinstance(body, str):
            return body.encode(), "text/plain; charset=utf-8"
        return body, "application/octet-stream"
    if files is not None:
        return _multipart(ctx, form or {}, files)
    if form is not None:
        pairs = "&".join(f"{quote_plus(name)}={quote_plus(text(value))}" for name, value in _each(form))
        return pairs.encode(), "application/x-www-form-urlencoded"
    return None, None


def _each(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        for item in value if isinstance(value, list) else (value,):
            if item is not None:
                yield name, item


def _multipart(ctx: Context, form: dict[str, Any], files: dict[str, Any]) -> tuple[bytes, str]:
    """Fields and files as multipart/form-data (RFC 7578)."""
    boundary = ctx.world.entropy.token(16).hex()
    parts: list[bytes] = []
    for name, value in _each(form):
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name.translate(_QUOTED)}"\r\n\r\n'
        parts += [head.encode(), text(value).encode(), b"\r\n"]
    for name, file in _each(files):
        if not isinstance(file, dict) or not isinstance(file.get("content"), str | bytes):
            raise Failure("internal", f"files.{name} is {{name, content_type, content}}, its content text or bytes")
        content = file["content"]
        filename = text(file.get("name") or name).translate(_QUOTED)
        kind = web.header("Content-Type", file.get("content_type") or "application/octet-stream")[1]
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name.translate(_QUOTED)}"; filename="{filename}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        parts += [head.encode(), content.encode() if isinstance(content, str) else content, b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def _result(reply: HttpReply) -> dict[str, Any]:
    content_type = reply.headers.get("content-type", "")
    data: Any = None
    content = reply.body.removeprefix(codecs.BOM_UTF8)
    if content and (web.is_json(content_type) or content[:1] in b"{["):
        try:
            data = jsontext.decode(content)
        except Failure:
            data = None
    charset = _CHARSET.search(content_type)
    return {
        "status": reply.status,
        "headers": dict(reply.headers),
        "json": data,
        "text": content.decode(charset.group(1) if charset else "utf-8", "replace"),
    }


def _bounded(result: dict[str, Any]) -> dict[str, Any]:
    headers: dict[str, str] = {}
    room = SHOWN
    for name, value in result["headers"].items():
        room -= len(name) + len(value)
        if room >= 0:
            headers[name] = value
    long = len(result["text"]) > SHOWN
    return {
        "status": result["status"],
        "headers": headers,
        "json": None if long else result["json"],
        "text": result["text"][:SHOWN],
    }


def _place(url: str) -> str:
    return url.partition("?")[0][:200]
