"""Files that the servers take: no alarm at any of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_kit.lint.finding import Level
from tests.lint.cases import RENDERED, VALID, lint


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.name)
def test_a_valid_file_raises_no_alarm(path: Path) -> None:
    """Neither an error nor a warning: whatever the two servers document may be used."""
    assert [each.told(path.name) for each in lint(path) if each.level is not Level.NOTE] == []


def test_nothing_that_the_kit_renders_raises_an_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    """The goldens, the examples and the kit's own two files."""
    told = [each.told(str(path)) for path in RENDERED for each in lint(path)]
    assert told == []
    assert len(VALID) >= 40
    assert len(RENDERED) >= 30
    with capsys.disabled():
        print(f"\nlint: {len(VALID)} valid files written by hand and {len(RENDERED)} rendered ones, no false alarm")
