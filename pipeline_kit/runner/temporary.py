"""Puts the kit's temporary files into the project while a job runs, where the next run can remove them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "TMPDIR"


@contextlib.contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Makes `tempfile` use the folder while the block runs.

    The project's processes keep their own: the path of a socket this deep may be too long.
    """
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(folder)
    reset_tempfile()
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
        reset_tempfile()


def reset_tempfile() -> None:
    """Makes `tempfile` read the variable again, where that module is loaded."""
    if module := sys.modules.get("tempfile"):
        vars(module)["tempdir"] = None
