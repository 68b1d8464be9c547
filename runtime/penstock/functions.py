"""Functions: the Python modules of a project's `functions/` folder, called by `python` steps."""

import asyncio
import builtins
import dataclasses
import importlib
import importlib.machinery
import importlib.util
import inspect
import itertools
import logging
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from uuid import UUID

from penstock.errors import Failure
from penstock.threads import Threads

logger = logging.getLogger("penstock")

MAX_FILES = 2000
MAX_DEPTH = 64
MAX_NODES = 1_000_000
SCALARS: tuple[Any, ...] = (str, int, float, bytes, Decimal)
"""What a subclass of is given as. Other numbers (of numpy, say) are not numbers here."""
_generations = itertools.count(1)


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """One module as it was read. `stamp` tells without reading whether the file has changed."""

    path: Path
    package: bool
    stamp: tuple[int, int, int]
    text: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Function:
    """A function that was found: its module's file, and what it takes (None if it does not say)."""

    call: Callable[..., Any]
    asynchronous: bool
    file: str
    signature: inspect.Signature | None


class Functions:
    """The functions of one version of the folder: the text is read at once, a module is run when first called.

    A module imports its siblings as `from functions.prices import net` or `from .prices import net`. The names are private to this
    project and this version of its files: nothing is put beside the modules that Python itself knows, and nothing is written to disk.
    """

    def __init__(self, root: Path, max_threads: int = 8) -> None:
        # Imports have a thread of their own: an async function can be called for the first time while all others are busy.
        self._set(root.absolute() / "functions", (Threads(max_threads, "functions"), Threads(1, "imports")), {})

    def _set(self, folder: Path, threads: tuple[Threads, Threads], known: Mapping[str, Source]) -> None:
        self._folder = folder
        self._threads, self._imports = threads
        self._sources = _read(folder, known)
        self._found: dict[str, Function] = {}
        self._finder: Finder | None = None
        self._lock = threading.Lock()

    def names(self) -> Mapping[str, inspect.Signature]:
        """Every public function with its signature, as `module.function`. Runs all modules; one that fails is left out and logged."""
        names: dict[str, inspect.Signature] = {}
        for module in self._sources:
            try:
                loaded = self._module(module)
            except Exception:
                logger.exception("functions.%s cannot be imported", module)
                continue
            for name, value in vars(loaded).items():
                if inspect.isfunction(value) and value.__module__ == loaded.__name__ and not name.startswith("_"):
                    names[f"{module}.{name}"] = inspect.signature(value)
        return names

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Call `module.function` with copies of the arguments, by name; gives plain data.

        An async function is awaited, any other runs in one of the threads. A Failure that it raises passes; anything else becomes
        Failure `internal` that says type and place and no values, with the exception as its cause.
        """
        function = self._found.get(name)
        if function is None:
            function = await self._imports.run(lambda: self._find(name))
        given = {key: copied(value) for key, value in arguments.items()}
        if function.signature is not None:
            try:
                function.signature.bind(**given)
            except TypeError as error:
                raise Failure("internal", f"{name} ({function.file}): {error}") from None
        try:
            if function.asynchronous:
                result = await function.call(**given)
            else:
                result, raised = await self._threads.run(lambda: _call(function.call, given))
                if raised is not None:
                    raise raised if isinstance(raised, Failure) else self._failure(raised, name) from raised
                if inspect.isawaitable(result):
                    result = await result
            return plain(result, name)
        except Failure:
            raise
        except (Exception, SystemExit) as error:
            raise self._failure(error, name) from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise self._failure(error, name) from error

    def fresh(self) -> "Functions":
        """The same functions if no file has changed; else new ones that share the threads."""
        other = Functions.__new__(Functions)
        other._set(self._folder, (self._threads, self._imports), self._sources)
        return self if other._sources == self._sources else other

    def close(self) -> None:
        """End the threads; no version of these functions can be called any more."""
        self._threads.close()
        self._imports.close()

    def _find(self, name: str) -> Function:
        module, _, attribute = name.rpartition(".")
        source = self._sources.get(module)
        if source is None:
            raise Failure("internal", f"there is no module {module or name} in functions/")
        file = self._relative(source.path)
        try:
            loaded = self._module(module)
        except Failure:
            raise
        except BaseException as error:
            raise self._failure(error, name) from error
        call = getattr(loaded, attribute, None)
        if attribute.startswith("_") or not callable(call):
            raise Failure("internal", f"{file} has no function {attribute}")
        try:
            signature = inspect.signature(call)
        except (ValueError, TypeError):
            signature = None
        function = Function(call, inspect.iscoroutinefunction(call), file, signature)
        self._found[name] = function
        return function

    def _module(self, name: str) -> ModuleType:
        with self._lock:
            if self._finder is None:
                self._finder = Finder(self._sources, self._folder)
                weakref.finalize(self, self._finder.forget)
        return importlib.import_module(f"{self._finder.package}.{name}")

    def _failure(self, error: BaseException, name: str) -> Failure:
        logger.error("python %s failed", name, exc_info=error)
        return Failure("internal", f"{self._place(error) or name}: {type(error).__name__}")

    def _place(self, error: BaseException) -> str:
        """The innermost `functions/x.py:12` that the exception passed."""
        if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(self._folder):
            return f"{self._relative(Path(error.filename))}:{error.lineno}"
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            path = Path(frame.filename)
            if path.is_relative_to(self._folder):
                return f"{self._relative(path)}:{frame.lineno}"
        return ""

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._folder.parent).as_posix()


class Finder:
    """Finds the modules of one version under a package of their own, for Python's import system."""

    def __init__(self, sources: Mapping[str, Source], folder: Path) -> None:
        self.package = f"_penstock_functions_{next(_generations)}"
        self._sources = sources
        self._builtins = {**vars(builtins), "__import__": self._import}
        package = ModuleType(self.package)
        package.__path__ = [str(folder)]
        sys.modules[self.package] = package
        # Before Python's own finders: the package's path is a real folder, which they would read as it is now.
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        package, _, name = fullname.partition(".")
        if package != self.package:
            return None
        source = self._sources.get(name)
        if source is not None:
            file = str(source.path)
            locations = [str(source.path.parent)] if source.package else None
            loader = Loader(fullname, file, source.text, self._builtins)
            return importlib.util.spec_from_file_location(
                fullname, file, loader=loader, submodule_search_locations=locations
            )
        if any(other.startswith(f"{name}.") for other in self._sources):
            return importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        return None

    def forget(self) -> None:
        """Take the version out of Python's own tables, once nothing calls it any more."""
        sys.meta_path.remove(self)
        for name in [name for name in sys.modules if name.partition(".")[0] == self.package]:
            del sys.modules[name]

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """`functions` and what is under it mean this version's modules; all else is Python's."""
        root, dot, rest = name.partition(".")
        if level == 0 and root == "functions":
            name = f"{self.package}{dot}{rest}"
        return __import__(name, globals, locals, fromlist or (), level)


