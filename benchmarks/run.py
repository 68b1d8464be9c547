"""Benchmark: Penstock, bare aiohttp and FastAPI on two workloads, one process each on the same core, wrk on the other."""

import argparse
import contextlib
import http.client
import importlib.metadata
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SERVER_CORE, WRK_CORE = "0", "1"
TICKS = os.sysconf("SC_CLK_TCK")
SERVERS = ("penstock", "penstock-off", "aiohttp", "fastapi")
TITLES = {
    "penstock": "Penstock, default history",
    "penstock-off": "Penstock, history off",
    "aiohttp": "bare aiohttp",
    "fastapi": "FastAPI",
}


@dataclass(frozen=True)
class Workload:
    """What wrk sends."""

    name: str
    title: str
    path: str
    script: str | None = None


WORKLOADS = (
    Workload("W1", "GET /hello/{name}", "/hello/Ada"),
    Workload("W2", "POST /quote", "/quote", "quote.lua"),
)


@dataclass(frozen=True)
class Check:
    """One request that every server must answer alike. `body`: what a good answer holds; refusals are compared by status."""

    method: str
    path: str
    sent: Any
    status: int
    body: Any = None


CHECKS = (
    Check("GET", "/hello/Ada", None, 200, {"message": "Hello, Ada!"}),
    Check("GET", "/hello/J%C3%BCrgen%20B", None, 200, {"message": "Hello, Jürgen B!"}),
    Check("GET", "/nowhere", None, 404),
    Check("POST", "/quote", {"customer": "Ada", "qty": 3}, 200, {"customer": "Ada", "price": 28.5, "tier": "basic"}),
    Check(
        "POST",
        "/quote",
        {"customer": "Ada", "qty": 99, "express": True},
        200,
        {"customer": "Ada", "price": 955.5, "tier": "silver"},
    ),
    Check(
        "POST", "/quote", {"customer": "Ada", "qty": 100}, 200, {"customer": "Ada", "price": 855.0, "tier": "silver"}
    ),
    Check(
        "POST",
        "/quote",
        {"customer": "Ada", "qty": 120, "express": True},
        200,
        {"customer": "Ada", "price": 1039.5, "tier": "gold"},
    ),
    Check("POST", "/quote", {"customer": "", "qty": 3}, 422),
    Check("POST", "/quote", {"customer": "a" * 81, "qty": 3}, 422),
    Check("POST", "/quote", {"customer": "Ada", "qty": 0}, 422),
    Check("POST", "/quote", {"customer": "Ada", "qty": 1001}, 422),
    Check("POST", "/quote", {"customer": "Ada", "qty": "3"}, 422),
    Check("POST", "/quote", {"customer": "Ada", "qty": 3, "express": "yes"}, 422),
    Check("POST", "/quote", {"qty": 3}, 422),
)


@dataclass
class Server:
    """A running server under test."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    start: float
    idle: int

    def cpu(self) -> float:
        """Seconds of CPU that the process has used, from /proc."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass
class Series:
    """What was measured of one server, workload and number of connections."""

    rates: list[float] = field(default_factory=list)
    micros: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def memory(pid: int) -> int:
    """Resident memory in kB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) if found else 0


def command(name: str, port: int, folder: Path) -> list[str]:
    """How a server is started."""
    python = [sys.executable, "-B"]
    if name == "aiohttp":
        return [*python, str(HERE / "bare_aiohttp.py"), "--port", str(port)]
    if name == "fastapi":
        return [*python, str(HERE / "fastapi_app.py"), "--port", str(port)]
    project = folder / name
    shutil.copytree(HERE / "project", project, ignore=shutil.ignore_patterns(".penstock"))
    if name == "penstock-off":
        with (project / "penstock.yaml").open("a") as settings:
            settings.write("history: {level: off}\n")
    return [*python, "-m", "penstock_cli.main", "-C", str(project), "serve", "--port", str(port)]


def start(name: str, folder: Path) -> Server:
    """Start a server on its core and wait for its first answer."""
    port = free_port()
    log = folder / f"{name}.log"
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *command(name, port, folder)],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            ask(port, CHECKS[0])
            break
        if process.poll() is not None or time.perf_counter() - began > 20:
            process.kill()
            raise SystemExit(f"{name} did not start:\n{log.read_text()}")
        time.sleep(0.005)
    return Server(name, port, process, log, time.perf_counter() - began, memory(process.pid))


@contextlib.contextmanager
def running(names: list[str]) -> Iterator[list[Server]]:
    """The servers, alive for the time of the block, one start after another."""
    servers: list[Server] = []
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder:
        try:
            for name in names:
                servers.append(start(name, Path(folder)))
            yield servers
        finally:
            for server in servers:
                server.process.send_signal(signal.SIGTERM)
            for server in servers:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.process.wait(10)
                server.process.kill()


def ask(port: int, check: Check) -> tuple[int, Any]:
    """Send one request; its status and JSON body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        body = None if check.sent is None else json.dumps(check.sent)
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(check.method, check.path, body, headers)
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    try:
        return response.status, json.loads(text)
    except ValueError:
        return response.status, text


def verify(servers: list[Server]) -> None:
    """Every server gives the expected answer to every check."""
    for server in servers:
        for check in CHECKS:
            status, body = ask(server.port, check)
            if status != check.status or (check.body is not None and body != check.body):
                raise SystemExit(
                    f"{server.name} answered {check.method} {check.path} {check.sent} with {status} {body}, "
                    f"expected {check.status} {check.body or ''}"
                )


