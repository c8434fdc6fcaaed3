"""What the tests of the documentation share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where projects that were made and run once are kept for every page."""
    return tmp_path_factory.mktemp("finished")


@pytest.fixture(autouse=True)
def generator_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The generator's modules lie beside the pages."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
