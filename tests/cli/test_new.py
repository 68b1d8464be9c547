"""`penstock new`: what it writes validates at once."""

from pathlib import Path

import pytest
from tests.cli.console import Run


@pytest.fixture
def project(inside: Run) -> None:
    inside("init")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (("endpoint", "get", "/orders"), "get_orders"),
        (("endpoint", "POST", "/orders"), "post_orders"),
        (("endpoint", "PUT", "/orders/{id:int}/lines/{title}"), "put_orders_id_lines_title"),
        (("endpoint", "DELETE", "/files/{path:path}"), "delete_files_path"),
        (("endpoint", "GET", "/things/{key:uuid}"), "get_things_key"),
        (("endpoint", "GET", "/"), "get"),
        (("workflow", "send_welcome"), "send_welcome"),
        (("middleware", "read_only"), "read_only"),
    ],
)
def test_what_is_written_validates(inside: Run, tmp_path: Path, arguments: tuple[str, ...], file: str) -> None:
    result = inside("new", *arguments)
    assert (result.returncode, result.stdout) == (0, f"wrote workflows.d/{file}.yaml\n"), result.stderr
    checked = inside("validate")
    assert (checked.returncode, checked.stdout.count("\n")) == (0, 1), checked.stdout
    again = inside("new", *arguments)
    assert again.returncode == 1
    assert "exists already" in again.stderr


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "arguments",
    [
        ("endpoint", "GET", "orders"),
        ("endpoint", "GET", "/-/mine"),
        ("endpoint", "GET", "/orders/{Id}"),
        ("endpoint", "FETCH", "/orders"),
        ("workflow", "Not-a-name"),
        ("middleware", "a" * 64),
    ],
)
def test_wrong_names_are_wrong_use(inside: Run, arguments: tuple[str, ...]) -> None:
    assert inside("new", *arguments).returncode == 2


def test_new_needs_a_project(inside: Run) -> None:
    assert inside("new", "workflow", "nightly").returncode == 2


@pytest.mark.usefixtures("project")
def test_what_another_file_has_already_is_not_written(inside: Run, tmp_path: Path) -> None:
    route = inside("new", "endpoint", "GET", "/hello/{who}")
    assert route.returncode == 1
    assert "workflows.d/hello.yaml has GET /hello/{name} already" in route.stderr
    name = inside("new", "workflow", "get_hello_name")
    assert name.returncode == 1
    assert "the endpoint of workflows.d/hello.yaml has the name get_hello_name already" in name.stderr
    assert [path.name for path in (tmp_path / "workflows.d").iterdir()] == ["hello.yaml"]
    assert inside("new", "endpoint", "POST", "/hello/{who}").returncode == 0
