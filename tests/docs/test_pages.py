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
from tests.docs.pages import Step, steps_of

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


def test_every_block_is_checked_by_something() -> None:
    """YAML is loaded or written to a file, Python and JSON can be read; what is not run says why."""
    faults = [
        f"{page.relative_to(ROOT)}:{step.first}: {fault}"
        for page in PAGES
        for step in steps_of(page)
        if (fault := fault_of(step))
    ]
    assert not faults, "\n".join(faults)


def fault_of(step: Step) -> str | None:
    """What is wrong with a block, or None."""
    if step.language not in LANGUAGES:
        return f"unknown language {step.language}"
    if step.what == "not run" and not step.value:
        return "the mark `not run` gives no reason"
    if step.language == "diff" and step.what not in ("edit", "not run"):
        return "a diff needs the mark `edit`"
    try:
        if step.what == "yaml" and not yaml.safe_load(step.text):
            return "a descriptor needs a mark: descriptor, fragment, file or append"
        if step.language == "json" and step.what != "not run":
            json.loads(step.text)
        if step.language == "python":
            ast.parse(step.text)
    except (yaml.YAMLError, ValueError, SyntaxError) as error:
        return str(error)
    return None


def test_the_tutorial_makes_the_mistakes_that_people_make() -> None:
    """A wrong key, a red test, a gate not met, a tampered result, an undecided gate: with their exit codes."""
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    for code in ("1", "2", "4"):
        assert f"$ echo $?\n{code}\n" in text
    for step in ("pip install", "init", "plan", "run", "decide", "render --check", "render --diff", "job evaluate"):
        assert step in text
