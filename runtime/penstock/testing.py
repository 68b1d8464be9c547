"""Testing: a project opened for a test, its steps run, its server on a free port."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from penstock.app import opened, perform
from penstock.clock import Clock


def run_steps(
    steps: str,
    params: Mapping[str, Any] | None = None,
    *,
    env: Mapping[str, str] | None = None,
    functions: Path | None = None,
    allow: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> dict[str, Any]:
    """Run steps (YAML, a list) as an endpoint of a project of its own; gives what `app.perform` gives."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        lines = ["name: test"]
        if env:
            lines += ["env:", *[f"  {name}: {value!r}" for name, value in env.items()]]
        if allow:
            lines += ["http:", f"  allow: [{', '.join(allow)}]"]
        _write(root / "penstock.yaml", "\n".join(lines) + "\n")
        declared = "".join(f"  {name}: any\n" for name in params or {})
        head = "endpoint: POST /test\nname: test\nsecurity: {access: public}\n"
        _write(
            root / "workflows.d" / "test.yaml",
            head + (f"params:\n{declared}" if declared else "") + "steps:\n" + steps + "\n",
        )
        _write(
            root / "workflows.d" / "greet.yaml",
            'workflow: greet\nparams: {name: string}\nsteps:\n  - return: "Hello, {{ params.name }}"\n',
        )
        for name, text in (files or {}).items():
            _write(root / name, text)
        if functions is not None:
            (root / "functions").symlink_to(functions, target_is_directory=True)
        return asyncio.run(_perform(root, params or {}, clock))


async def _perform(root: Path, params: Mapping[str, Any], clock: Clock | None) -> dict[str, Any]:
    async with opened(root, clock=clock, environ={}) as app:
        return await perform(app, "test", params)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
