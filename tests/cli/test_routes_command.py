"""`penstock routes`: a table in a pipe and JSON."""

import json

from tests.cli.console import Run


def test_routes_are_listed_by_path(inside: Run) -> None:
    inside("init", "--template", "crud")
    result = inside("routes")
    assert result.returncode == 0
    assert [line.split("\t")[:3] for line in result.stdout.splitlines()] == [
        ["GET", "/notes", "get_notes"],
        ["POST", "/notes", "post_notes"],
        ["DELETE", "/notes/{id:int}", "delete_notes_id"],
        ["GET", "/notes/{id:int}", "get_notes_id"],
        ["PATCH", "/notes/{id:int}", "patch_notes_id"],
    ]


def test_routes_as_json(inside: Run) -> None:
    inside("init")
    (route,) = json.loads(inside("routes", "--json").stdout)
    assert (route["method"], route["path"], route["access"]) == ("GET", "/hello/{name}", "public")
    assert route["file"] == "workflows.d/hello.yaml"
