"""Kinds: the schema of each kind of file, and of the settings."""

from collections.abc import Callable, Mapping
from typing import Any

from penstock.registry import Action
from penstock.settings.table import SECTIONS, SETTINGS, TOP, Setting
from penstock.spec.params import PARAMETERS, parameter
from penstock.spec.steps import WORKFLOW_RETRY, definitions
from penstock.spec.values import BINDING, DURATION, NAME, SHARED, SIZE, STEPS, Schema, any_of

DRAFT = "http://json-schema.org/draft-07/schema#"
TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
MAPPING: Schema = {"type": "object"}
CONDITION: Schema = {"type": ["string", "boolean"]}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ROUTE = f"^({'|'.join(METHODS)}) +/"
RATE = r"^ *[0-9]+ ?/ ?[0-9]*(ms|[smhd]) *$"


def _shape(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """A mapping of these keys and no others; a trailing underscore is dropped."""
    return _closed({name.rstrip("_"): item for name, item in properties.items()}, required)


def _closed(properties: Mapping[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def _said(text: str, schema: Schema) -> Schema:
    return {"description": text, "allOf": [schema]} if "$ref" in schema else {"description": text, **schema}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _table(**more: Schema) -> Schema:
    return {"type": "object", "properties": dict(more)}


LEVEL: Schema = {"enum": ["off", "runs", "steps", "full"]}
ROLES = _shape(any=TEXTS, all=TEXTS)
SIGNATURE = _shape(
    required=("scheme", "secret"),
    scheme={"enum": ["github", "stripe", "slack", "standard", "hmac"]},
    secret=any_of([TEXT, TEXTS]),
    tolerance=DURATION,
    header=TEXT,
    prefix=TEXT,
    encoding={"enum": ["hex", "base64"]},
    algorithm=TEXT,
)
SECURITY = _shape(
    access=_said("Who may call; left out: authenticated", {"enum": ["public", "authenticated", "admin"]}),
    roles=_said("Roles of which the caller has any, or all", ROLES),
    signature=_said("How the sender signs the body", SIGNATURE),
    middleware=_said("Middleware, run in this order before the parameters are checked", TEXTS),
)
ERRORS = _shape(
    body=_said("The form of the body, over error", {}),
    content_type=TEXT,
    headers=MAPPING,
    status=_said("Statuses of codes", _map({"type": "integer", "minimum": 400, "maximum": 599})),
    messages=_said("Texts of rules", _map(TEXT)),
)
ABOUT: Mapping[str, Schema] = {
    "summary": _said("One line on what it is", TEXT),
    "description": _said("More on it, in Markdown", TEXT),
}
TAGS = _said("Tags of the API's documentation", TEXTS)
HEADERS = _said("Headers of every answer", MAPPING)
CONTENT_TYPE = _said("The media type of answers", TEXT)
TIMEOUT = _said("How long a run may take", DURATION)
HISTORY = _said("What the history keeps", _shape(level=LEVEL))
COMMON: Mapping[str, Schema] = {
    "security": _said("Who may call", SECURITY),
    "timeout": TIMEOUT,
    "strict": _said("Refuse what is not declared", {"type": "boolean"}),
    "idempotency": _said("Answer a repeated Idempotency-Key with the first answer", {"type": "boolean"}),
    "limits": _said("What a caller may send", _shape(rate=TEXT, body=SIZE)),
    "history": HISTORY,
    "errors": _said("The form of error answers", ERRORS),
    "headers": HEADERS,
    "content_type": CONTENT_TYPE,
}
PARAMS = _said("Parameters by name", {"$ref": "#/definitions/parameters"})


def _endpoint() -> Schema:
    return _shape(
        ("endpoint", "steps"),
        endpoint=_said(
            "METHOD /path, with {name} and {name:int|uuid|path}",
            {"type": "string", "pattern": ROUTE},
        ),
        name=_said("Its name; left out: made of method and path", {"type": "string", "pattern": NAME}),
        **ABOUT,
        tags=TAGS,
        params=PARAMS,
        steps=STEPS,
        responses=_said("Schemas of answers by status", _map(MAPPING)),
        **COMMON,
    )


def _workflow() -> Schema:
    schedule = _shape(
        cron=TEXT,
        every=DURATION,
        timezone=TEXT,
        catch_up={"enum": ["none", "last", "all"]},
        with_=MAPPING,
    )
    schedule["anyOf"] = [{"required": ["cron"]}, {"required": ["every"]}]
    schedule["not"] = {"required": ["cron", "every"]}
    change: Schema = {"type": "array", "items": {"enum": ["insert", "update", "delete"]}}
    mode = _shape(
        ("kind",),
        kind={"enum": ["parallel", "single", "restart", "queued"]},
        key={},
        max={"type": "integer", "minimum": 1},
    )
    return _shape(
        ("workflow", "steps"),
        workflow=_said("Its name", {"type": "string", "pattern": NAME}),
        **ABOUT,
        tags=TAGS,
        params=PARAMS,
        steps=STEPS,
        schedule=_said("When it runs by itself", schedule),
        watch=_said(
            "Changes of a table that it runs on", _shape(("table",), table=TEXT, change=change, when=CONDITION)
        ),
        retry=_said("Further tries of a failed run", WORKFLOW_RETRY),
        timeout=TIMEOUT,
        on_failure=_said("A workflow that runs after the last try", {"type": "string", "pattern": NAME}),
        mode=_said("How runs stand to each other", mode),
        history=HISTORY,
    )


def _middleware() -> Schema:
    return _shape(
        ("middleware",),
        middleware=_said("Its name", {"type": "string", "pattern": NAME}),
        **ABOUT,
        params=PARAMS,
        steps=STEPS,
        headers=_said("Headers added to the endpoint's answer", MAPPING),
        content_type=CONTENT_TYPE,
    )


COLUMN_TYPES = [
    "string",
    "text",
    "integer",
    "number",
    "decimal",
    "boolean",
    "date",
    "datetime",
    "uuid",
    "json",
    "bytes",
    "ref",
]


def _tables() -> Schema:
    flag: Schema = {"type": "boolean"}
    column = _table(
        type={"enum": COLUMN_TYPES},
        primary=flag,
        optional=flag,
        unique=flag,
        ignore_case=flag,
        secret=flag,
        table=TEXT,
        on_delete={"enum": ["cascade", "restrict", "set_null"]},
        renamed_from=TEXT,
    )
    names: Schema = {"type": "array", "items": TEXTS}
    view = _shape(fields=any_of([TEXTS, MAPPING]), include=any_of([TEXTS, MAPPING]))
    can: Schema = {"type": "array", "items": {"enum": ["read", "insert", "update", "delete"]}}
    rule = _shape(
        ("to", "can"),
        to=any_of([TEXT, ROLES]),
        can=can,
        where=any_of([MAPPING, TEXT]),
        hide=TEXTS,
    )
    return _shape(
        ("table",),
        table=_said("Its name, here and in the database", {"type": "string", "pattern": NAME}),
        **ABOUT,
        columns=_said("Columns by name", _map(any_of([{"enum": COLUMN_TYPES}, column]))),
        primary=_said("The columns of a key of several", TEXTS),
        unique=_said("Columns that are unique together", names),
        checks=_said("Expressions over the columns of a row that must hold", {"type": "array", "items": CONDITION}),
        indexes=_said("Columns that are searched together", names),
        rows=_said("Rows that are inserted when their key is absent", {"type": "array", "items": MAPPING}),
        views=_said("Named forms of a row", _map(view)),
        renamed_from=_said("The name that it had before", TEXT),
        row_rules=_said("Who may do what with which rows", {"type": "array", "items": rule}),
    )


def _defaults() -> Schema:
    return _shape(("defaults",), defaults=_said("What the files of the folder are", TEXT), **ABOUT, tags=TAGS, **COMMON)


def _test() -> Schema:
    rows = _map({"type": "array", "items": MAPPING})
    expect = _shape(
        status={"type": "integer"},
        headers=MAPPING,
        body={},
        body_is={},
        tables=rows,
        steps=_map(MAPPING),
        jobs={"type": "array", "items": MAPPING},
        mails={"type": "array", "items": MAPPING},
    )
    case = _shape(
        name=TEXT,
        as_=_said("The caller; left out: anonymous", MAPPING),
        tables=_said("Rows before", rows),
        params=MAPPING,
        request=_said("The request itself", _shape(headers=MAPPING, query=MAPPING, body={}, raw={})),
        steps=_said("Several requests in a row", {"type": "array", "items": {"$ref": "#/definitions/case"}}),
        mocks=_said("Results by step id or URL", MAPPING),
        now=_said("The time", TEXT),
        expect=_said("What must come of it", expect),
    )
    schema = _shape(
        ("test", "cases"),
        test=_said("What is tested, by name", TEXT),
        **ABOUT,
        cases={"type": "array", "items": {"$ref": "#/definitions/case"}},
    )
    return {**schema, "definitions": {"case": case}}


def _settings() -> Schema:
    properties: dict[str, Schema] = {}
    for name in TOP:
        inner = SECTIONS.get(name)
        if inner is None:
            properties[name] = _setting(next(item for item in SETTINGS if item.name == name))
        else:
            properties[name] = any_of([_closed({item.key: _setting(item) for item in inner}), {"type": "null"}])
    return _closed(properties)


_SETTING: Mapping[str, Callable[[Setting], list[Schema]]] = {
    "text": lambda _: [TEXT],
    "bool": lambda _: [{"type": "boolean"}],
    "integer": lambda setting: [{"type": "integer", "minimum": setting.least}],
    "duration": lambda _: [DURATION],
    "size": lambda _: [SIZE],
    "rate": lambda _: [{"type": "string", "pattern": RATE}],
    "choice": lambda setting: [{"enum": list(setting.words)}],
    "texts": lambda _: [TEXTS],
    "mapping": lambda setting: [_closed({key: {} for key in setting.words}) if setting.words else MAPPING],
    "headers": lambda _: [_map(TEXT)],
    "env": lambda _: [MAPPING],
    "errors": lambda _: [ERRORS],
}


def _setting(setting: Setting) -> Schema:
    found = _SETTING[setting.kind](setting)
    if setting.kind not in ("text", "env", "errors"):
        found.append(BINDING)
    if setting.default is None:
        found.append({"type": "null"})
    shown: Schema = {} if setting.default in (None, [], {}) else {"default": setting.default}
    return {**_said(setting.help, any_of(found)), **shown}


_KINDS: Mapping[str, tuple[Callable[[], Schema], bool]] = {
    "endpoint": (_endpoint, True),
    "workflow": (_workflow, True),
    "middleware": (_middleware, True),
    "table": (_tables, False),
    "defaults": (_defaults, False),
    "test": (_test, False),
    "settings": (_settings, False),
}
"""Kind → its schema, and whether it has parameters and steps."""

KINDS = tuple(_KINDS)


def file_schema(kind: str, actions: Mapping[str, Action]) -> Schema:
    """The whole schema of a kind of file, as editors read it."""
    make, running = _KINDS[kind]
    schema = make()
    shared: dict[str, Any] = (
        {**definitions(actions), "parameters": PARAMETERS, "parameter": parameter()} if running else dict(SHARED)
    )
    title = "Penstock settings" if kind == "settings" else f"Penstock {kind}"
    return {"$schema": DRAFT, "title": title, **schema, "definitions": {**shared, **schema.get("definitions", {})}}


def outline(kind: str) -> Schema:
    """The schema of a file's own keys; its steps and parameters are looked at no closer than being such."""
    make, _ = _KINDS[kind]
    schema = make()
    shallow: dict[str, Schema] = {**SHARED, "steps": {"type": "array"}, "parameters": {"type": "object"}}
    return {**schema, "definitions": {**shallow, **schema.get("definitions", {})}}
