"""The README's transcript is what `make demo` prints."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.follow import matches
from tests.projects import kit


def test_the_transcript_is_what_the_demo_prints(tmp_path: Path) -> None:
    """All but the times, in a copy of the example that has never run."""
    readme = importlib.import_module("generator.readme")
    example = readme.copy_of(ROOT / readme.DEMO, tmp_path)
    printed = readme.transcript(ROOT, example)
    said = readme.committed((ROOT / "README.md").read_text(encoding="utf-8"))
    assert matches(said.splitlines(), printed.splitlines()), f"run `python docs/generate.py readme`:\n{printed}"


def test_the_descriptor_is_one(tmp_path: Path) -> None:
    """What the README shows as a descriptor is planned without a complaint, and rendered for both servers."""
    found = re.search(r"```yaml\n(version: 1\n.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    (tmp_path / "pipeline-kit.yml").write_text(found[1], encoding="utf-8")
    done = kit(tmp_path, "render")
    assert done.returncode == 0, done.stderr
    assert "deploy_production" in kit(tmp_path, "plan").stdout


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


def test_every_local_link_leads_to_a_file() -> None:
    """Pages and the picture of the report; an anchor is left to the site's own check."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", readme)
    assert "docs/_static/report.png" in links
    assert [link for link in links if not (ROOT / link).is_file()] == []
