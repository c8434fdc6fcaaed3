"""Files that the servers take: no alarm at any of them."""

from __future__ import annotations

from collections.abc import Callable

from pipeline_kit.lint.finding import Level
from tests.lint.cases import RENDERED, VALID, lint


def test_a_valid_file_raises_no_alarm() -> None:
    """Neither an error nor a warning: whatever the two servers document may be used."""
    findings = [finding.text(path.name) for path in VALID for finding in lint(path) if finding.level is not Level.NOTE]
    assert findings == []


def test_nothing_that_the_kit_renders_raises_an_alarm(count: Callable[[str, int], None]) -> None:
    """The goldens, the examples and the kit's own two files."""
    told = [each.text(str(path)) for path in RENDERED for each in lint(path)]
    assert told == []
    assert len(VALID) >= 40
    assert len(RENDERED) >= 30
    count("lint: valid files written by hand, no false alarm", len(VALID))
    count("lint: rendered files, no false alarm", len(RENDERED))
