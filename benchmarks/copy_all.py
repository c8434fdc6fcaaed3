"""Copies a template many times in one process; a script for copier's own interpreter."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main(template: str, folder: Path, count: int) -> None:
    """Copies the template into `count` folders."""
    run_copy = import_module("copier").run_copy  # not installed where this file's types are checked
    for number in range(count):
        data = {"project": f"copied-{number:04}"}
        run_copy(template, folder / str(number), data=data, defaults=True, quiet=True, overwrite=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
