"""Files with faults: what is found, where, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.servers.lint import check_file, rules
from tests.lint.cases import BROKEN

UPDATE = "PIPELINE_KIT_UPDATE_GOLDEN"


def broken_file(case: Path) -> Path:
    (file,) = (path for path in case.iterdir() if path.name != "expected.txt")
    return file


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_a_fault_is_found(case: Path) -> None:
    """The findings are the golden ones; with PIPELINE_KIT_UPDATE_GOLDEN=1 they are written anew, to be read."""
    file = broken_file(case)
    told = "".join(f"{each.text(file.name)}\n" for each in check_file(file.name, file.read_bytes()))
    expected = case / "expected.txt"
    if os.environ.get(UPDATE) == "1" and "CI" not in os.environ:
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")


def test_every_rule_has_a_case(count: Callable[[str, int], None]) -> None:
    """A rule that no broken file shows is not known to work."""
    shown = {
        each.rule for case in BROKEN for each in check_file(broken_file(case).name, broken_file(case).read_bytes())
    }
    assert shown == {rule.id for rule in rules()}
    assert len(BROKEN) >= 50
    count("lint: broken files", len(BROKEN))
    count("lint: rules that they show, which is all", len(shown))
