"""Functions: the project's own Python, called with plain data and giving plain data."""

import asyncio
import gc
import logging
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from penstock.errors import Failure
from penstock.functions import Functions
from penstock.testing import run_steps


def project(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / "functions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def call(root: Path, name: str, arguments: Mapping[str, Any] | None = None, **files: str) -> Any:
    """Call one function of a project of these modules."""
    functions = Functions(project(root, {f"{module}.py": text for module, text in files.items()}))
    try:
        return asyncio.run(functions.call(name, arguments or {}))
    finally:
        functions.close()


def failing(root: Path, name: str, arguments: Mapping[str, Any] | None = None, **files: str) -> Failure:
    with pytest.raises(Failure) as caught:
        call(root, name, arguments, **files)
    return caught.value


def test_a_function_runs_in_a_thread_and_an_async_one_on_the_loop(tmp_path: Path) -> None:
    text = "import threading\ndef a():\n    return threading.current_thread().name\nasync def b():\n    return threading.current_thread().name\n"
    assert call(tmp_path, "m.a", m=text).startswith("functions-")
    assert call(tmp_path, "m.b", m=text) == threading.main_thread().name


def test_arguments_are_copies(tmp_path: Path) -> None:
    given = {"items": [{"n": 1}], "moment": datetime(2026, 1, 1, tzinfo=UTC)}
    text = "def change(items, moment):\n    items[0]['n'] = 2\n    items.append(3)\n    return [items, moment]\n"
    assert call(tmp_path, "m.change", given, m=text) == [[{"n": 2}, 3], given["moment"]]
    assert given["items"] == [{"n": 1}]


def test_results_are_plain(tmp_path: Path) -> None:
    text = (
        "import collections, dataclasses, datetime, decimal, enum, uuid\n"
        "class Colour(enum.Enum):\n    RED = 'red'\n"
        "class Text(str):\n    pass\n"
        "@dataclasses.dataclass\nclass Line:\n    name: str\n    at: tuple\n"
        "def f():\n"
        "    return {'tuple': (1, 2), 'line': Line('a', (1,)), 'colour': Colour.RED, 'text': Text('x'), 'bytes': bytearray(b'x'),\n"
        "            'count': collections.Counter('aab'), 'decimal': decimal.Decimal('0.10'), 'uuid': uuid.UUID(int=1),\n"
        "            'day': datetime.date(2026, 1, 1), 'naive': datetime.datetime(2026, 1, 1), 'none': None, 'yes': True, 'n': 10**30}\n"
    )
    result = call(tmp_path, "m.f", m=text)
    assert result == {
        "tuple": [1, 2],
        "line": {"name": "a", "at": [1]},
        "colour": "red",
        "text": "x",
        "bytes": b"x",
        "count": {"a": 2, "b": 1},
        "decimal": Decimal("0.10"),
        "uuid": UUID(int=1),
        "day": date(2026, 1, 1),
        "naive": datetime(2026, 1, 1, tzinfo=UTC),
        "none": None,
        "yes": True,
        "n": 10**30,
    }
    assert type(result["text"]) is str
    assert type(result["count"]) is dict


@pytest.mark.parametrize(
    "result",
    ["object()", "{1: 2}", "{1, 2}", "(x for x in [])", "print", "[lambda: 1]", "loop", "wide", "1j", "range(3)"],
)
def test_other_results_are_refused(tmp_path: Path, result: str) -> None:
    text = f"loop = []\nloop.append(loop)\nwide = []\nwide += [wide, wide, wide]\ndef f():\n    return {result}\n"
    failure = failing(tmp_path, "m.f", m=text)
    assert failure.code == "internal"
    assert failure.message.startswith("m.f gave")


def test_an_exception_says_its_place_and_no_values(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = {
        "m": "from functions.inner import g\n\ndef f(x):\n    return g(x)\n",
        "inner": "def g(x):\n    raise ValueError('hidden ' + x)\n",
    }
    with caplog.at_level(logging.ERROR, "penstock"):
        failure = failing(tmp_path, "m.f", {"x": "secret"}, **files)
    assert (failure.code, failure.message) == ("internal", "functions/inner.py:2: ValueError")
    assert isinstance(failure.__cause__, ValueError)
    assert 'functions/m.py", line 4, in f' in caplog.text


def test_a_failure_passes(tmp_path: Path) -> None:
    text = "from penstock.errors import Failure\ndef f():\n    raise Failure('conflict', 'taken', details={'a': 1})\nasync def g():\n    f()\n"
    for name in ("m.f", "m.g"):
        failure = failing(tmp_path, name, m=text)
        assert (failure.code, failure.status, failure.message, failure.details) == ("conflict", 409, "taken", {"a": 1})


@pytest.mark.parametrize(
    "kind", ["SystemExit", "KeyboardInterrupt", "StopIteration", "GeneratorExit", "TimeoutError", "RecursionError"]
)
def test_no_exception_ends_more_than_its_call(tmp_path: Path, kind: str) -> None:
    failure = failing(tmp_path, "m.f", m=f"def f():\n    raise {kind}\n")
    assert (failure.code, failure.message) == ("internal", f"functions/m.py:2: {kind}")


@pytest.mark.parametrize("kind", ["SystemExit", "asyncio.CancelledError", "TimeoutError"])
def test_no_exception_ends_more_than_its_async_call(tmp_path: Path, kind: str) -> None:
    failure = failing(tmp_path, "m.f", m=f"import asyncio\nasync def f():\n    raise {kind}\n")
    assert (failure.code, failure.message) == ("internal", f"functions/m.py:3: {kind.removeprefix('asyncio.')}")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("m.f", {}, "m.f (functions/m.py): missing a required argument: 'x'"),
        ("m.f", {"x": 1, "y": 2}, "m.f (functions/m.py): got an unexpected keyword argument 'y'"),
        ("m.g", {}, "functions/m.py has no function g"),
        ("m._hidden", {}, "functions/m.py has no function _hidden"),
        ("m.number", {}, "functions/m.py has no function number"),
        ("m.__builtins__", {}, "functions/m.py has no function __builtins__"),
        ("n.f", {}, "there is no module n in functions/"),
        ("f", {}, "there is no module f in functions/"),
        ("os.getcwd", {}, "there is no module os in functions/"),
        ("m.f.g", {"x": 1}, "there is no module m.f in functions/"),
        ("broken.f", {}, "functions/broken.py:1: SyntaxError"),
        ("raising.f", {}, "functions/raising.py:2: ZeroDivisionError"),
        ("ending.f", {}, "functions/ending.py:2: SystemExit"),
    ],
)
def test_what_cannot_be_called(tmp_path: Path, name: str, arguments: dict[str, Any], message: str) -> None:
    failure = failing(
        tmp_path,
        name,
        arguments,
        m="number = 7\ndef f(x):\n    return x\ndef _hidden():\n    return 1\n",
        broken="def f(:\n",
        raising="\n1 / 0\ndef f():\n    return 1\n",
        ending="import sys\nsys.exit(1)\n",
    )
    assert (failure.code, failure.message) == ("internal", message)


