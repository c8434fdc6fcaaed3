"""The README's transcript is what `make demo` prints."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.follow import matches


def test_the_transcript_is_what_the_demo_prints(tmp_path: Path) -> None:
    """All but the times, in a copy of the example that has never run."""
    readme = importlib.import_module("generator.readme")
    example = readme.copy_of(ROOT / readme.DEMO, tmp_path)
    printed = readme.transcript(ROOT, example)
    said = readme.committed((ROOT / "README.md").read_text(encoding="utf-8"))
    assert matches(said.splitlines(), printed.splitlines()), f"run `python docs/generate.py readme`:\n{printed}"


def test_the_makefile_types_the_same() -> None:
    """What the transcript shows is what `make demo` does."""
    readme = importlib.import_module("generator.readme")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(IMAGE)", readme.AFTERWARDS[0].split()[1])
    for words in readme.AFTERWARDS:
        assert f"pipeline-kit {words}\\n" in makefile
        assert f"-m pipeline_kit -C {readme.DEMO} {words}\n" in makefile


def test_the_transcript_replaces_what_stood_between_its_marks() -> None:
    """Once, and nothing else changes."""
    readme = importlib.import_module("generator.readme")
    old = f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n"
    new = readme.with_transcript(old, "job  outcome")
    assert new.startswith("before\n") and new.endswith("after\n") and "old" not in new
    assert readme.committed(new) == "job  outcome"
    assert readme.with_transcript(new, "job  outcome") == new
    with pytest.raises(ValueError, match="needs one"):
        readme.with_transcript("no marks", "")
