"""`stage.yml` and `server.yml` hold plain values: read as PyYAML reads them, and refused where readers differ."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipeline_kit.catalog import BUILT_IN, Servers, built_in_folder
from pipeline_kit.contract.stage_file import read_spec
from pipeline_kit.errors import UsageError
from pipeline_kit.yaml.plain import read_plain_yaml
from tests.conftest import ROOT

FILES = [built_in_folder() / name / "stage.yml" for name in BUILT_IN]
FILES += [ROOT / "pipeline_kit" / "servers" / name / "server.yml" for name in Servers()]


def test_the_kits_own_files_mean_what_pyyaml_reads() -> None:
    """Key by key."""
    contents = {path: path.read_bytes() for path in FILES}
    read = {path: read_plain_yaml(path, content) for path, content in contents.items()}
    assert read == {path: yaml.safe_load(content) for path, content in contents.items()}


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 2.5, -3, 1e3, true, null, ~, text, 'it''s', \"\\u00e9\\n\"]",
        "a: {b: {c: []}}\nd: >-\n  one\n  two\n",
        "a:",
    ],
)
def test_values_are_what_pyyaml_reads(text: str) -> None:
    """Numbers, texts in quotes and blocks, lists and mappings; 1e3 alone is text to YAML 1.1."""
    expected = yaml.safe_load(text.replace("1e3", "1.0e+3"))
    assert read_plain_yaml(Path("f"), text.encode()) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: yes", "f:1: yes is true or false to some YAML readers"),
        ("a: 1\nb: 010", "f:2: 010 is an octal number"),
        ("a: 2026-01-01", "f:1: 2026-01-01 is a date"),
        ("a: &x [1]\nb: *x", "f:1: anchors, aliases and tags are not read"),
        ("a: &x b", "f:1: anchors, aliases and tags are not read"),
        ("b: *x", "anchors, aliases and tags are not read"),
        ("a: !!python/object/apply:os.system [id]", "f:1: anchors, aliases and tags are not read"),
        ("a: !!str 1", "f:1: anchors, aliases and tags are not read"),
        ("a: 1\na: 2", "f:2: a key is not text, or is given twice"),
        ("[a]: 1", "f:1: a key is not text, or is given twice"),
        ("- a", "f: is not a mapping"),
        ("text", "f: is not a mapping"),
        ("a: 1\n---\nb: 2", "f:2: a second document begins"),
        ("", "f: is empty"),
        ("a: [", "f: not YAML"),
        ("a: \x07", "f: not YAML"),
        ("a: " + "[" * 3000 + "]" * 3000, "f: "),
    ],
)
def test_what_readers_differ_on_is_refused(text: str, message: str) -> None:
    """With the file and the line; a stage of a repository is data from outside."""
    with pytest.raises(UsageError) as caught:
        read_plain_yaml(Path("f"), text.encode())
    assert message in caught.value.message


@pytest.mark.parametrize("key", ["cacheable", "project_code", "uses_store", "changes_world"])
def test_a_flag_is_true_or_false(tmp_path: Path, key: str) -> None:
    """A text in quotes would count as true, whatever it says."""
    (tmp_path / "stage.yml").write_text(f"help: Does something.\n{key}: 'false'\n")
    with pytest.raises(UsageError, match=f"{key} is 'false'"):
        read_spec(tmp_path)
