"""docs/security.md names a test for each attack, and all of them exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_attack_has_a_test() -> None:
    """The last cell of a row is a file of tests."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = page[page.index("| attack |") :].partition("\n\n")[0].splitlines()[2:]
    assert len(rows) >= 14
    for row in rows:
        name = re.search(r"`([\w/]+\.py)` \|$", row)
        assert name, row
        assert (ROOT / "tests" / name[1]).is_file(), row
