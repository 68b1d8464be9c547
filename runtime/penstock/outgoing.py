"""Outgoing: requests over aiohttp that reach only addresses which they may reach."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from penstock.addresses import Allowed
from penstock.context import HttpReply
from penstock.errors import Failure
from penstock.expression.data import text

MAX_URL = 8000
MAX_HEADERS = 100
MAX_REDIRECTS = 5
MAX_CONNECTIONS = 100
CONNECT_TIMEOUT = 10.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8190}")
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_CREDENTIAL = re.compile(r"auth|cookie|key|token|secret|session|signature|password", re.IGNORECASE)
"""Headers that another origin must not see when it is redirected to: what names a credential."""
FRAMING = frozenset(
    {"connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that say where a message ends: only the connection's own code may write them (RFC 9112, section 6)."""


class Unsound(ValueError):
    """A URL that can be read and yet may not be asked."""


class Refused(OSError):
    """An address that may not be connected to."""


@dataclass(slots=True)
class Attempt:
    """One hop as far as it came."""

    named: bool
    """the host is allowed by its name"""
    sent: bool = False
    refused: bool = False


_attempt: ContextVar[Attempt] = ContextVar("attempt")


class Outgoing:
    """An open pool of connections. Nothing is taken from the environment: no proxy, no .netrc, no cookie is kept."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, socket_factory=self._socket),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
            request_class=Request,
            skip_auto_headers=("Content-Type", "User-Agent"),
            max_line_size=8190,
            max_field_size=8190,
            max_headers=128,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        timeout: float,
        max_size: int,
        follow_redirects: bool,
    ) -> HttpReply:
        """See `Client.request`."""
        method = _method(method)
        sent = _headers(headers)
        place = _url(url)
        if query:
            place = _with_query(place, query)
        deadline = asyncio.get_running_loop().time() + timeout
        arrived = False
        for _ in range(MAX_REDIRECTS + 1):
            try:
                reply = await self._hop(method, place, sent, body, deadline, max_size, timeout)
                if not follow_redirects or reply.status not in REDIRECTS or "location" not in reply.headers:
                    return reply
                arrived = arrived or method not in SAFE
                after = _redirected(place, reply.headers["location"])
            except Failure as failure:
                if arrived and failure.code == "unreachable":
                    # An earlier hop has taken the request: it is not safe to say that it was never sent.
                    raise Failure("upstream_failed", f"redirected: {failure.message}") from failure.__cause__
                raise
            if not _same_origin(place, after):
                sent = {name: value for name, value in sent.items() if not _CREDENTIAL.search(name) and name != "host"}
            if (reply.status == 303 and method not in SAFE) or (reply.status in (301, 302) and method == "POST"):
                method, body = "GET", None
                sent = {name: value for name, value in sent.items() if not name.startswith("content-")}
            place = after
        raise Failure("upstream_failed", f"{_shown(place)}: more than {MAX_REDIRECTS} redirects")

    async def _hop(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: float,
        max_size: int,
        timeout: float,
    ) -> HttpReply:
        host, port = url.raw_host or "", url.port or 0
        attempt = Attempt(named=self._allowed.name(host, port))
        token = _attempt.set(attempt)
        try:
            async with asyncio.timeout_at(deadline) as limit:
                async with self._session.request(
                    method, url, headers=headers, data=body, allow_redirects=False
                ) as response:
                    content = await _read(response, max_size)
                    return HttpReply(response.status, _joined(response), content, str(url))
        except TimeoutError as error:
            if not attempt.sent:
                raise Failure("unreachable", f"{_shown(url)}: no connection in time") from error
            within = f" within {timeout:g} s" if limit.expired() else ""
            raise Failure("timeout", f"{_shown(url)}: no whole answer{within}") from error
        except (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, OSError, ValueError) as error:
            if attempt.refused and not attempt.sent:
                raise Failure(
                    "unreachable",
                    f"{_shown(url)}: {host} is not a public address; http.allow in penstock.yaml would permit it",
                ) from error
            if not attempt.sent:
                raise Failure("unreachable", f"{_shown(url)}: {_reason(error)}") from error
            raise Failure("upstream_failed", f"{_shown(url)}: {_reason(error)}") from error
        finally:
            _attempt.reset(token)

    def _socket(self, info: Any) -> socket.socket:
        """A socket for an address that is about to be connected to; it is what counts, whatever name led there."""
        family, kind, protocol, _, address = info
        attempt = _attempt.get()
        if not attempt.named and not self._permitted(address):
            attempt.refused = True
            raise Refused("the address may not be connected to")
        return socket.socket(family=family, type=kind, proto=protocol)

    def _permitted(self, address: tuple[Any, ...]) -> bool:
        try:
            return self._allowed.address(ipaddress.ip_address(address[0]), address[1])
        except ValueError:
            return False


class Request(aiohttp.ClientRequest):
    """A request that notes when it begins to be sent."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        _attempt.get().sent = True
        return await super().send(conn)


