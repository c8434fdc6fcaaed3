"""The locked environments of the examples, which the profiles share with them: made once a machine, by lock file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.adapters.python.environments import LockedPythons
from pipeline_kit.adapters.python.project import VenvPython
from pipeline_kit.contract.ports import ProjectPython
from pipeline_kit.runner.folders import user_cache
from tests.conftest import ROOT

PYTHON = ">=3.11"


def lock_of(example: str) -> Path:
    """The lock file of an example."""
    return ROOT / "examples" / example / "requirements.lock"


def locked_pythons() -> LockedPythons:
    """The environments in the user's cache, without what PYTHONPATH would add to them."""
    variables: Mapping[str, str] = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return LockedPythons(user_cache(), variables, lambda line: None)


def locked_python(example: str) -> ProjectPython:
    """An example's environment; made here where this machine has not got it yet."""
    return locked_pythons().locked(lock_of(example), PYTHON)


def interpreter_of(example: str) -> Path:
    """The interpreter of an example's environment."""
    python = locked_python(example)
    assert isinstance(python, VenvPython)
    return python.folder / "bin" / "python"


def is_made(example: str) -> bool:
    """Whether an example's environment is on this machine."""
    pythons = locked_pythons()
    digest = pythons.digest(lock_of(example), PYTHON).removeprefix("sha256:")
    return (pythons.cache / "environments" / digest[:32] / "ready.json").is_file()
