"""Settings: what is read of penstock.yaml and the environment, and what is refused."""

import json
import os
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from penstock import expression, settings
from penstock.model import Map
from penstock.problem import CODES
from penstock.settings import SETTINGS, Settings
from penstock.validate import codes  # noqa: F401 - registers the codes that stand in files of every kind


def load(
    root: Path, text: str, environ: Mapping[str, str] | None = None
) -> tuple[Settings, list[tuple[str, int, int]]]:
    (root / "penstock.yaml").write_text(text)
    loaded, problems = settings.load(root, environ or {})
    assert all(problem.code in CODES and problem.file == "penstock.yaml" for problem in problems)
    return loaded, [(problem.code, problem.line, problem.column) for problem in problems]


def sound(root: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    loaded, problems = load(root, text, environ)
    assert problems == []
    return loaded


def test_defaults(tmp_path: Path) -> None:
    loaded, problems = settings.load(tmp_path, {})
    assert problems == []
    assert loaded == settings.defaults(tmp_path) == sound(tmp_path, "") == sound(tmp_path, "limits:\nname: null\n")
    assert loaded.name == tmp_path.name
    assert loaded.store == "sqlite:.penstock/data.db"
    assert loaded.http.timeout == 30.0
    assert loaded.limits.body == 1_000_000
    assert (loaded.limits.concurrency, loaded.limits.queue, loaded.limits.rate) == (256, 1024, None)
    assert (loaded.history.level, loaded.history.keep, loaded.history.keep_errors) == ("steps", 2592000.0, 7776000.0)
    assert loaded.history.max_size == 1_000_000_000
    assert loaded.cors is None
    assert loaded.errors is None
    assert loaded.env == {}
    with pytest.raises(FrozenInstanceError):
        loaded.name = "x"  # type: ignore[misc]


def test_everything(tmp_path: Path) -> None:
    text = """
name: shop
store: postgresql://app@db/shop
env: {REGION: eu, WORKERS: 4}
http: {allow: [10.1.0.0/16, search.internal, "::1", localhost:9200, "[::1]:80", "10.0.0.0/8:5432"], timeout: 5s}
base_url: https://api.example.com/
cors: {origins: [https://a.example], methods: [get], headers: [X-Key], credentials: true, max_age: 1h}
auth: {schemes: [Bearer, Token]}
errors: {body: {error: "{{ error.message }}"}, content_type: application/json, headers: {X-Code: "{{ error.code }}"},
  status: {invalid_params: 400}, messages: {required: "can't be blank"}}
headers: {X-Region: "{{ env.REGION }}"}
limits: {body: 2MB, concurrency: "{{ env.WORKERS * 8 }}", queue: 0, rate: 100/m, proxies: [10.0.0.0/8]}
history: {level: full, keep: 7d, keep_errors: 14d, max_size: 50MB}
jobs: {queues: {mail: 2}, max_depth: 5}
mail: {url: "smtp://app:{{ secrets.MAIL }}@mail:587", from: Shop <a@example.com>}
json: {decimals: number}
console: {enabled: false}
environments: {live: {url: https://x}}
"""
    loaded = sound(tmp_path, text, {"PENSTOCK_SECRET_MAIL": "hush"})
    assert loaded.name == "shop"
    assert loaded.http.allow == (
        "10.1.0.0/16",
        "search.internal",
        "::1",
        "localhost:9200",
        "[::1]:80",
        "10.0.0.0/8:5432",
    )
    assert loaded.base_url == "https://api.example.com"
    assert loaded.cors == settings.Cors(("https://a.example",), ("GET",), ("X-Key",), True, 3600.0)
    assert loaded.headers == {"X-Region": "eu"}
    assert (loaded.limits.concurrency, loaded.limits.queue, loaded.limits.rate) == (32, 0, (100, 60.0))
    assert loaded.mail == settings.Mail("smtp://app:hush@mail:587", "Shop <a@example.com>")
    assert loaded.environments == {"live": {"url": "https://x"}}
    assert loaded.errors is not None
    assert loaded.errors.status == {"invalid_params": 400}
    body = expression.compile_template(loaded.errors.body, ["error"]) if loaded.errors.body else None
    assert body is not None
    assert body({"message": "no"}) == {"error": "no"}


def test_variables_override_env_as_their_type(tmp_path: Path) -> None:
    text = "env: {A: a, B: 1, C: 1.5, D: false, E: null, F: [1], G: {x: 1}, H: h}"
    given = {"A": "1", "B": "2", "C": "2", "D": "yes", "E": "e", "F": "[2]", "G": '{"y": 2}'}
    loaded = sound(tmp_path, text, {f"PENSTOCK_ENV_{name}": value for name, value in given.items()})
    assert loaded.env == {"A": "1", "B": 2, "C": 2.0, "D": True, "E": "e", "F": [2], "G": {"y": 2}, "H": "h"}


@pytest.mark.parametrize(
    ("default", "given"),
    [
        ("1", "x"),
        ("1", "1.5"),
        ("1.5", "nan"),
        ("1.5", "many"),
        ("true", "2"),
        ("[1]", "{}"),
        ("{a: 1}", "[]"),
        ("[1]", "["),
    ],
)
def test_a_variable_of_another_type(tmp_path: Path, default: str, given: str) -> None:
    loaded, problems = load(tmp_path, f"env:\n  A: {default}", {"PENSTOCK_ENV_A": given})
    assert problems == [("bad-env", 2, 3)]
    assert "A" in loaded.env


def test_secrets() -> None:
    environ = {
        "PENSTOCK_SECRET_A": "x",
        "PENSTOCK_SECRET_": "y",
        "PENSTOCK_SECRET_B": "",
        "PENSTOCK_ENV_C": "z",
        "D": "w",
    }
    assert settings.secrets(environ) == {"A": "x"}


REFUSED: list[tuple[str, list[tuple[str, int, int]]]] = [
    ("nme: shop", [("unknown-key", 1, 1)]),
    ("limits: {bodi: 1MB}", [("unknown-key", 1, 10)]),
    ("limits.body: 1MB", [("unknown-key", 1, 1)]),
    ("auth: {shemes: [Bearer]}", [("unknown-key", 1, 8)]),
    ("limits: 5", [("wrong-type", 1, 9)]),
    ("limits: [5]", [("wrong-type", 1, 9)]),
    ("name: 5", [("wrong-type", 1, 7)]),
    ("name: ''", [("bad-value", 1, 7)]),
    ("store: mysql://x", [("bad-value", 1, 8)]),
    ("env: [A]", [("wrong-type", 1, 6)]),
    ("env: {1A: x}", [("bad-name", 1, 7)]),
    ('env: {A: "{{ secrets.X }}"}', [("bad-value", 1, 10)]),
    ("http: {allow: 10.0.0.0/8}", [("wrong-type", 1, 15)]),
    ("http: {allow: [10.0.0.0/33]}", [("bad-value", 1, 15)]),
    ("http: {allow: ['*.internal']}", [("bad-value", 1, 15)]),
    ("http: {allow: [https://x]}", [("bad-value", 1, 15)]),
    ("http: {timeout: 5}\nbase_url: x", [("bad-value", 2, 11)]),
    ("base_url: ftp://x", [("bad-value", 1, 11)]),
    ("base_url: 'https://'", [("bad-value", 1, 11)]),
    ("base_url: 'https://x:99999'", [("bad-value", 1, 11)]),
    ("base_url: 'https://a b'", [("bad-value", 1, 11)]),
    ("cors: {methods: [GET]}", [("missing-field", 1, 1)]),
    ("cors: {origins: [example.com]}", [("bad-value", 1, 17)]),
    ("cors: {origins: ['https://a.example/x']}", [("bad-value", 1, 17)]),
    ("cors: {origins: ['*'], credentials: true}", [("bad-value", 1, 37)]),
    ("limits: {body: 1MiB}", [("bad-value", 1, 16)]),
    ("limits: {concurrency: 0}", [("bad-value", 1, 23)]),
    ("limits: {concurrency: true}", [("wrong-type", 1, 23)]),
    ("limits: {concurrency: null}", [("wrong-type", 1, 23)]),
    ("limits: {rate: 10}", [("bad-value", 1, 16)]),
    ("limits: {proxies: [proxy.internal]}", [("bad-value", 1, 19)]),
    ("history: {level: step}", [("bad-value", 1, 18)]),
    ("history: {keep: soon, max_size: 1kB}", [("bad-value", 1, 17), ("bad-value", 1, 33)]),
    ("headers: {X-A: 1}", [("wrong-type", 1, 10)]),
    ('headers: {X-A: "a\\nb"}', [("bad-value", 1, 10)]),
    ("mail: {url: http://x}", [("bad-value", 1, 13)]),
    ("json: {decimals: float}", [("bad-value", 1, 18)]),
    ("console: {enabled: 1}", [("wrong-type", 1, 20)]),
    ("jobs: {queues: [a]}", [("wrong-type", 1, 16)]),
    ('base_url: "{{ env.BASE }}"', [("unknown-env", 1, 15)]),
    ('base_url: "{{ secrets.BASE }}"', [("unset-secret", 1, 15)]),
    ('base_url: "{{ params.x }}"', [("unknown-name", 1, 15)]),
    ('base_url: "{{ now() }}"', [("bad-value", 1, 11)]),
    ('base_url: "{{ env. }}"', [("expression-syntax", 1, 18)]),
    ('limits: {queue: "{{ 1 // 0 }}"}', [("failed-setting", 1, 17)]),
    ("a: &x 1", [("anchor", 1, 4), ("unknown-key", 1, 1)]),
    ("a: b: c", [("syntax", 1, 5)]),
    ("- a", [("not-a-mapping", 1, 1)]),
    ("errors: text", [("wrong-type", 1, 9)]),
    ("errors: {bodi: x}", [("unknown-key", 1, 10)]),
    ("errors: {status: {internal: 200}}", [("bad-value", 1, 29)]),
    ("errors: {status: {internal: '500'}}", [("bad-value", 1, 29)]),
    ("errors: {status: [400]}", [("wrong-type", 1, 18)]),
    ("errors: {messages: {required: 1}}", [("wrong-type", 1, 31)]),
    ("errors: {content_type: 1}", [("wrong-type", 1, 24)]),
    ('errors: {body: "{{ params.x }}"}', [("unknown-name", 1, 20)]),
    ('errors: {body: "{{ error.mesage }}"}', [("unknown-field", 1, 20)]),
    ('errors: {headers: {X: "{{ error. }}"}}', [("expression-syntax", 1, 32)]),
]


@pytest.mark.parametrize(("text", "found"), REFUSED)
def test_refused(tmp_path: Path, text: str, found: list[tuple[str, int, int]]) -> None:
    loaded, problems = load(tmp_path, text)
    assert problems == found
    assert isinstance(loaded, Settings)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("nme: x", "did you mean name?"),
        ("limits.body: 1MB", "nest it: limits: {body: …}"),
        ("decimals: text", "did you mean json.decimals?"),
        ("limits: {bodi: 1}", "did you mean body?"),
        ("history: {level: step}", "did you mean steps?"),
        ('env: {REGION: eu}\nbase_url: "{{ env.REGOIN }}"', "did you mean REGION?"),
        ('errors: {body: "{{ error.mesage }}"}', "did you mean message?"),
    ],
)
def test_did_you_mean(tmp_path: Path, text: str, hint: str) -> None:
    (tmp_path / "penstock.yaml").write_text(text)
    _, problems = settings.load(tmp_path, {})
    assert [problem.hint for problem in problems] == [hint]


