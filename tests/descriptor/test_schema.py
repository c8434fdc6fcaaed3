"""The schema for editors agrees with the checks, for both come from one source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipeline_kit.descriptor.problem import Problems
from pipeline_kit.descriptor.schema import json_schema
from pipeline_kit.descriptor.tree import plain
from pipeline_kit.descriptor.yaml_tree import read_tree
from tests.descriptor.stages import WORDS

CASES = Path(__file__).parent.parent / "cases"
SCHEMA: dict[str, Any] = json.loads(json.dumps(json_schema(WORDS)))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

BEYOND_A_SCHEMA = {
    "cycle", "two_cycles", "needs_itself", "unknown_need", "unknown_names", "unknown_names_of_empty_sections",
    "events_beyond_a_need", "events_that_never_meet", "events_outside_refs", "no_events", "reads_what_comes_later",
    "matrix_collision", "matrix_without_parameters", "too_many_cells", "too_many_needs",
    "environment_overrides_a_parameter_wrongly", "old_and_new_name",
    "organisation_and_old_name", "organisation_digest_differs", "organisation_file_is_wrong", "organisation_locks",
    "organisation_file_missing", "organisation_lock_of_nothing", "organisation_not_named",
    "organisation_of_another_version",
}  # fmt: skip
"""What a schema cannot say: it knows no other names, no other files, and no sums."""


def names(area: str) -> list[str]:
    return sorted(case.name for case in (CASES / area).iterdir() if case.is_dir())


def document(area: str, name: str) -> tuple[object, bool]:
    """The file's values, and whether the YAML itself was in order."""
    problems = Problems()
    tree = read_tree((CASES / area / name / "pipeline-kit.yml").read_bytes(), "pipeline-kit.yml", problems)
    return (plain(tree) if tree else None), tree is not None and not len(problems)


def test_the_schema_is_one() -> None:
    """It follows the dialect that it names."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", names("valid"))
def test_valid_descriptors_pass(name: str) -> None:
    """Whatever loads is valid in the editor too."""
    value, _ = document("valid", name)
    assert [error.message for error in VALIDATOR.iter_errors(value)] == []


@pytest.mark.parametrize("name", names("descriptor"))
def test_broken_descriptors_fail(name: str) -> None:
    """Whatever a schema can see, it sees; what it cannot is listed, so that the list never grows unnoticed."""
    value, is_yaml = document("descriptor", name)
    if is_yaml:
        assert VALIDATOR.is_valid(value) == (name in BEYOND_A_SCHEMA)


def test_help_and_defaults_reach_the_editor() -> None:
    """A stage's own words describe its keys, an old name is marked, and a key of another stage is refused."""
    jobs = SCHEMA["$defs"]["whole"]["$defs"]
    assert jobs["stage_train"]["properties"]["rate"]["description"] == "The rate. In steps."
    assert jobs["stage_train"]["properties"]["speed"]["deprecated"] is True
    assert jobs["stage_test"]["properties"]["grace"]["default"] == "5m"
    assert "rules" not in jobs["stage_train"]["properties"]