class Loader(importlib.machinery.SourceFileLoader):
    """Runs a module from the text that was read.

    No bytecode is kept: its check is by second and size, too coarse for a file that is saved twice in a second.
    """

    def __init__(self, fullname: str, path: str, text: bytes, names: dict[str, Any]) -> None:
        super().__init__(fullname, path)
        self._text = text
        self._names = names

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = compile(self._text, self.path, "exec", dont_inherit=True)
        return code

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = self._names
        super().exec_module(module)


def copied(value: Any) -> Any:
    """The same data in mappings and lists of its own."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return value


def plain(value: Any, name: str) -> Any:
    """A function's result as plain data: tuples become lists, dataclasses mappings, enums their value. Raises Failure `internal`."""
    left = MAX_NODES

    def convert(value: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth > MAX_DEPTH:
            raise Failure(
                "internal",
                f"{name} gave more than {MAX_NODES} values or more than {MAX_DEPTH} levels (does it hold itself?)",
            )
        kind = type(value)
        if value is None or kind in (str, int, bool, float, bytes, Decimal, UUID, date):
            return value
        if isinstance(value, Enum):
            return convert(value.value, depth + 1)
        if isinstance(value, dict):
            if not all(isinstance(key, str) for key in value):
                raise Failure("internal", f"{name} gave a mapping whose keys are not all text: use str(key)")
            return {str(key): convert(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [convert(item, depth + 1) for item in value]
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, bytearray | memoryview):
            return bytes(value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {item.name: convert(getattr(value, item.name), depth + 1) for item in dataclasses.fields(value)}
        for scalar in SCALARS:
            if isinstance(value, scalar):
                return scalar(value)
        raise Failure(
            "internal", f"{name} gave a {kind.__name__}: give mappings, lists, text, numbers, bytes, dates or UUIDs"
        )

    return convert(value, 0)


def _call(call: Callable[..., Any], arguments: dict[str, Any]) -> tuple[Any, BaseException | None]:
    """What it gave, or what it raised: as a value, because StopIteration or SystemExit would not come through a thread unharmed."""
    try:
        return call(**arguments), None
    except BaseException as error:
        return None, error


def _read(folder: Path, known: Mapping[str, Source]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for path in sorted(folder.rglob("*.py"))[:MAX_FILES]:
        parts = path.relative_to(folder).with_suffix("").parts
        package = parts[-1] == "__init__"
        parts = parts[:-1] if package else parts
        if not parts or not all(part.isidentifier() for part in parts):
            continue
        name = ".".join(parts)
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            before = known.get(name)
            if before is not None and before.stamp == stamp and before.path == path:
                sources[name] = before
            elif name not in sources or package:
                sources[name] = Source(path, package, stamp, path.read_bytes())
        except OSError:
            # A file that went away while the folder was read is not there.
            continue
    return sources