async def _read(response: aiohttp.ClientResponse, max_size: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > max_size:
            response.close()
            raise Failure(
                "upstream_failed", f"{_shown(response.url)}: the answer is larger than {max_size} bytes (max_size)"
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _joined(response: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        name = name.lower()
        value = _readable(value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _readable(value: str) -> str:
    """A header's value as text: one that is no UTF-8 is Latin-1, as it was before (RFC 9110, section 5.5)."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value


def _method(method: str) -> str:
    method = method.upper()
    if not _TOKEN.fullmatch(method) or method in ("CONNECT", "TRACE"):
        raise Failure("internal", f"{method[:40]!r} is no method that can be sent")
    return method


def _headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    sent = {"user-agent": "penstock"}
    for name, value in (headers or {}).items():
        if not _TOKEN.fullmatch(name):
            raise Failure("internal", f"{name[:40]!r} is no header name")
        if name.lower() in FRAMING:
            raise Failure("internal", f"header {name} is written by the connection itself")
        if not _VALUE.fullmatch(value):
            raise Failure(
                "internal", f"the value of header {name} has a line break, a control character, or is too long"
            )
        sent[name.lower()] = value
    if len(sent) > MAX_HEADERS:
        raise Failure("internal", f"more than {MAX_HEADERS} headers")
    return sent


def _url(address: str) -> URL:
    # The messages do not repeat what they refuse: it may hold a password.
    if len(address) > MAX_URL:
        raise Failure("unreachable", f"a URL is at most {MAX_URL} characters long")
    try:
        if _UNFIT.search(address):
            raise Unsound("it has a space, a control character or a backslash")
        return _sound(_read_url(address))
    except ValueError as error:
        raise Failure("unreachable", f"the URL cannot be asked: {_why(error)}") from None


def _read_url(text: str) -> URL:
    # What is written in ASCII is sent as it is written: a signature may stand on each of its characters.
    return URL(text, encoded=text.isascii())


def _sound(url: URL) -> URL:
    if url.scheme not in ("http", "https"):
        raise Unsound("only http:// and https:// can be")
    if url.raw_user is not None or url.raw_password is not None or "@" in url.raw_authority:
        raise Unsound("it holds a user or password; use auth")
    host = url.raw_host or ""
    if ":" in host:
        ipaddress.IPv6Address(host)
    elif not _HOST.fullmatch(host):
        raise Unsound("it names no host")
    if not url.port:
        raise Unsound("it names no port")
    _shown(url)
    return url.with_fragment(None)


def _with_query(url: URL, query: Mapping[str, Any]) -> URL:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        for item in value if isinstance(value, list) else (value,):
            if item is not None:
                pairs.append((name, text(item)))
    url = url.extend_query(pairs)
    if len(str(url)) > MAX_URL:
        raise Failure("unreachable", f"a URL is at most {MAX_URL} characters long, with its query")
    return url


def _redirected(url: URL, location: str) -> URL:
    try:
        if _UNFIT.search(location) or len(location) > MAX_URL:
            raise Unsound("it is no URL")
        after = _sound(url.join(_read_url(location)))
        if url.scheme == "https" and after.scheme == "http":
            raise Unsound("it would leave https")
        return after
    except ValueError as error:
        raise Failure("unreachable", f"{_shown(url)}: the redirect cannot be followed: {_why(error)}") from None


def _why(error: ValueError) -> str:
    return str(error) if isinstance(error, Unsound) else "it is malformed"


def _same_origin(url: URL, other: URL) -> bool:
    if url.origin() == other.origin():
        return True
    return url.host == other.host and (url.scheme, url.port, other.scheme, other.port) == ("http", 80, "https", 443)


def _shown(url: URL) -> str:
    """A URL for people: without its query, which may hold a key."""
    return str(url.with_query(None))[:200]


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host name is not known"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "no trusted TLS connection"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.strerror or "no connection"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server closed the connection before it answered"
    if isinstance(error, aiohttp.InvalidURL):
        return "it is no URL that can be asked"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer broke off or cannot be decoded"
    return f"the answer is broken ({type(error).__name__})"
