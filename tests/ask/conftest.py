"""What the tests of questions share."""

from __future__ import annotations

import pytest

from tests.ask.asking import PROJECTS, Asked, ask


@pytest.fixture(scope="session")
def answers() -> dict[str, Asked]:
    """The answers for every valid case and every example."""
    return {path.name: ask(path) for path in PROJECTS}