def test_a_wrong_setting_keeps_its_default_and_the_others(tmp_path: Path) -> None:
    loaded, _ = load(tmp_path, "limits: {body: lots, queue: 7}\nname: shop")
    assert (loaded.limits.body, loaded.limits.queue, loaded.name) == (1_000_000, 7, "shop")


def test_a_secret_is_never_part_of_a_message(tmp_path: Path) -> None:
    text = 'store: "{{ secrets.S }}"\nhistory: {level: "{{ secrets.S }}"}\nlimits: {queue: "{{ int(secrets.S) }}"}\n'
    (tmp_path / "penstock.yaml").write_text(text)
    _, problems = settings.load(tmp_path, {"PENSTOCK_SECRET_S": "hush-hush"})
    assert len(problems) == 3
    assert all("hush" not in str(problem) for problem in problems)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "penstock.yaml")
    assert [problem.code for problem in settings.load(tmp_path, {})[1]] == ["unreadable-file"]
    (tmp_path / "penstock.yaml").unlink()
    (tmp_path / "penstock.yaml").mkdir()
    loaded, problems = settings.load(tmp_path, {})
    assert [problem.code for problem in problems] == ["unreadable-file"]
    assert loaded == settings.defaults(tmp_path)


def test_the_shape_of_errors_keeps_what_is_sound() -> None:
    raw = Map()
    raw["status"] = {"invalid_params": 400, "internal": "x"}
    raw.values_at["status"] = raw.mark
    shape, problems = settings.error_shape(raw, raw.mark, "workflows.d/a.yaml")
    assert shape.status == {"invalid_params": 400}
    assert [(problem.file, problem.code, problem.path) for problem in problems] == [
        ("workflows.d/a.yaml", "bad-value", "errors.status.internal")
    ]


