"""Project: the whole folder, read and checked, with every problem of every file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from penstock import registry, route, source
from penstock import settings as settings_module
from penstock.model import Document, plain
from penstock.problem import Problem
from penstock.settings import Settings
from penstock.validate import calls, chains, codes, defaults, files, flow, functions, ignores, names, outside
from penstock.validate.document import Reading, reading
from penstock.validate.facts import Facts
from penstock.validate.functions import Module, Takes
from penstock.validate.ignores import Ignores

LONGEST = 500
"""Characters of a message."""
MadeOf = tuple[tuple[Document, ...], Document]


@dataclass(frozen=True, slots=True)
class Read:
    """All that one file gives by itself; kept from load to load as long as its bytes are the same."""

    digest: str
    reading: Reading
    facts: Facts
    ignores: Ignores


@dataclass(frozen=True, slots=True)
class Known:
    """What a load can take from the one before it."""

    read: Mapping[str, Read] = field(default_factory=dict)
    resolved: Mapping[str, MadeOf] = field(default_factory=dict)
    data: Mapping[str, tuple[str, Any, tuple[Problem, ...]]] = field(default_factory=dict)
    modules: Mapping[str, Module] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Project:
    """A folder, read and checked.

    `documents` are the files that could be read whole, defaults merged in, in the order of their paths; `problems` are those of all
    files, sorted; `data` is what `data/` holds; `files` are the digests of all files, and `digest` is theirs together.
    """

    root: Path
    settings: Settings
    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    data: Mapping[str, Any]
    files: Mapping[str, str]
    digest: str
    secrets: Mapping[str, tuple[str, int, int]]
    """The secrets that files name, each with the first place that does."""
    known: Known = field(default_factory=Known, repr=False, compare=False)

    @property
    def errors(self) -> list[Problem]:
        """The problems that are errors."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def faulty(self) -> frozenset[str]:
        """The files that have an error."""
        return frozenset(problem.file for problem in self.errors)


def load(root: Path, environ: Mapping[str, str], previous: Project | None = None) -> Project:
    """Read and check a project's folder. Only files whose bytes have changed since `previous` are read again."""
    actions = registry.load()
    before = previous.known if previous is not None else Known()
    settings, problems = settings_module.load(root, environ)
    tree = files.scan(root)
    problems = [*problems, *tree.problems]
    data = _data(tree, before)
    for _, _, faults in data.values():
        problems += faults
    values = {_stem(file): value for file, (_, value, _) in sorted(data.items(), reverse=True)}
    read = _files(tree, before, actions, values)
    modules = _modules(tree, before)
    for module in modules.values():
        problems += module.problems
    taken = {name: takes for module in modules.values() for name, takes in module.functions.items()}
    documents = {file: item.reading.document for file, item in read.items() if item.reading.document is not None}
    resolved, found = defaults.resolve(documents.values(), before.resolved)
    problems += found
    problems += _checked(read, documents, resolved, settings, values, taken)
    return Project(
        root=root,
        settings=settings,
        documents=tuple(resolved[file][1] for file in documents if read[file].reading.whole),
        problems=_sorted(problems, read, tree),
        data=values,
        files=tree.digests,
        digest=hashlib.sha256(json.dumps(sorted(tree.digests.items())).encode()).hexdigest()[:12],
        secrets=_secrets(read),
        known=Known(read, resolved, data, modules),
    )


def _secrets(read: Mapping[str, Read]) -> dict[str, tuple[str, int, int]]:
    found: dict[str, tuple[str, int, int]] = {}
    for file, item in read.items():
        for name, line, column in item.facts.secrets:
            found.setdefault(name, (file, line, column))
    return found


def _files(
    tree: files.Tree, before: Known, actions: Mapping[str, registry.Action], constants: Mapping[str, Any]
) -> dict[str, Read]:
    """Each file of `workflows.d`, read anew if its bytes are new (or the constants that its parameters name)."""
    found: dict[str, Read] = {}
    together = "".join(digest for file, digest in sorted(tree.digests.items()) if file.startswith("data/"))
    for file, data in tree.content.items():
        if not file.startswith("workflows.d/"):
            continue
        digest = tree.digests[file] + (together if b"data." in data and b"schema" in data else "")
        old = before.read.get(file)
        if old is not None and old.digest == digest:
            found[file] = old
        else:
            result = reading(file, data, actions, constants)
            found[file] = Read(digest, result, flow.check(result, actions), ignores.read(file, data))
    return found


# -- the checks of the whole


