"""Every page of the documentation, followed by somebody who types what it says, mistakes included."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.docs.follow import follow, new_reader, update
from tests.docs.pages import steps_of

PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if "reference" not in path.parts)
TYPED = [page for page in PAGES if any(step.what in ("console", "descriptor", "fragment") for step in steps_of(page))]
LANGUAGES = {"", "console", "diff", "groovy", "json", "python", "text", "yaml", "{toctree}", "{warning}", "{note}"}
UPDATE = "PIPELINE_KIT_UPDATE_GOLDEN"


def name_of(page: Path) -> str:
    """The page as the site knows it."""
    return page.relative_to(ROOT / "docs").with_suffix("").as_posix()


@pytest.mark.parametrize("page", TYPED, ids=name_of)
def test_what_a_page_says_is_what_happens(page: Path, tmp_path: Path, finished: Path) -> None:
    """Files are written, changes made, commands typed; what they print is what the page shows."""
    differences = follow(page, new_reader(tmp_path, finished))
    if os.environ.get(UPDATE):
        update(page, differences)
    assert not differences, "\n\n".join(f"{page}:{each.line}: {each.text}" for each in differences)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_held_by_something(page: Path) -> None:
    """YAML is loaded or written to a file, Python and JSON can be read; what is not run says why."""
    for step in steps_of(page):
        where = f"{page}:{step.first}"
        assert step.language in LANGUAGES, f"{where}: {step.language}"
        if step.what == "not run":
            assert step.value, f"{where}: it does not say why"
        elif step.what == "yaml":
            assert yaml.safe_load(step.text), f"{where}: a descriptor has a mark: descriptor, fragment, file or append"
        elif step.language == "diff":
            assert step.what == "edit", where
        elif step.language == "json":
            json.loads(step.text)
        if step.language == "python":
            ast.parse(step.text)


def test_the_tutorial_makes_the_mistakes_that_people_make() -> None:
    """A wrong key, a red test, a gate not met, a tampered result, an undecided gate: with their exit codes."""
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    for code in ("1", "2", "4"):
        assert f"$ echo $?\n{code}\n" in text
    for step in ("pip install", "init", "plan", "run", "decide", "render --check", "render --diff", "job evaluate"):
        assert step in text
