"""`python -m penstock.spec [--check] [FOLDER]`: write `schema/` and the generated pages of `docs/`, or say which are stale."""

import sys
from pathlib import Path

from penstock import spec


def main(arguments: list[str]) -> int:
    """The exit code: 1 with `--check` when something is stale."""
    check = "--check" in arguments
    root = Path(next((word for word in arguments if not word.startswith("-")), "."))
    work = spec.stale if check else spec.put
    found = [
        f"{folder}/{name}"
        for folder, texts in (("schema", spec.schemas()), ("docs", spec.pages()))
        for name in work(root / folder, texts)
    ]
    for name in found:
        print(f"{name} is stale: run python -m penstock.spec" if check else f"wrote {name}")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
