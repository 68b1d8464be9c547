"""Defaults merged into the endpoints below them."""

from pathlib import Path

import pytest

from penstock.model import Document
from penstock.validate import codes
from penstock.validate.project import Project
from tests.validate.folder import load

OUTER = """
defaults: api
security: {access: authenticated, middleware: [tenant]}
headers: {X-Api: "2", X-Outer: a}
tags: [api]
timeout: 10s
strict: true
limits: {body: 5MB}
history: {level: runs}
"""
INNER = "defaults: inner\nsecurity: {middleware: [audit]}\nheaders: {X-Api: '3'}\ntags: [inner]\n"
TENANT = "middleware: tenant\nsteps: [{return: 1}]\n"
AUDIT = "middleware: audit\nsteps: [{return: 1}]\n"
OWN = """
endpoint: GET /a
security: {middleware: [own]}
headers: {X-Own: "1"}
tags: [a]
limits: {body: 1MB}
steps: [{respond: ok}]
"""


def project(tmp_path: Path, endpoint: str) -> Project:
    return load(
        tmp_path,
        {
            "workflows.d/api/defaults.yaml": OUTER,
            "workflows.d/api/inner/defaults.yaml": INNER,
            "workflows.d/api/inner/a.yaml": endpoint,
            "tenant.yaml": TENANT,
            "audit.yaml": AUDIT,
            "own.yaml": "middleware: own\nsteps: [{return: 1}]\n",
        },
    )


def the_endpoint(loaded: Project) -> Document:
    return next(item for item in loaded.documents if item.kind == "endpoint")


def test_lists_join_outer_first_and_own_keys_win(tmp_path: Path) -> None:
    loaded = project(tmp_path, OWN)
    assert loaded.problems == ()
    document = the_endpoint(loaded)
    assert [name for name, _ in document.security.middleware] == ["tenant", "audit", "own"]
    assert document.tags == ("api", "inner", "a")
    assert {name: template.value for name, template in document.headers.items()} == {
        "X-Api": "3",
        "X-Outer": "a",
        "X-Own": "1",
    }
    assert document.timeout == 10.0
    assert document.strict
    assert document.body_limit == 1_000_000
    assert document.history_level == "runs"
    assert document.security.access == "authenticated"


def test_the_merged_data_holds_what_is_inherited(tmp_path: Path) -> None:
    raw = the_endpoint(project(tmp_path, OWN)).raw
    assert raw["history"] == {"level": "runs"}
    assert raw["limits"] == {"body": "1MB"}
    assert raw["security"]["middleware"] == ["tenant", "audit", "own"]
    assert raw["endpoint"] == "GET /a"
    assert "defaults" not in raw


def test_strict_may_be_turned_off_by_the_file_itself(tmp_path: Path) -> None:
    assert not the_endpoint(project(tmp_path, OWN + "strict: false\n")).strict


@pytest.mark.parametrize(
    ("outer", "own", "access", "widened"),
    [
        (None, None, "authenticated", False),
        (None, "public", "public", False),
        ("admin", None, "admin", False),
        ("authenticated", "admin", "admin", False),
        ("public", None, "authenticated", False),
        ("public", "public", "public", False),
        ("authenticated", "public", "authenticated", True),
        ("admin", "authenticated", "admin", True),
    ],
)
def test_access_is_only_narrowed(
    tmp_path: Path, outer: str | None, own: str | None, access: str, widened: bool
) -> None:
    files = {"a.yaml": "endpoint: GET /a\nsteps: [{respond: ok}]\n", "defaults.yaml": "defaults: all\n"}
    if outer:
        files["defaults.yaml"] += f"security: {{access: {outer}}}\n"
    if own:
        files["a.yaml"] += f"security: {{access: {own}}}\n"
    loaded = load(tmp_path, files)
    assert the_endpoint(loaded).security.access == access
    assert (codes.WIDENED_ACCESS in [problem.code for problem in loaded.problems]) == widened


def test_roles_are_narrowed_too(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        {
            "defaults.yaml": "defaults: all\nsecurity: {roles: {any: [owner, staff], all: [paid]}}\n",
            "a.yaml": "endpoint: GET /a\nsecurity: {roles: {any: [staff], all: [adult]}}\nsteps: [{respond: ok}]\n",
        },
    )
    assert loaded.problems == ()
    security = the_endpoint(loaded).security
    assert security.roles_any == ("staff",)
    assert security.roles_all == ("paid", "adult")


def test_defaults_hold_for_their_folder_only(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        {
            "workflows.d/api/defaults.yaml": "defaults: api\ntags: [api]\n",
            "workflows.d/apis/a.yaml": "endpoint: GET /a\nsteps: [{respond: ok}]\n",
        },
    )
    assert the_endpoint(loaded).tags == ()