def test_every_setting_is_in_the_table_and_has_a_field(tmp_path: Path) -> None:
    names: list[str] = []
    loaded: Any = settings.defaults(tmp_path)
    classes = {"http", "limits", "history", "jobs", "mail", "json", "console"}
    for item in fields(loaded):
        inner = getattr(loaded, item.name)
        assert is_dataclass(inner) == (item.name in classes)
        names += (
            [f"{item.name}.{part.name.rstrip('_')}" for part in fields(inner)] if item.name in classes else [item.name]
        )
    names.remove("cors")
    names += [f"cors.{part.name}" for part in fields(settings.Cors)]
    assert sorted(names) == sorted(setting.name for setting in SETTINGS)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: str(setting.name))
def test_examples_and_help(setting: settings.Setting) -> None:
    assert setting.help.endswith(".")
    if setting.example is not None and setting.kind != "errors":
        setting.convert(setting.example)


words = st.sampled_from(
    ["", "x", "{{ env.A }}", "{{ secrets.B }}", "{{", "5s", "1MB", "*", "10/s", "https://a", "é", "a" * 300]
)
nonsense = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    [*(setting.name for setting in SETTINGS), *settings.SECTIONS, "errors.body", "errors.status", "env.A"]
)


@bounded(max_examples=200, deadline=None)
@given(st.dictionaries(names, nonsense, min_size=1, max_size=4))
def test_nonsense_is_a_problem_and_never_an_exception(given: dict[str, Any]) -> None:
    raw: dict[str, Any] = {}
    for name, value in given.items():
        section, _, key = name.rpartition(".")
        if not section:
            raw[name] = value
        elif isinstance(raw.setdefault(section, {}), dict):
            raw[section][key] = value
    with TemporaryDirectory() as folder:
        (Path(folder) / "penstock.yaml").write_text(json.dumps(raw, ensure_ascii=False))
        loaded, problems = settings.load(Path(folder), {"PENSTOCK_ENV_A": "x"})
    assert isinstance(loaded, Settings)
    assert all(problem.message and problem.code in CODES for problem in problems)
