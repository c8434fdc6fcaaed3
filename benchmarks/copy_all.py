"""Copies a template once for each number below one that is given: run by copier's own interpreter, as a script."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main(template: str, folder: Path, count: int) -> None:
    """Copies into a folder each, in this one process."""
    run_copy = import_module("copier").run_copy  # it is not in the environment that checks this file's types
    for number in range(count):
        data = {"project": f"copied-{number:04}"}
        run_copy(template, folder / str(number), data=data, defaults=True, quiet=True, overwrite=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
