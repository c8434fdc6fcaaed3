"""Where the kit's own temporary files go while a job runs: into the project, where the next run finds them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "TMPDIR"


@contextlib.contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Lets `tempfile` use the folder while the block runs.

    The project's processes keep their own: a socket in a folder as deep as this may have too long a name.
    """
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(folder)
    ask_again()
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
        ask_again()


def ask_again() -> None:
    """Makes `tempfile` look at the variable again, where that module is loaded at all."""
    if module := sys.modules.get("tempfile"):
        vars(module)["tempdir"] = None
