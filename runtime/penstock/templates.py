"""Templates: text and HTML of the `templates/` folder, rendered by sandboxed Jinja."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from penstock.errors import Failure


class Templates:
    """The templates of a project; read again when their file changes."""

    def __init__(self, folder: Path) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(("html", "htm", "xml"), default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, name: str, names: Mapping[str, Any]) -> str:
        """The text of a template with these names in sight. Raises Failure `internal`."""
        try:
            return self._environment.get_template(name).render(names)
        except TemplateNotFound as error:
            raise Failure("internal", f"there is no template {error.name}") from None
        except TemplateError as error:
            raise Failure("internal", f"template {name}: {error.message}") from error
