"""Table: every setting, with its kind, its default and what it is for. Reading, documentation and schemas are loops over it."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from penstock import units, web

Kind = Literal[
    "text", "bool", "integer", "duration", "size", "rate", "choice", "texts", "mapping", "headers", "env", "errors"
]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `default` is written as a file would; `words` are the choices of a choice, or the keys of a mapping."""

    name: str
    kind: Kind
    default: Any
    help: str
    words: tuple[str, ...] = ()
    check: Callable[[Any], Any] | None = None
    least: int = 0
    example: Any = None

    @property
    def section(self) -> str:
        """The key that it stands under in the file, or nothing."""
        return self.name.rpartition(".")[0]

    @property
    def key(self) -> str:
        """Its own key."""
        return self.name.rpartition(".")[2]

    def convert(self, value: Any) -> Any:
        """The setting as the runtime uses it. Raises TypeError and ValueError with what it must be."""
        if value is None and self.default is None:
            return None
        value = _KINDS[self.kind](value, self)
        return value if self.check is None else self.check(value)


def _text(value: Any, _: Setting) -> str:
    if not isinstance(value, str):
        raise TypeError("must be text")
    return value


def _bool(value: Any, _: Setting) -> bool:
    if not isinstance(value, bool):
        raise TypeError("must be true or false")
    return value


def _integer(value: Any, setting: Setting) -> int:
    if type(value) is not int:
        raise TypeError("must be an integer")
    if not setting.least <= value <= 1_000_000_000:
        raise ValueError(f"must be at least {setting.least}, and not over a billion")
    return value


def _duration(value: Any, _: Setting) -> float:
    try:
        return units.duration(value)
    except ValueError:
        raise ValueError("must be a duration: 250ms, 5s, 15m, 2h, 7d or 1h30m") from None


def _size(value: Any, setting: Setting) -> int:
    try:
        size = units.size(value)
    except ValueError:
        raise ValueError("must be a size: 512, 10kB, 10MB or 1GB") from None
    if size < setting.least:
        raise ValueError(f"must be at least {setting.least} bytes")
    return size


def _rate(value: Any, _: Setting) -> units.Rate:
    try:
        return units.rate(value)
    except ValueError:
        raise ValueError("must be a rate: 10/s, 100/m, 1000/h or 5/15m") from None


def _choice(value: Any, setting: Setting) -> str:
    if value not in setting.words or not isinstance(value, str):
        raise ValueError(f"must be one of {', '.join(setting.words)}")
    return value


def _texts(value: Any, _: Setting) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("must be a list of texts")
    return tuple(value)


def _mapping(value: Any, _: Setting) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("must be a mapping")
    return value


def _headers(value: Any, _: Setting) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise TypeError("must be a mapping of names to texts")
    for name, text in value.items():
        if not isinstance(text, str):
            raise TypeError(f"must have text for {name}")
        if name.lower() == "content-type":
            raise ValueError("cannot hold Content-Type: write it as content_type")
        if name.lower() in web.RESERVED:
            raise ValueError(f"cannot hold {name}: the server writes it itself")
        if not _TOKEN.fullmatch(name) or not _HEADER.fullmatch(text):
            raise ValueError(f"has a header that cannot be sent: {name[:80]}")
    return dict(value)


_KINDS: Mapping[str, Callable[[Any, Setting], Any]] = {
    "text": _text,
    "bool": _bool,
    "integer": _integer,
    "duration": _duration,
    "size": _size,
    "rate": _rate,
    "choice": _choice,
    "texts": _texts,
    "mapping": _mapping,
    "headers": _headers,
    "env": _mapping,
    "errors": _mapping,
}

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_HEADER = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8190}")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?")
_ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9_.\[\]:-]{1,255}")


def _store(value: str) -> str:
    if not re.match(r"sqlite:.|postgresql://.", value):
        raise ValueError("must be sqlite:PATH or postgresql://HOST/NAME")
    return value


def _name(value: str) -> str:
    if not 0 < len(value) <= 100 or not value.isprintable():
        raise ValueError("must be a line of 1 to 100 characters")
    return value


def _media(value: str) -> str:
    if not re.match(r"[\w.+-]+/[\w.+-]+", value, re.ASCII) or not _HEADER.fullmatch(value):
        raise ValueError("must be a media type such as application/json")
    return value


def _url(*schemes: str) -> Callable[[str], str]:
    """A check for an absolute URL of one of these schemes; a slash at its end is dropped."""

    def check(value: str) -> str:
        try:
            parts = urlsplit(value)
            sound = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 0) >= 0
        except ValueError:
            sound = False
        if not sound or value.split() != [value] or parts.query or parts.fragment:
            raise ValueError(f"must be a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return value.rstrip("/")

    return check


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_is_network(value) for value in values):
        raise ValueError("must be a list of addresses and networks, as 10.0.0.0/8 or ::1")
    return values


def _hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        host = re.sub(r":[0-9]{1,5}$", "", value)
        if not _is_network(value) and not _is_network(host.strip("[]")) and not _HOST.fullmatch(host):
            raise ValueError("must be a list of host names, addresses and networks, as db.internal:5432 or 10.0.0.0/8")
    return values


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_ORIGIN.fullmatch(value) for value in values):
        raise ValueError('must be a list of origins without a path, as https://app.example.com, or ["*"]')
    return values


