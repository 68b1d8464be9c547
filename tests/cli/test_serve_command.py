"""`penstock serve` and `dev`: real servers that answer, reload and stop."""

import hashlib
import hmac
import json
import time
from pathlib import Path

import pytest
from tests.cli.console import Run, Serve, ask


@pytest.mark.parametrize("name", ["serve", "dev"])
def test_a_new_project_answers(inside: Run, serving: Serve, name: str) -> None:
    inside("init")
    url = serving(name)
    status, body = ask(f"{url}/hello/Ada?loud=true")
    assert (status, body["message"]) == (200, "HELLO, ADA!")
    assert ask(f"{url}/-/health")[0] == 200


def test_dev_follows_the_files(inside: Run, serving: Serve, tmp_path: Path) -> None:
    inside("init")
    url = serving("dev")
    path = tmp_path / "workflows.d/hello.yaml"
    path.write_text(path.read_text().replace("Hello,", "Good day,"))
    deadline = time.monotonic() + 10
    while not (message := ask(f"{url}/hello/Ada")[1]["message"]).startswith("Good day") and time.monotonic() < deadline:
        pass
    assert message == "Good day, Ada!"


def test_serve_refuses_problems(inside: Run, penstock: Run, tmp_path: Path) -> None:
    inside("init")
    (tmp_path / "workflows.d/bad.yaml").write_text("endpoint: GET /bad\nstep: []\n")
    result = penstock("serve", "--port", "0")
    assert result.returncode == 1
    assert "workflows.d/bad.yaml:" in result.stdout + result.stderr


def test_the_crud_template_works(inside: Run, serving: Serve) -> None:
    inside("init", "--template", "crud")
    url = serving("serve")
    assert ask(f"{url}/notes", {"title": "Milk"}) == (201, {"id": 1, "title": "Milk", "text": None})
    assert ask(f"{url}/notes/1") == (200, {"id": 1, "title": "Milk", "text": None})
    assert ask(f"{url}/notes") == (200, {"items": [{"id": 1, "title": "Milk", "text": None}], "next": 1})
    assert ask(f"{url}/notes/2")[1]["code"] == "not_found"
    assert ask(f"{url}/notes", {"title": ""})[0] == 422


def test_the_auth_template_works(inside: Run, serving: Serve) -> None:
    inside("init", "--template", "auth")
    url = serving("serve", PENSTOCK_SECRET_ADMIN_PASSWORD="a good password", PENSTOCK_SECRET_JWT_KEY="k" * 64)
    assert ask(f"{url}/me")[0] == 401
    assert ask(f"{url}/login", {"email": "admin@example.com", "password": "wrong"})[0] == 401
    status, body = ask(f"{url}/login", {"email": "admin@example.com", "password": "a good password"})
    assert status == 200
    assert ask(f"{url}/me", X_Token=body["token"]) == (200, {"email": "admin@example.com", "roles": ["admin"]})
    assert ask(f"{url}/me", X_Token=body["token"] + "x")[0] == 401


def test_the_webhook_template_works(inside: Run, serving: Serve) -> None:
    inside("init", "--template", "webhook")
    url = serving("serve", PENSTOCK_SECRET_WEBHOOK_KEY="the shared secret")
    event = {"type": "order.paid", "order": "A-1"}
    stamp = str(int(time.time()))
    signature = hmac.new(b"the shared secret", f"{stamp}.{json.dumps(event)}".encode(), hashlib.sha256).hexdigest()
    assert ask(f"{url}/hooks/orders", event, X_Timestamp=stamp, X_Signature=signature) == (202, {"received": True})
    assert ask(f"{url}/hooks/orders", event, X_Timestamp=stamp, X_Signature="0" * 64)[0] == 401
    assert ask(f"{url}/hooks/orders", event, X_Timestamp="1", X_Signature=signature)[0] == 401
