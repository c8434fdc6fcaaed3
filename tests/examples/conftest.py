"""The Python that the digits example and the lightning profile need."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline_kit.adapters.pythons import LockedPythons, find_python
from pipeline_kit.contract.ports import ProjectPython
from pipeline_kit.errors import ProjectError
from pipeline_kit.runner.folders import user_cache

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def torch_python() -> ProjectPython:
    """The digits example's locked environment; made here only where no test may be skipped, for it is large."""
    lock, lines = ROOT / "examples" / "digits_cnn" / "requirements.lock", list[str]()
    variables: Mapping[str, str] = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pythons = LockedPythons(user_cache(), variables, lines.append)
    try:
        find_python("3.11")
    except ProjectError as error:
        pytest.skip(error.message)
    if not is_made(pythons, lock) and not os.environ.get("PIPELINE_KIT_NO_SKIPS"):
        pytest.skip("torch is not installed: pipeline-kit -C examples/digits_cnn run build installs it")
    return pythons.locked(lock, "3.11")


def is_made(pythons: LockedPythons, lock: Path) -> bool:
    """Whether the environment of a lock file is there."""
    digest = pythons.digest(lock, "3.11").removeprefix("sha256:")
    return (pythons.cache / "environments" / digest[:32] / "ready.json").is_file()