def _tokens(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_TOKEN.fullmatch(value) for value in values):
        raise ValueError("must be a list of names as HTTP knows them")
    return values


def _methods(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.upper() for value in _tokens(values))


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "name",
        "text",
        None,
        "What the project is called. Left out: the name of its folder.",
        check=_name,
        example="shop",
    ),
    Setting(
        "store",
        "text",
        "sqlite:.penstock/data.db",
        "Where tables, users and jobs are kept: `sqlite:PATH` or `postgresql://…`.",
        check=_store,
        example="postgresql://app@db.internal/shop",
    ),
    Setting(
        "env",
        "env",
        {},
        "Names for bindings (`env.NAME`) with their defaults; the variable `PENSTOCK_ENV_NAME` overrides one, "
        "read as the type of the default.",
        example={"REGION": "eu"},
    ),
    Setting(
        "http.allow",
        "texts",
        [],
        "Private hosts and networks that `http.request` may reach. Public ones are always allowed, all others never.",
        check=_hosts,
        example=["10.1.0.0/16", "search.internal"],
    ),
    Setting("http.timeout", "duration", "30s", "How long an `http.request` without `timeout` may take."),
    Setting(
        "base_url",
        "text",
        None,
        "The address that callers use, for links in mails and answers (`request.base_url`). Left out: taken from the request.",
        check=_url("https", "http"),
        example="https://api.example.com",
    ),
    Setting(
        "cors.origins",
        "texts",
        [],
        'Origins whose pages may call the endpoints; `["*"]` is all. Without `cors` no other origin may.',
        check=_origins,
        example=["https://app.example.com"],
    ),
    Setting("cors.methods", "texts", [], "Methods that they may use. Left out: those of the path.", check=_methods),
    Setting(
        "cors.headers", "texts", [], "Headers that they may send. Left out: those that they ask for.", check=_tokens
    ),
    Setting("cors.credentials", "bool", False, "Whether cookies and log-ins go along. Not with all origins."),
    Setting("cors.max_age", "duration", "10m", "How long a browser may keep the answer to its preflight request."),
    Setting(
        "auth",
        "mapping",
        {},
        "How callers say who they are, beside `Authorization: Bearer`.",
        words=("schemes", "cookie", "jwt", "basic"),
        example={"schemes": ["Bearer", "Token"]},
    ),
    Setting(
        "errors",
        "errors",
        None,
        "The form of error answers: `body`, `content_type`, `headers`, `status`, `messages`.",
        words=("body", "content_type", "headers", "status", "messages"),
        example={"status": {"invalid_params": 400}},
    ),
    Setting(
        "headers", "headers", {}, "Headers of every answer.", example={"Strict-Transport-Security": "max-age=31536000"}
    ),
    Setting(
        "content_type",
        "text",
        None,
        "The content type of answers that say none, for whatever files name none nearer. Left out: JSON.",
        check=_media,
        example="application/vnd.example+json",
    ),
    Setting("limits.body", "size", "1MB", "The largest body of a request."),
    Setting("limits.concurrency", "integer", 256, "How many runs may go on at once.", least=1),
    Setting("limits.queue", "integer", 1024, "How many requests may wait behind them; more are answered 503."),
    Setting(
        "limits.rate", "rate", None, "How many requests one caller may send. Left out: any number.", example="100/m"
    ),
    Setting(
        "limits.proxies",
        "texts",
        [],
        "Addresses and networks of proxies whose `X-Forwarded-For` is believed.",
        check=_networks,
        example=["10.0.0.0/8"],
    ),
    Setting(
        "history.level",
        "choice",
        "steps",
        "What the history keeps of a run: nothing, the run, its steps, or everything.",
        words=("off", "runs", "steps", "full"),
    ),
    Setting("history.keep", "duration", "30d", "How long runs are kept."),
    Setting("history.keep_errors", "duration", "90d", "How long runs that failed are kept."),
    Setting(
        "history.max_size", "size", "1GB", "How large the history may grow; the oldest runs go first.", least=1_000_000
    ),
    Setting(
        "jobs.queues", "mapping", {}, "Queues of jobs, with how many jobs of each run at once.", example={"mail": 2}
    ),
    Setting(
        "jobs.max_depth", "integer", 100, "How long a chain of jobs that schedule the next at once may be.", least=1
    ),
    Setting(
        "mail.url",
        "text",
        None,
        "The server that sends mail.",
        check=_url("smtp", "smtps"),
        example="smtp://mail.internal:587",
    ),
    Setting("mail.from", "text", None, "The sender of mails.", check=_name, example="Shop <shop@example.com>"),
    Setting(
        "json.decimals",
        "choice",
        "text",
        "How decimals are sent: as text that keeps every digit, or as numbers.",
        words=("text", "number"),
    ),
    Setting("console.enabled", "bool", True, "Whether `/-/console` is served."),
    Setting("environments", "mapping", {}, "Where `penstock deploy` brings the project.", example={}),
)
"""Every setting, in the order of the reference page."""

BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}
SECTIONS: Mapping[str, tuple[Setting, ...]] = {
    section: tuple(setting for setting in SETTINGS if setting.section == section)
    for section in dict.fromkeys(setting.section for setting in SETTINGS)
    if section
}
TOP: tuple[str, ...] = tuple(dict.fromkeys(setting.name.partition(".")[0] for setting in SETTINGS))
