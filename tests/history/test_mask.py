"""Secrets are covered in every form in which they are written."""

import base64
import html
import json
import re
import sqlite3
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.history import query
from penstock.history.mask import COVER, Mask
from penstock.history.store import History
from tests.history.support import clock, history, record

SECRET = 'p/ä"\\ss+w?rd 🔑'
FORMS = {
    "plain": SECRET,
    "json": json.dumps(SECRET),
    "json, unicode kept": json.dumps(SECRET, ensure_ascii=False),
    "json in json": json.dumps(json.dumps({"key": SECRET})),
    "url": urllib.parse.quote(SECRET),
    "url, all": urllib.parse.quote(SECRET, safe=""),
    "url, lower": re.sub("%..", lambda found: found[0].lower(), urllib.parse.quote(SECRET, safe="")),
    "form": urllib.parse.urlencode({"key": SECRET}),
    "hex": SECRET.encode().hex(),
    "HEX": SECRET.encode().hex().upper(),
    "html": html.escape(SECRET),
    **{f"base64 at {n}": base64.b64encode(b"x" * n + SECRET.encode() + b"tail").decode() for n in range(4)},
    **{f"base64url at {n}": base64.urlsafe_b64encode(b"x" * n + SECRET.encode()).decode() for n in range(4)},
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_covered(name: str) -> None:
    covered = Mask([SECRET]).cover(f"before {FORMS[name]} after")
    assert COVER in covered
    assert covered.startswith("before ") and covered.endswith(" after")
    core = FORMS[name].strip("\"'=")
    assert core[6:-6] not in covered


@pytest.mark.parametrize("where", ["params", "answer", "step", "caller", "path", "key"])
@pytest.mark.parametrize("own", [False, True], ids=["of the process", "of the run"])
def test_the_file_never_holds_a_secret(tmp_path: Path, where: str, own: bool) -> None:
    time = clock()

    async def body(opened: History) -> None:
        for form in FORMS.values():
            value: Any = {form: 1} if where == "key" else form if where in ("caller", "path") else {"deep": [form]}
            made = record(opened, time, **{"params" if where == "key" else where: value})
            made.secrets = (SECRET,) if own else ()
            opened.finish(made)
        await opened.flush()
        runs = await query.list_runs(tmp_path / "runs.db")
        assert len(runs) == len(FORMS)
        assert all(COVER in json.dumps(run.view(), ensure_ascii=False) for run in runs)

    history(tmp_path / "runs.db", time, body, secrets=() if own else (SECRET,))
    data = "".join(row[0] for row in sqlite_rows(tmp_path / "runs.db", "SELECT data FROM runs"))
    assert not Mask([SECRET]).found(data.encode())


def test_numbers_and_bytes_are_covered_and_the_row_stays_json(tmp_path: Path) -> None:
    time = clock()

    async def body(opened: History) -> None:
        made = record(opened, time, params={"pin": 12345678, "raw": b"x12345678y", "near": 123456789.5, "fine": 7})
        made.secrets = ("12345678",)
        opened.finish(made)
        opened.finish(record(opened, time, step=[1, 2, 12345678]))
        await opened.flush()
        last, one = await query.list_runs(tmp_path / "runs.db")
        assert one.params == {"pin": COVER, "raw": {"bytes": 10}, "near": f"{COVER}9.5", "fine": 7}
        assert last.steps[0].output == [1, 2, COVER]

    history(tmp_path / "runs.db", time, body, secrets=("12345678",))


def test_short_values_are_left_alone() -> None:
    mask = Mask(["12345", ""])
    assert not mask
    assert mask.cover("12345") == "12345"


@settings(max_examples=60)
@given(st.text(min_size=6, max_size=20), st.text(max_size=9), st.text(max_size=9))
def test_any_secret_is_found_in_json(secret: str, before: str, after: str) -> None:
    mask = Mask([secret])
    written = secret.encode("utf-8", "replace").decode()
    text = json.dumps({"a": before.encode("utf-8", "replace").decode() + written}, ensure_ascii=False)
    assert mask.found(text.encode())
    assert secret not in mask.cover(before + written + after) or secret in COVER


def sqlite_rows(path: Path, sql: str) -> list[Any]:
    db = sqlite3.connect(path)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()
