"""Figures: validate and reload of 300 files, reloads under load, start, memory. Prints each beside what it must reach.

Run it with the interpreter of a venv that has penstock: `.venv/bin/python benchmarks/figures.py [--reloads 2000]`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
ENDPOINT = """endpoint: POST /group{group}/item{number}/{{id:int}}
summary: One of many
security: {{access: public}}
params:
  customer: {{type: string, minLength: 1, maxLength: 80}}
  qty: {{type: integer, minimum: 1, maximum: 1000}}
  express: {{type: boolean, default: false}}
steps:
  - set: {{price: "{{{{ params.qty * 9.5 }}}}"}}
  - if: params.express
    then: [{{set: {{price: "{{{{ vars.price + 15 }}}}"}}}}]
  - id: line
    call: work{number}
    with: {{n: "{{{{ params.id }}}}"}}
  - respond: {{customer: "{{{{ params.customer }}}}", price: "{{{{ vars.price }}}}", line: "{{{{ steps.line }}}}"}}
"""
WORKFLOW = """workflow: work{number}
params: {{n: integer}}
steps:
  - set: {{m: "{{{{ params.n + {number} }}}}"}}
  - return: {{m: "{{{{ vars.m }}}}", text: "n is {{{{ params.n }}}}"}}
"""
VERSION = """endpoint: GET /version
name: version
security: {{access: public}}
steps:
  - set: {{a: {number}}}
  - respond: {{a: "{{{{ vars.a }}}}", b: {number}}}
"""


def project(root: Path, files: int) -> None:
    """A project of that many files, half endpoints, half workflows, and /version."""
    folder = root / "workflows.d"
    for number in range((files - 1) // 2):
        group = folder / f"group{number // 20}"
        group.mkdir(parents=True, exist_ok=True)
        (group / f"item{number}.yaml").write_text(ENDPOINT.format(group=number // 20, number=number))
        (group / f"work{number}.yaml").write_text(WORKFLOW.format(number=number))
    folder.mkdir(exist_ok=True)
    (folder / "version.yaml").write_text(VERSION.format(number=0))


def penstock(root: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "penstock_cli", "-C", str(root), *arguments]


@contextlib.contextmanager
def serving(root: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server of the project; gives the process and its port."""
    process = subprocess.Popen(
        penstock(root, "serve", "--port", "0", *arguments), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        yield process, int(line.rsplit(":", 1)[1])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)
        process.stdout.close()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> tuple[int, bytes]:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: t\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(re.search(rb"Content-Length: (\d+)", head)[1])  # type: ignore[index]
    return int(head[9:12]), await reader.readexactly(length)


def replace(file: Path, text: str) -> None:
    """Write as editors do: a temporary file, then a rename."""
    temporary = file.with_name(f".{file.name}.tmp")
    temporary.write_text(text)
    temporary.replace(file)


async def reload_times(port: int, file: Path, rounds: int) -> list[float]:
    """Milliseconds from a write to the first answer of the new version."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    for number in range(1, rounds + 1):
        start = time.perf_counter()
        replace(file, VERSION.format(number=number))
        while json.loads((await ask(reader, writer, "/version"))[1])["a"] != number:
            await asyncio.sleep(0.001)
        times.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(0.05)
    writer.close()
    return times


async def under_load(port: int, file: Path, reloads: int, connections: int) -> tuple[int, int, int]:
    """Reload while keep-alive connections ask; gives answers, failed ones and mixed ones."""
    answers = failed = mixed = 0
    stop = False

    async def client() -> None:
        nonlocal answers, failed, mixed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while not stop:
            try:
                status, body = await ask(reader, writer, "/version")
            except (OSError, asyncio.IncompleteReadError):
                failed += 1
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                continue
            answers += 1
            failed += status != 200
            if status == 200:
                value = json.loads(body)
                mixed += value["a"] != value["b"]
        writer.close()

    clients = [asyncio.ensure_future(client()) for _ in range(connections)]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(1, reloads + 1):
        replace(file, VERSION.format(number=number + 10_000))
        while json.loads((await ask(reader, writer, "/version"))[1])["a"] != number + 10_000:
            await asyncio.sleep(0.001)
    stop = True
    writer.close()
    await asyncio.gather(*clients)
    return answers, failed, mixed


def row(what: str, figure: str, goal: str) -> None:
    print(f"{what:<58} {figure:>22}   {goal}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reloads", type=int, default=2000)
    options = parser.parse_args()
    os.environ.pop("PENSTOCK_ENV_API_KEY", None)
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large", Path(folder) / "small"
        large.mkdir()
        small.mkdir()
        project(large, 300)
        project(small, 1)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run(penstock(large, "validate"), check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - start)
        row("validate, 299 files, whole process", f"{median(times):.2f} s", "under 1.5 s")
        with serving(large, "--watch") as (_, port):
            took = asyncio.run(reload_times(port, large / "workflows.d" / "version.yaml", 20))
            row(
                "one-file reload of 299, write to serving, median / max",
                f"{median(took):.0f} / {max(took):.0f} ms",
                "under 100 ms",
            )
        with serving(small, "--watch") as (_, port):
            answers, failed, mixed = asyncio.run(
                under_load(port, small / "workflows.d" / "version.yaml", options.reloads, 32)
            )
            row(f"{options.reloads} reloads under 32 connections", f"{answers} answers", "")
            row("  failed / mixed", f"{failed} / {mixed}", "0 / 0")
    root = HERE.parent
    times = []
    for _ in range(7):
        start = time.perf_counter()
        with serving(root) as (process, port):
            asyncio.run(first(port))
            times.append(time.perf_counter() - start)
            memory = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1]) / 1024  # type: ignore[index]
    row("start to first answer, sample app", f"{median(times):.2f} s", "under 0.6 s")
    row("memory after the first answer", f"{memory:.0f} MB", "under 80 MB")


async def first(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    status, _ = await ask(reader, writer, "/hello/Ada")
    assert status == 200
    writer.close()


if __name__ == "__main__":
    main()
