"""Catalog: a folder of files becomes one immutable snapshot."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from penstock import registry
from penstock.compile import Program, compile_document, compile_templates
from penstock.context import World
from penstock.functions import Functions
from penstock.history.record import Level
from penstock.model import Document, ErrorShape
from penstock.params import Checker
from penstock.problem import Problem
from penstock.route import Routes
from penstock.shape import PLAIN, Shape
from penstock.validate import project as projects
from penstock.validate.project import Project


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All files, read, checked and compiled. Runs keep the one that they began on."""

    project: Project
    root: Path
    digest: str
    settings: Any
    world: World
    programs: Mapping[str, Program]
    routes: Routes[Program]
    data: Mapping[str, Any]
    shape: Shape
    problems: tuple[Problem, ...] = ()
    documents: Mapping[str, Document] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        """The problems that keep the files from going live."""
        return [problem for problem in self.problems if problem.severity == "error"]


def build(
    root: Path, world: World, *, previous: Snapshot | None = None, environ: Mapping[str, str] | None = None
) -> Snapshot:
    """Read the folder, check it whole, compile what is sound. Only files that have changed since `previous` are read again.

    A snapshot with `errors` is not fit to go live: its unsound files are left out.
    """
    project = projects.load(
        root, os.environ if environ is None else environ, None if previous is None else previous.project
    )
    actions = registry.load()
    settings = project.settings
    functions = world.functions
    if isinstance(functions, Functions) and previous is not None:
        functions = functions.fresh()
    world = replace(world, settings=settings, env=settings.env, functions=functions)
    old = {} if previous is None else {id(program.document): program for program in previous.programs.values()}
    same_settings = previous is not None and previous.settings == settings
    outer = _shape(settings.errors, str(root / "penstock.yaml"), PLAIN)
    unsound = {problem.file for problem in project.problems if problem.severity == "error"}
    programs: dict[str, Program] = {}
    for document in project.documents:
        if document.kind not in ("endpoint", "workflow", "middleware") or document.file in unsound:
            continue
        known = old.get(id(document)) if same_settings else None
        programs[document.name] = known if known is not None else _program(document, actions, root, settings, outer)
    endpoints: list[tuple[str, Any, Program]] = []
    for program in programs.values():
        document = program.document
        if document.kind != "endpoint":
            continue
        chain = tuple(programs[name] for name, _ in document.security.middleware if name in programs)
        if document.strict and chain:
            # what its middleware reads from the same request is not unknown
            also = [parameter for item in chain for parameter in item.document.params]
            checker = Checker(document.params, strict=True, messages=program.shape.messages, also=also)
            program = replace(program, checker=checker)
        program = replace(program, chain=chain, waits=program.asynchronous or any(item.asynchronous for item in chain))
        programs[document.name] = program
        endpoints.append((document.method, document.segments, program))
    return Snapshot(
        project=project,
        root=root,
        digest=project.digest,
        settings=settings,
        world=world,
        programs=programs,
        routes=Routes(endpoints),
        data=project.data,
        shape=outer,
        problems=tuple(project.problems),
        documents={document.name: document for document in project.documents},
    )


def _program(
    document: Document, actions: Mapping[str, registry.Action], root: Path, settings: Any, outer: Shape
) -> Program:
    shape = outer if document.errors is None else _shape(document.errors, str(root / document.file), outer)
    program = compile_document(
        document,
        actions,
        root=root,
        level=cast(Level, document.history_level or settings.history.level),
        timeout=30.0,
        messages=shape.messages,
    )
    program.shape = shape
    if program.content_type is None and document.kind == "endpoint" and settings.content_type is not None:
        outermost = settings.content_type
        program.content_type = lambda _: outermost
    program.body_limit = document.body_limit or settings.limits.body
    return program


def _shape(errors: ErrorShape | None, filename: str, outer: Shape) -> Shape:
    """The compiled form of an `errors:` mapping, over the one outside of it."""
    if errors is None:
        return outer
    templates = {f"header {name}": template for name, template in errors.headers.items()}
    if errors.body is not None:
        templates["body"] = errors.body
    if errors.content_type is not None:
        templates["content_type"] = errors.content_type
    functions = compile_templates(templates, filename)
    renders = {name: _render(function) for name, function in functions.items()}
    return Shape(
        body=renders.get("body", outer.body),
        content_type=renders.get("content_type", outer.content_type),
        headers={
            **outer.headers,
            **{name[7:]: render for name, render in renders.items() if name.startswith("header ")},
        },
        status={**outer.status, **errors.status},
        messages={**outer.messages, **errors.messages},
    )


class _Names:
    """Just enough of a context for an error's body: the name `error`."""

    __slots__ = ("names",)

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.names = {"error": error}


def _render(function: Any) -> Any:
    return lambda view: function(_Names(view))
