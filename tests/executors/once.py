"""Work that one process does for a whole test run, however many share it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], str]) -> str:
    """The text that `make` returns, given a folder to work in; every other process of the run waits and reads it."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "made"
        if not made.exists():
            made.write_text(make(folder / "work"), encoding="utf-8")
        return made.read_text(encoding="utf-8")


def chosen(request: pytest.FixtureRequest, parameter: str) -> list[str]:
    """The values of a parameter in all tests of this run, each once: what `-k` left out is not worth any work."""
    values = [item.callspec.params.get(parameter) for item in request.session.items if hasattr(item, "callspec")]
    return [str(value) for value in dict.fromkeys(values) if value is not None]