def load(server: Server, workload: Workload, connections: int, seconds: float, series: Series | None) -> None:
    """One run of wrk; its figures go into `series`."""
    script = ["-s", str(HERE / workload.script)] if workload.script else []
    url = f"http://127.0.0.1:{server.port}{workload.path}"
    before = server.cpu()
    result = subprocess.run(
        ["taskset", "-c", WRK_CORE, "wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds:g}s", *script, url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    used = server.cpu() - before
    if "Non-2xx" in result or "Socket errors" in result:
        raise SystemExit(f"{server.name} failed under load:\n{result}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", result).group(1))  # type: ignore[union-attr]
    requests = int(re.search(r"(\d+) requests in", result).group(1))  # type: ignore[union-attr]
    slow, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", result).groups()  # type: ignore[union-attr]
    if series is not None:
        series.rates.append(rate)
        series.micros.append(used / requests * 1e6)
        series.p99.append(float(slow) * {"us": 0.001, "ms": 1, "s": 1000}[unit])


Results = dict[tuple[str, str, int], Series]


def measure(servers: list[Server], connections: list[int], rounds: int, seconds: float) -> Results:
    """All series: in each round every server takes its turn, in an order that turns with the rounds."""
    results: Results = {
        (server.name, workload.name, count): Series()
        for workload in WORKLOADS
        for count in connections
        for server in servers
    }
    verify(servers)
    for server in servers:
        for workload in WORKLOADS:
            load(server, workload, 64, 1, None)
    for number in range(rounds):
        shift = number % len(servers)
        for workload in WORKLOADS:
            for count in connections:
                for server in servers[shift:] + servers[:shift]:
                    load(server, workload, count, seconds, results[server.name, workload.name, count])
        verify(servers)
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return results


def middle(values: list[float]) -> float:
    """The median."""
    return statistics.median(values)


def ratio(results: Results, server: str, rival: str, workload: str, count: int) -> float | None:
    """The median of the rounds' own ratios: both sides of each were measured seconds apart."""
    ours, theirs = results.get((server, workload, count)), results.get((rival, workload, count))
    if ours is None or theirs is None:
        return None
    return middle([one / other for one, other in zip(ours.rates, theirs.rates, strict=True)])


def versions() -> str:
    """The interpreter and the packages that the figures belong to."""
    names = ("penstock", "aiohttp", "uvloop", "msgspec", "jsonschema-rs", "fastapi", "uvicorn", "httptools", "pydantic")
    found = []
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{name} {importlib.metadata.version(name)}")
    return f"Python {platform.python_version()}, " + ", ".join(found)


def report(servers: list[Server], results: Results, connections: list[int], rounds: int, seconds: float) -> str:
    """The figures as Markdown."""
    names = [server.name for server in servers]
    lines = [
        "# Benchmark results",
        "",
        f"{versions()}; {platform.system()} {platform.machine()}, {os.cpu_count()} cores.",
        f"One process each on core {SERVER_CORE}, wrk on core {WRK_CORE}; {rounds} interleaved rounds of {seconds:g} s.",
        "Figures are medians; ratios are medians of each round's ratio. Every server's replies were checked before and after each round.",
        "",
    ]
    for workload in WORKLOADS:
        for count in connections:
            plural = "" if count == 1 else "s"
            lines += [f"## {workload.name} `{workload.title}`, {count} connection{plural}", ""]
            lines += ["| server | requests/s | CPU a request | 99th percentile |", "|---|---:|---:|---:|"]
            for name in names:
                series = results[name, workload.name, count]
                lines.append(
                    f"| {TITLES[name]} | {middle(series.rates):,.0f} | {middle(series.micros):.1f} µs "
                    f"| {middle(series.p99):.2f} ms |"
                )
            lines.append("")
    pairs = [("penstock", rival) for rival in ("aiohttp", "fastapi", "penstock-off")]
    shown = [pair for pair in pairs if pair[0] in names and pair[1] in names]
    if shown:
        lines += ["## Ratios of throughput", ""]
        lines += ["| | " + " | ".join(f"{TITLES[ours]} / {TITLES[rival]}" for ours, rival in shown) + " |"]
        lines += ["|---|" + "---:|" * len(shown)]
        for workload in WORKLOADS:
            for count in connections:
                cells = [f"{ratio(results, ours, rival, workload.name, count):.2f}" for ours, rival in shown]
                lines.append(f"| {workload.name}, {count} | " + " | ".join(cells) + " |")
        lines.append("")
    lines += ["## At rest", "", "| server | start to first answer | memory |", "|---|---:|---:|"]
    for server in servers:
        lines.append(f"| {TITLES[server.name]} | {server.start:.2f} s | {server.idle / 1024:.0f} MB |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--quick", action="store_true", help="3 rounds of 1 s at 64 connections; nothing is written")
    parser.add_argument("--history", action="store_true", help="only ours: history at its default against off")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    for tool, package in (("wrk", "wrk"), ("taskset", "util-linux")):
        if shutil.which(tool) is None:
            raise SystemExit(
                f"{tool} is not installed: apt-get install {package} (or your system's way), then run again"
            )
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("the benchmark needs two cores: one for the servers, one for wrk")
    whole = not (options.quick or options.history or set(options.servers) != set(SERVERS))
    names = ["penstock", "penstock-off"] if options.history else list(options.servers)
    if options.quick:
        options.rounds, options.seconds, options.connections = 3, 1, [64]
    with running(names) as servers:
        results = measure(servers, options.connections, options.rounds, options.seconds)
        text = report(servers, results, options.connections, options.rounds, options.seconds)
    print(text)
    if whole:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
