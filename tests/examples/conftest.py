"""The Python that the digits example and the lightning profile need."""

from __future__ import annotations

import os

import pytest

from pipeline_kit.adapters.python.interpreters import find_python
from pipeline_kit.contract.ports import ProjectPython
from pipeline_kit.errors import ProjectError
from tests.locked import PYTHON, is_made, locked_python


@pytest.fixture(scope="session")
def torch_python() -> ProjectPython:
    """The digits example's locked environment; made here only where no test may be skipped, for it is large."""
    try:
        find_python(PYTHON)
    except ProjectError as error:
        pytest.skip(error.message)
    if not is_made("digits_cnn") and not os.environ.get("PIPELINE_KIT_NO_SKIPS"):
        pytest.skip("torch is not installed: pipeline-kit -C examples/digits_cnn run build installs it")
    return locked_python("digits_cnn")