def test_modules_import_their_siblings(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        {
            "helpers.py": "import functions\nRATE = 2\n",
            "one.py": "from functions.helpers import RATE\ndef f():\n    return RATE\n",
            "two.py": "import functions.helpers\ndef f():\n    return functions.helpers.RATE\n",
            "three.py": "from .helpers import RATE\ndef f():\n    return RATE\n",
            "four.py": "from functions import helpers as h\ndef f():\n    return h.RATE\n",
            "five.py": "def f():\n    from functions.deep.er import g\n    return g()\n",
            "deep/er.py": "from ..helpers import RATE\nfrom functions.package import NAME\ndef g():\n    return [RATE, NAME]\n",
            "package/__init__.py": "from .inner import NAME\ndef f():\n    return NAME\n",
            "package/inner.py": "NAME = 'x'\n",
        },
    )
    functions = Functions(root)

    async def main() -> list[Any]:
        names = ["one.f", "two.f", "three.f", "four.f", "five.f", "deep.er.g", "package.f"]
        return [await functions.call(name, {}) for name in names]

    assert asyncio.run(main()) == [2, 2, 2, 2, [2, "x"], [2, "x"], "x"]
    functions.close()
    assert "functions" not in sys.modules
    assert not list(root.rglob("__pycache__"))


def test_names_have_their_signatures(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        {"m.py": "from os import getcwd\ndef f(x, y=1):\n    pass\ndef _g():\n    pass\n", "broken.py": "1 / 0\n"},
    )
    functions = Functions(root)
    assert {name: str(signature) for name, signature in functions.names().items()} == {"m.f": "(x, y=1)"}
    functions.close()


