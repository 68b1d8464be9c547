"""Files: the project's folder as bytes, within bounds, and never out of the tree."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from penstock.problem import CODES, Problem
from penstock.validate import codes

FOLDERS = ("workflows.d", "data", "functions", "templates")
MAX_FILES = 10_000
MAX_DEPTH = 32
MAX_BYTES = 1_000_000
MAX_OTHER_BYTES = 10_000_000


@dataclass(slots=True)
class Tree:
    """The files that were found: their bytes (but for those of `templates/`), their digests, and what could not be read."""

    content: dict[str, bytes] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, file: str, message: str, hint: str = "") -> None:
        """Note a file that cannot be read."""
        shown = file.encode("utf-8", "backslashreplace").decode()
        self.problems.append(Problem(shown, 1, 1, codes.UNREADABLE_FILE, message, hint))


def scan(root: Path) -> Tree:
    """Read the project's folder: `penstock.yaml`, and all files of its four folders that are not hidden or an editor's own."""
    tree = Tree()
    home = os.path.realpath(root)
    settings = Path(home) / "penstock.yaml"
    if os.path.lexists(settings):
        told = Tree(tree.content, tree.digests)
        _take(told, "penstock.yaml", str(settings), home)  # what is wrong with it is told where settings are read
    for folder in FOLDERS:
        path = f"{home}/{folder}"
        if not Path(path).is_dir():
            continue
        if folder != "functions" and not _within(os.path.realpath(path), home):
            tree.refuse(folder, "the link leads out of the project", "put the folder itself there")
            continue
        for file, full in _walk(tree, home, folder, path, 0, {os.path.realpath(path)}):
            if len(tree.digests) >= MAX_FILES:
                tree.refuse(file, f"the project has more than {MAX_FILES} files", "the rest is not read")
                return tree
            _take(tree, file, full, home)
    return tree


def temporary(name: str) -> bool:
    """Whether a file's name says that it is hidden, or an editor's own."""
    return name[0] == "." or name[-1] == "~" or name == "4913" or (name[0] == "#" == name[-1]) or name.endswith(".swp")


def _walk(tree: Tree, home: str, folder: str, path: str, depth: int, seen: set[str]) -> Iterator[tuple[str, str]]:
    """The files below a folder in order: path within the project, and path on the disk."""
    try:
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        tree.refuse(folder, f"the folder cannot be read: {_why(error)}")
        return
    for entry in entries:
        file = f"{folder}/{entry.name}"
        if temporary(entry.name) or entry.name == "__pycache__":
            continue
        if _is_folder(entry):
            real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
            if entry.is_symlink() and not _within(real, home):
                tree.refuse(file, "the link leads out of the project", "put the folder itself there")
            elif depth >= MAX_DEPTH:
                tree.refuse(file, f"folders are nested deeper than {MAX_DEPTH}")
            elif real not in seen:
                seen.add(real)
                yield from _walk(tree, home, file, entry.path, depth + 1, seen)
        elif _wanted(tree, folder.split("/", 1)[0], file):
            yield file, entry.path


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads to itself is found out when it is read.
        return False


def _wanted(tree: Tree, folder: str, file: str) -> bool:
    if folder == "workflows.d":
        if file.endswith(".yml"):
            severity = CODES[codes.IGNORED_FILE].severity
            problem = Problem(
                file,
                1,
                1,
                codes.IGNORED_FILE,
                "files end in .yaml, and this one is not read",
                "rename it",
                "",
                severity,
            )
            tree.problems.append(problem)
        return file.endswith(".yaml")
    if folder == "data":
        return file.endswith((".yaml", ".json"))
    return folder == "templates" or file.endswith(".py")


def _take(tree: Tree, file: str, full: str, home: str) -> None:
    """Read one file: a regular one, within the tree, and no more of it than its limit."""
    wanted = not file.startswith("templates/")
    limit = MAX_BYTES if file.startswith("workflows.d/") else MAX_OTHER_BYTES
    try:
        if Path(full).is_symlink() and not _within(os.path.realpath(full), home):
            tree.refuse(file, "the link leads out of the project", "put the file itself there")
            return
        with os.fdopen(os.open(full, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                tree.refuse(file, "it is not a regular file")
                return
            data = opened.read(limit + 1)
    except FileNotFoundError:
        if os.path.lexists(full):
            tree.refuse(file, "the link leads nowhere", "remove it")
        return
    except OSError as error:
        tree.refuse(file, f"the file cannot be read: {_why(error)}")
        return
    try:
        file.encode()
    except UnicodeEncodeError:
        tree.refuse(file, "the file's name is not UTF-8", "rename it")
        return
    tree.digests[file] = hashlib.sha256(data).hexdigest()[:12]
    if wanted:
        tree.content[file] = data


def _within(path: str, home: str) -> bool:
    return path == home or path.startswith(home.rstrip("/") + "/")


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
