"""Reload: what a folder says is what is served; what is broken is not."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from penstock.watch import changes
from tests.support import Live, live, read_reply, request, write


def version(number: int) -> str:
    return (
        "endpoint: GET /version\nsecurity: {access: public}\nsteps:\n"
        f'  - set: {{a: {number}}}\n  - respond: {{a: "{{{{ vars.a }}}}", b: {number}}}\n'
    )


def test_a_changed_file_is_served_and_a_broken_one_is_not() -> None:
    async def body(project: Live) -> None:
        file = project.root / "workflows.d" / "version.yaml"
        assert (await project.ask("GET", "/version")).json == {"a": 1, "b": 1}
        file.write_text(version(2))
        assert not project.app.reload().errors
        assert (await project.ask("GET", "/version")).json == {"a": 2, "b": 2}
        file.write_text(version(3).replace("vars.a", "vars.c"))
        problems = project.app.reload().errors
        assert [(problem.file, problem.line) for problem in problems] == [("workflows.d/version.yaml", 5)]
        assert (await project.ask("GET", "/version")).json == {"a": 2, "b": 2}
        file.write_text(version(4))
        assert not project.app.reload().errors
        assert (await project.ask("GET", "/version")).json == {"a": 4, "b": 4}
        file.unlink()
        project.app.reload()
        assert (await project.ask("GET", "/version")).status == 404

    live({"version.yaml": version(1)}, body)


def test_runs_in_flight_keep_their_snapshot() -> None:
    slow = version(1).replace("steps:\n", "steps:\n  - wait: 50ms\n")

    async def body(project: Live) -> None:
        asked = asyncio.ensure_future(project.ask("GET", "/version"))
        server = project.app.server
        assert server is not None
        while not server.active:
            await asyncio.sleep(0)
        write(project.root, {"workflows.d/version.yaml": version(2)})
        project.app.reload()
        assert (await project.ask("GET", "/version")).json == {"a": 2, "b": 2}
        assert (await asked).json == {"a": 1, "b": 1}

    live({"version.yaml": slow}, body)


def test_reloads_under_requests_never_mix_versions() -> None:
    async def body(project: Live) -> None:
        stop = False
        answers = 0

        async def ask() -> None:
            nonlocal answers
            reader, writer = await project.connect()
            while not stop:
                writer.write(request("GET", "/version"))
                reply = await read_reply(reader)
                assert reply.status == 200
                assert reply.json["a"] == reply.json["b"]
                answers += 1
            writer.close()

        clients = [asyncio.ensure_future(ask()) for _ in range(8)]
        file = project.root / "workflows.d" / "version.yaml"
        for number in range(100):
            file.write_text(version(number))
            assert not project.app.reload().errors
            await asyncio.sleep(0)
        stop = True
        await asyncio.gather(*clients)
        assert answers > 100

    live({"version.yaml": version(0)}, body)


@contextlib.asynccontextmanager
async def watched(project: Live, poll: bool) -> AsyncIterator[asyncio.Queue[None]]:
    """The bursts that the watcher sees, as a queue; entered when it is surely watching."""
    seen: asyncio.Queue[None] = asyncio.Queue()

    async def follow() -> None:
        async for _ in changes(project.root, poll=poll):
            seen.put_nowait(None)

    task = asyncio.ensure_future(follow())
    probe = project.root / "workflows.d" / "probe.txt"
    try:
        for number in range(100):
            probe.write_text(str(number))
            try:
                await asyncio.wait_for(seen.get(), 0.2)
                break
            except TimeoutError:
                continue
        else:
            raise AssertionError("the watcher saw nothing")
        with contextlib.suppress(TimeoutError):
            while True:
                await asyncio.wait_for(seen.get(), 0.3)
        yield seen
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("poll", [False, True])
def test_the_watcher_sees_every_way_of_changing(poll: bool) -> None:
    async def body(project: Live) -> None:
        folder = project.root / "workflows.d"
        async with watched(project, poll) as seen:

            async def settle() -> int:
                bursts = 0
                await asyncio.wait_for(seen.get(), 5)
                bursts += 1
                with contextlib.suppress(TimeoutError):
                    while True:
                        await asyncio.wait_for(seen.get(), 0.4)
                        bursts += 1
                return bursts

            temporary = folder / "version.yaml.tmp"
            temporary.write_text(version(2))
            temporary.rename(folder / "version.yaml")
            assert await settle() <= 2
            for number in range(100):
                (folder / f"f{number}.yaml").write_text(version(1).replace("/version", f"/v{number}"))
            assert await settle() <= 3
            (folder / "new").mkdir()
            (folder / "new" / "deep.yaml").write_text(version(5).replace("/version", "/deep"))
            await settle()
            shutil.rmtree(folder)
            await settle()
            folder.mkdir()
            (folder / "version.yaml").write_text(version(6))
            await settle()
            write(project.root, {"penstock.yaml": "name: other\n"})
            await settle()

    live({"version.yaml": version(1)}, body)


def page(route: str, steps: str) -> str:
    return f"endpoint: GET {route}\nsecurity: {{access: public}}\nsteps:\n{steps}"


OTHERS = {
    "data.yaml": page("/data", '  - respond: "{{ data.plan.price }}"\n'),
    "data/plan.yaml": "price: 1\n",
    "python.yaml": page("/python", '  - id: n\n    python: prices.price\n  - respond: "{{ steps.n }}"\n'),
    "functions/prices.py": "def price() -> int:\n    return 1\n",
    "template.yaml": page("/template", "  - respond: {}\n    template: page.html\n"),
    "templates/page.html": "1",
    "decimal.yaml": page("/decimal", "  - respond: \"{{ '1.5' | decimal }}\"\n"),
    "slow.yaml": page("/slow", "  - wait: 50ms\n  - respond: x\n"),
    "length.yaml": (
        "endpoint: POST /length\nsecurity: {access: public}\nparams: {data: {type: bytes, whole: true}}\n"
        'steps:\n  - respond: "{{ params.data | length }}"\n'
    ),
}


def test_data_functions_and_templates_are_followed() -> None:
    async def body(project: Live) -> None:
        for price in ("1", "2"):
            for path in ("/data", "/python", "/template"):
                assert (await project.ask("GET", path)).text == price, path
            write(
                project.root,
                {
                    "data/plan.yaml": "price: 2\n",
                    "functions/prices.py": "def price() -> int:\n    return 1 + 1\n",
                    "templates/page.html": "2",
                },
            )
            assert not project.app.reload().errors
        write(project.root, {"functions/prices.py": "def price(:\n"})
        assert project.app.reload().errors
        assert (await project.ask("GET", "/python")).text == "2"

    live(OTHERS, body)


def test_changed_settings_take_effect() -> None:
    settings = "limits: {body: 10B, concurrency: 1, queue: 0}\njson: {decimals: number}\ncors: {origins: ['*']}\n"
    settings += "http: {allow: [127.0.0.1]}\nerrors: {status: {not_found: 410}}\n"

    async def body(project: Live) -> None:
        data = b"x" * 20
        kind = {"Content-Type": "application/octet-stream"}
        assert (await project.ask("GET", "/decimal")).json == "1.5"
        assert (await project.ask("POST", "/length", body=data, headers=kind)).json == 20
        before = project.app.snapshot.world.http
        write(project.root, {"penstock.yaml": settings})
        assert not project.app.reload().errors
        assert (await project.ask("GET", "/decimal")).json == 1.5
        assert (await project.ask("POST", "/length", body=data, headers=kind)).status == 413
        replies = await asyncio.gather(project.ask("GET", "/slow"), project.ask("GET", "/slow"))
        assert sorted(reply.status for reply in replies) == [200, 503]
        nothing = await project.ask("GET", "/nothing", headers={"Origin": "https://a.example"})
        assert (nothing.status, nothing.headers["access-control-allow-origin"]) == (410, "*")
        assert project.app.snapshot.world.http is not before
        write(project.root, {"penstock.yaml": "limits: {body: lots}\n"})
        assert project.app.reload().errors
        assert (await project.ask("GET", "/nothing")).status == 410

    live(OTHERS, body)


def test_strange_things_in_the_folder_are_problems_and_no_end() -> None:
    async def body(project: Live) -> None:
        folder = project.root / "workflows.d"
        makes: list[Callable[[Path], object]] = [
            Path.mkdir,
            lambda path: path.symlink_to("/nowhere"),
            lambda path: path.symlink_to(path),
            lambda path: path.write_bytes(b"\xff\xfe\x00"),
            lambda path: path.write_bytes(b"endpoint: GET /half\nsec"),
            lambda path: path.write_bytes(b""),
            os.mkfifo,
        ]
        for number, make in enumerate(makes):
            path = folder / f"strange{number}.yaml"
            make(path)
            project.app.reload()
            assert (await project.ask("GET", "/version")).json == {"a": 1, "b": 1}, number
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
        assert not project.app.reload().errors
        shutil.rmtree(folder)
        project.app.reload()
        folder.mkdir()
        write(project.root, {"workflows.d/version.yaml": version(2)})
        assert not project.app.reload().errors
        assert (await project.ask("GET", "/version")).json == {"a": 2, "b": 2}

    live({"version.yaml": version(1)}, body)