def test_a_project_without_functions(tmp_path: Path) -> None:
    functions = Functions(tmp_path)
    assert functions.names() == {}
    assert functions.fresh() is functions
    functions.close()


def test_changed_files_make_new_functions_and_the_old_ones_stay(tmp_path: Path) -> None:
    root = project(tmp_path, {"m.py": "import functions.n\ndef f():\n    return functions.n.V\n", "n.py": "V = 1\n"})
    old = Functions(root)
    assert old.fresh() is old

    async def main() -> None:
        before = old.fresh()
        (root / "functions" / "n.py").write_text("V = 2\n")
        new = old.fresh()
        assert new is not old
        # Neither has been called before the file changed: the text is what counts, not the time of the import.
        assert await new.call("m.f", {}) == 2
        assert await before.call("m.f", {}) == 1
        (root / "functions" / "m.py").unlink()
        with pytest.raises(Failure):
            await new.fresh().call("m.f", {})
        assert await new.call("m.f", {}) == 2

    asyncio.run(main())
    old.close()


def test_what_is_not_used_any_more_is_forgotten(tmp_path: Path) -> None:
    root = project(tmp_path, {"m.py": "def f():\n    return 1\n"})
    gc.collect()
    before = len(sys.meta_path)
    functions = Functions(root)
    for number in range(5):
        (root / "functions" / "m.py").write_text(f"def f():\n    return {number}{'#' * number}\n")
        functions = functions.fresh()
        assert asyncio.run(functions.call("m.f", {})) == number
    gc.collect()
    assert len(sys.meta_path) == before + 1
    functions.close()
    del functions
    gc.collect()
    assert len(sys.meta_path) == before


def test_files_that_are_no_modules_are_passed_over(tmp_path: Path) -> None:
    root = project(tmp_path, {"a-b.py": "1 / 0\n", "m.py": "def f():\n    return 1\n", "notes.txt": "x"})
    (root / "functions" / "gone.py").symlink_to(root / "nowhere.py")
    functions = Functions(root)
    assert list(functions.names()) == ["m.f"]
    functions.close()


def test_threads_are_bounded_and_the_loop_stays_free(tmp_path: Path) -> None:
    text = (
        "import asyncio, threading\nlock = threading.Lock()\nnow = most = 0\nopen = threading.Event()\n"
        "def f():\n"
        "    global now, most\n"
        "    with lock:\n        now += 1\n        most = max(most, now)\n"
        "    open.wait(5)\n"
        "    with lock:\n        now -= 1\n"
        "    return most\n"
        "async def busy():\n    while now < 3:\n        await asyncio.sleep(0.001)\n"
        "async def release():\n    open.set()\n"
    )
    functions = Functions(project(tmp_path, {"m.py": text}), max_threads=3)

    async def main() -> list[Any]:
        calls = [asyncio.ensure_future(functions.call("m.f", {})) for _ in range(10)]
        await functions.call("m.busy", {})
        cancelled = calls.pop()
        cancelled.cancel()
        await functions.call("m.release", {})
        return await asyncio.gather(*calls)

    assert max(asyncio.run(main())) == 3
    functions.close()


def test_a_call_that_never_ends_does_not_keep_a_process(tmp_path: Path) -> None:
    root = project(tmp_path, {"m.py": "import threading\ndef f():\n    threading.Event().wait()\n"})
    code = (
        "import asyncio, pathlib\nfrom penstock.functions import Functions\n"
        "async def main():\n"
        f"    functions = Functions(pathlib.Path({str(root)!r}))\n"
        "    try:\n        await asyncio.wait_for(functions.call('m.f', {}), 0.1)\n"
        "    except TimeoutError:\n        print('over')\n    functions.close()\n"
        "asyncio.run(main())\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "runtime")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout == "over\n"


def test_a_traceback_shows_the_yaml_line_and_the_function(tmp_path: Path) -> None:
    folder = project(tmp_path, {"shop.py": "def boom():\n    raise ValueError('no')\n"}) / "functions"
    result = run_steps("- python: shop.boom", functions=folder)
    assert result["error"]["message"] == "functions/shop.py:2: ValueError"
    assert result["error"]["where"].startswith("workflows.d/test.yaml:")
    failure = failing(tmp_path, "shop.boom")
    assert 'functions/shop.py", line 2, in boom' in "".join(traceback.format_exception(failure))
