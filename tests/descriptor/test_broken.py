"""Every broken descriptor tells what is wrong, where, and what to do, in exactly the words of its golden file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.problem import DescriptorError
from tests.descriptor.stages import WORDS

CASES = Path(__file__).parent.parent / "cases" / "descriptor"
NAMES = sorted(case.name for case in CASES.iterdir() if case.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_descriptor_is_explained(name: str) -> None:
    """The message is the golden one; PIPELINE_KIT_UPDATE_GOLDEN=1 writes it anew, for a person to read the diff."""
    with pytest.raises(DescriptorError) as caught:
        load_descriptor(CASES / name, WORDS)
    golden = CASES / name / "expected.txt"
    if os.environ.get("PIPELINE_KIT_UPDATE_GOLDEN") == "1" and "CI" not in os.environ:
        golden.write_text(f"{caught.value}\n", encoding="utf-8")
    assert f"{caught.value}\n" == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_problem_says_what_to_do(name: str) -> None:
    """No problem stands without a place in one of the two files and a next step; the same problem is told once."""
    with pytest.raises(DescriptorError) as caught:
        load_descriptor(CASES / name, WORDS)
    problems = caught.value.problems
    assert all(each.hint and each.message and each.position.line > 0 < each.position.column for each in problems)
    assert {each.position.file for each in problems} <= {"pipeline-kit.yml", "pipeline-kit.organisation.yml"}
    assert len(set(problems)) == len(problems)
    assert list(problems) == sorted(problems, key=lambda each: (each.position, each.message))


def test_there_are_enough_cases(count: Callable[[str, int], None]) -> None:
    """The promise is at least sixty kinds of broken descriptors."""
    count("broken descriptors explained in golden words", len(NAMES))
    assert len(NAMES) >= 60
