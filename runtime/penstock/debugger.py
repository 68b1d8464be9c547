"""Debugger: pdb that takes the lines of YAML files as breakpoints, in every version of Python.

`python -m penstock.debugger …` is `python -m pdb …`. Since Python 3.13 the `break` of plain pdb knows only `.py` files.
"""

import importlib
import pdb
from pathlib import Path


class YamlPdb(pdb.Pdb):
    """Pdb whose `break FILE:LINE` finds YAML files, absolute or from the folder that it runs in."""

    def lookupmodule(self, filename: str) -> str | None:
        path = Path(filename)
        if path.suffix in (".yaml", ".yml") and path.is_file():
            return str(path.resolve())
        return super().lookupmodule(filename)


def main() -> None:
    """Run pdb's own command line with this debugger."""
    vars(pdb)["Pdb"] = YamlPdb
    pdb.main()


if __name__ == "__main__":
    # pdb empties `__main__` before it runs the program, so this runs from the module of its own name.
    importlib.import_module("penstock.debugger").main()
