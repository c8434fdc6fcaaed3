"""The reference pages are what their sources say, and leave nothing out."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

from pipeline_kit.catalog import BUILT_IN, Servers, Specs
from pipeline_kit.descriptor.sections import JOB, root_keys
from tests.conftest import ROOT as REPOSITORY

REFERENCE = REPOSITORY / "docs" / "reference"


@pytest.fixture
def generate() -> ModuleType:
    """docs/generate.py."""
    return importlib.import_module("generate")


def test_the_committed_pages_are_what_their_sources_say(generate: ModuleType) -> None:
    """`python docs/generate.py` writes them again."""
    assert generate.stale(REFERENCE, generate.pages()) == []


def test_a_page_that_differs_is_missing_or_is_of_nothing_is_written_again(generate: ModuleType, tmp_path: Path) -> None:
    """The folder ends with the pages and no others."""
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages" / "gone.md").write_text("of a stage that is no more", encoding="utf-8")
    (tmp_path / "index.md").write_text("old", encoding="utf-8")
    generate.write(tmp_path, generate.pages())
    assert generate.stale(tmp_path, generate.pages()) == []
    assert not (tmp_path / "stages" / "gone.md").exists()


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_stage_s_page_has_every_parameter_and_output(name: str) -> None:
    """With its help."""
    spec, text = Specs()[name], (REFERENCE / "stages" / f"{name}.md").read_text(encoding="utf-8")
    for parameter in spec.parameters:
        assert f"| `{parameter.name}` |" in text
    for output in spec.outputs:
        assert f"| `{output.name}` |" in text


def test_the_descriptor_s_page_has_every_key() -> None:
    """Those of the root, and those that every job may have."""
    text = (REFERENCE / "descriptor.md").read_text(encoding="utf-8")
    assert all(f"\n## {each.name}\n" in text for each in root_keys(Servers().values()))
    assert all(f"| `{each.name}` |" in text for each in JOB)


def test_a_key_without_a_meaning_is_an_error() -> None:
    """A document that gets a key gets a line in its page, or the pages are not made."""
    documents, samples = importlib.import_module("generator.documents"), importlib.import_module("generator.samples")
    sample = json.loads(samples.result())
    with pytest.raises(KeyError, match="new_key"):
        documents.document_page("x", "", importlib.import_module("generator.meanings").RESULT, {**sample, "new_key": 1})


def test_text_stands_as_it_is_in_a_table() -> None:
    """Pipes, brackets and stars are no Markdown, but for what stands between backticks."""
    markdown = importlib.import_module("generator.markdown")
    assert markdown.escaped("a | b [c] `d*` e*") == r"a \| b \[c\] `d*` e\*"
    assert markdown.table(("a",), []) == ""
