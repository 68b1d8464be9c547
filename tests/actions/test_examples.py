"""Every example of every action is run, and answers what it says."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from penstock import registry
from penstock.registry import Example
from penstock.testing import run_steps

ALL = [
    pytest.param(example, id=f"{name}: {example.title}")
    for name, action in sorted(registry.load().items())
    for example in action.examples
]


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    """A server on the loopback that gives {"ok": true} at /json and says at /echo what it got."""
    started: list[str] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/json", _json)
        app.router.add_route("*", "/echo", _echo)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        started.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    assert ready.wait(10)
    yield started[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


async def _json(request: web.Request) -> web.Response:
    return web.json_response({"ok": True})


async def _echo(request: web.Request) -> web.Response:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return web.json_response({"method": request.method, "headers": headers, "body": await request.text()})


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    (folder / "samples.py").write_text("def double(x):\n    return x * 2\n")
    return folder


@pytest.mark.parametrize("example", ALL)
def test_an_example_answers_what_it_says(example: Example, upstream: str, functions: Path) -> None:
    result = run_steps(
        example.steps, example.params, env={"UPSTREAM": upstream}, functions=functions, allow=["127.0.0.1"]
    )
    assert result["error"] is None
    assert _plain(result["answer"]) == _plain(example.answer)


def test_every_action_has_an_example() -> None:
    assert [name for name, action in registry.load().items() if not action.examples] == []


def test_every_action_says_what_its_parameters_are() -> None:
    undocumented = [
        f"{action.name} {param.name}"
        for action in registry.load().values()
        for param in (*action.params.values(), *([action.value] if action.value else []))
        if not param.doc
    ]
    assert undocumented == []


def _plain(value: Any) -> Any:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
