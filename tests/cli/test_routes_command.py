"""`penstock routes`: a table in a pipe and JSON."""

import json

from tests.cli.console import Run


def test_routes_are_listed_by_path(penstock: Run) -> None:
    penstock("init", "--template", "crud")
    result = penstock("routes")
    assert result.returncode == 0
    assert [line.split("\t")[:3] for line in result.stdout.splitlines()] == [
        ["GET", "/notes", "get_notes"],
        ["POST", "/notes", "post_notes"],
        ["DELETE", "/notes/{id:int}", "delete_notes_id"],
        ["GET", "/notes/{id:int}", "get_notes_id"],
        ["PATCH", "/notes/{id:int}", "patch_notes_id"],
    ]


def test_routes_as_json(penstock: Run) -> None:
    penstock("init")
    (route,) = json.loads(penstock("routes", "--json").stdout)
    assert (route["method"], route["path"], route["access"]) == ("GET", "/hello/{name}", "public")
    assert route["file"] == "workflows.d/hello.yaml"
