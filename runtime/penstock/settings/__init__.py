"""Settings: `penstock.yaml` and the environment, read once into plain data."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock import source
from penstock.model import ErrorShape, Map
from penstock.problem import Problem
from penstock.settings import codes
from penstock.settings.errorshape import error_shape
from penstock.settings.reader import Reader
from penstock.settings.table import BY_NAME, SECTIONS, SETTINGS, TOP, Setting
from penstock.units import Rate

__all__ = [
    "BY_NAME",
    "SECTIONS",
    "SETTINGS",
    "TOP",
    "Setting",
    "Settings",
    "defaults",
    "error_shape",
    "load",
    "secrets",
]

FILE = "penstock.yaml"
SECRET = "PENSTOCK_SECRET_"


@dataclass(frozen=True, slots=True)
class Http:
    """Outgoing requests: private places that may be reached, and the time that one may take, in seconds."""

    allow: tuple[str, ...]
    timeout: float


@dataclass(frozen=True, slots=True)
class Cors:
    """Other origins whose pages may call. `max_age` is in seconds; empty `methods` and `headers` are those of the path and request."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    credentials: bool
    max_age: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server takes on at once. `body` is in bytes."""

    body: int
    concurrency: int
    queue: int
    rate: Rate | None
    proxies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """What is kept of runs. Times are in seconds, `max_size` in bytes."""

    level: str
    keep: float
    keep_errors: float
    max_size: int


@dataclass(frozen=True, slots=True)
class Jobs:
    """Queues as the file gives them, and the longest chain of jobs that schedule each other at once."""

    queues: Mapping[str, Any]
    max_depth: int


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail server and the sender; None: no mail can be sent."""

    url: str | None
    from_: str | None


@dataclass(frozen=True, slots=True)
class Json:
    """How decimals are sent: `text` or `number`."""

    decimals: str


@dataclass(frozen=True, slots=True)
class Console:
    """The console."""

    enabled: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. `cors` None: off. `auth` and `environments` are as the file gives them, bindings computed."""

    name: str
    store: str
    env: Mapping[str, Any]
    http: Http
    base_url: str | None
    cors: Cors | None
    auth: Mapping[str, Any]
    errors: ErrorShape | None
    headers: Mapping[str, str]
    content_type: str | None
    limits: Limits
    history: History
    jobs: Jobs
    mail: Mail
    json: Json
    console: Console
    environments: Mapping[str, Any]


_DEFAULTS: Mapping[str, Any] = {setting.name: setting.convert(setting.default) for setting in SETTINGS}


def load(root: Path, environ: Mapping[str, str]) -> tuple[Settings, list[Problem]]:
    """Read a project's settings: what is sound, defaults for the rest, and all that is wrong."""
    data, problems = _read(root / FILE)
    raw: Map | None = Map()
    if data is not None:
        raw, problems = source.read(data, FILE)
    if raw is None:
        return _built({}, root), problems
    reader = Reader(raw, FILE, environ, secrets(environ))
    values = reader.read()
    return _built(values, root), problems + reader.problems


def defaults(root: Path) -> Settings:
    """The settings of a project without `penstock.yaml`."""
    return _built({}, root)


def secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The secrets that the environment holds, by name: `PENSTOCK_SECRET_NAME`. An empty one counts as not set."""
    found = {name.removeprefix(SECRET): value for name, value in environ.items() if name.startswith(SECRET)}
    return {name: value for name, value in found.items() if name and value}


def _read(path: Path) -> tuple[bytes | None, list[Problem]]:
    """The bytes of a regular file, no more than one can have; None when there is none."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                return None, [Problem(FILE, 1, 1, codes.UNREADABLE_FILE, "it is not a regular file")]
            return opened.read(source.MAX_BYTES + 1), []
    except FileNotFoundError:
        return None, []
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        return None, [Problem(FILE, 1, 1, codes.UNREADABLE_FILE, f"the file cannot be read: {why}")]


def _built(values: Mapping[str, Any], root: Path) -> Settings:
    """Settings of the values that were given, by dotted name, and the defaults."""
    every = {**_DEFAULTS, **values}

    def section(name: str) -> dict[str, Any]:
        inner = {setting.key: every[setting.name] for setting in SECTIONS[name]}
        return {"from_" if key == "from" else key: value for key, value in inner.items()}

    return Settings(
        name=every["name"] or root.resolve().name or "penstock",
        store=every["store"],
        env=dict(every["env"]),
        http=Http(**section("http")),
        base_url=every["base_url"],
        cors=Cors(**section("cors")) if every["cors.origins"] else None,
        auth=every["auth"],
        errors=every["errors"],
        headers=every["headers"],
        content_type=every["content_type"],
        limits=Limits(**section("limits")),
        history=History(**section("history")),
        jobs=Jobs(**section("jobs")),
        mail=Mail(**section("mail")),
        json=Json(**section("json")),
        console=Console(**section("console")),
        environments=every["environments"],
    )
