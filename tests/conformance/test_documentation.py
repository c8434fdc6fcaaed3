"""The page about conformance names each deviation's test, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import ROOT


def test_each_deviation_on_the_page_has_its_test() -> None:
    """A deviation that is mended, and its test with it, leaves the page too."""
    page = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    files = Path(__file__).parent.glob("test_deviations_*.py")
    tests = {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.M)}
    assert set(re.findall(r"`(test_it_\w+)`", page)) == tests