def _checked(
    read: Mapping[str, Read],
    documents: Mapping[str, Document],
    resolved: Mapping[str, MadeOf],
    settings: Settings,
    data: Mapping[str, Any],
    taken: Mapping[str, Takes],
) -> list[Problem]:
    """What only the files together can tell."""
    every = list(documents.values())
    facts = {file: read[file].facts for file in documents}
    lost = [item.reading.hint for item in read.values() if item.reading.hint is not None]
    lost_middleware = frozenset(name for kind, name in lost if kind == "middleware")
    middleware = {item.name: item for item in every if item.kind == "middleware"}
    targets = calls.Targets(
        workflows={item.name: item for item in every if item.kind == "workflow"},
        kinds={
            item.name: f"the {item.kind} of {item.file}" for item in every if item.kind in ("endpoint", "middleware")
        },
        lost=frozenset(name for kind, name in lost if kind == "workflow"),
        functions=taken,
        facts=facts,
    )
    known = outside.world(every, settings.env, data, lost_middleware)
    problems = names.duplicates(every)
    problems += route.conflicts([item for item in every if item.kind == "endpoint" and item.method])
    for file, document in documents.items():
        problems += facts[file].problems
        problems += outside.check(document, resolved[file][1], facts[file], known)
        problems += calls.check(document, targets)
        problems += chains.unknown(document, middleware, lost_middleware)
        if document.kind == "endpoint":
            problems += chains.check(resolved[file][0], middleware, facts)
    problems += calls.cycles(targets)
    problems += calls.transactions(every, targets)
    return problems


def _sorted(problems: list[Problem], read: Mapping[str, Read], tree: files.Tree) -> tuple[Problem, ...]:
    """All problems in the order of their places, without those that a comment silences."""
    silenced = {file: item.ignores for file, item in read.items()}
    for file, data in tree.content.items():
        if file not in silenced:
            silenced[file] = ignores.read(file, data)
    fatal: set[Problem] = set()
    for item in read.values():
        problems += item.reading.problems
        fatal.update(item.reading.fatal)
    for comments in silenced.values():
        problems += comments.unknown
    return tuple(sorted({_one_line(problem) for problem in ignores.kept(problems, silenced, frozenset(fatal))}))


def _one_line(problem: Problem) -> Problem:
    """The same problem, its texts on one line and of a length that can be read, whatever words of the file they hold."""
    texts = problem.message, problem.hint, problem.path
    if all(text.isprintable() and len(text) <= LONGEST for text in texts):
        return problem
    message, hint, path = ("".join(map(_printable, text))[:LONGEST] for text in texts)
    return replace(problem, message=message, hint=hint, path=path)


def _printable(character: str) -> str:
    return character if character.isprintable() else repr(character)[1:-1]


# -- data and functions


def _stem(file: str) -> str:
    return file.removeprefix("data/").rpartition(".")[0].replace("/", ".")


def _data(tree: files.Tree, before: Known) -> dict[str, tuple[str, Any, tuple[Problem, ...]]]:
    """The constants of `data/`: digest, value and problems of each file."""
    found: dict[str, tuple[str, Any, tuple[Problem, ...]]] = {}
    stems: dict[str, str] = {}
    for file, data in tree.content.items():
        if not file.startswith("data/") or file.count("/") > 1:
            continue
        digest = tree.digests[file]
        old = before.data.get(file)
        first = stems.setdefault(_stem(file), file)
        if first != file:
            message = f"{first} has the name {_stem(file)} already"
            found[file] = ("", None, (Problem(file, 1, 1, codes.BAD_DATA, message, "rename one of them"),))
        elif old is not None and old[0] == digest:
            found[file] = old
        else:
            value, problems = _yaml(file, data) if file.endswith(".yaml") else _json(file, data)
            found[file] = (digest, value, tuple(problems))
    return found


def _yaml(file: str, data: bytes) -> tuple[Any, list[Problem]]:
    value, problems = source.read(data, file)
    if [problem.code for problem in problems] == ["not-a-mapping"]:
        # Constants may be a list as well: put under a key, it is a mapping.
        wrapped, further = source.read(b"value:\n " + data.removeprefix(b"---\n").replace(b"\n", b"\n "), file)
        if not further and wrapped is not None:
            return plain(wrapped["value"]), []
    return plain(value), problems


def _json(file: str, data: bytes) -> tuple[Any, list[Problem]]:
    try:
        return json.loads(data), []
    except json.JSONDecodeError as error:
        return None, [Problem(file, error.lineno, error.colno, codes.BAD_DATA, f"not JSON: {error.msg.lower()}")]
    except (ValueError, RecursionError):
        return None, [Problem(file, 1, 1, codes.BAD_DATA, "not JSON: wrong encoding, or nested too deep")]


def _modules(tree: files.Tree, before: Known) -> dict[str, Module]:
    """What each module of `functions/` defines."""
    found: dict[str, Module] = {}
    for file, data in tree.content.items():
        if file.startswith("functions/"):
            old = before.modules.get(file)
            digest = tree.digests[file]
            found[file] = old if old is not None and old.digest == digest else functions.read(file, digest, data)
    return found
