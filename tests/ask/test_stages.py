"""`stages`: what jobs may use, and all about one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_kit.catalog import BUILT_IN, Specs
from pipeline_kit.contract.spec import StageSpec
from pipeline_kit.report.stage_page import parameter_as_json, stage_as_json, stage_lines, summary_lines
from tests.plugins import install_package, use_plugins
from tests.projects import STAGE_YML, kit, write_project


def words(lines: list[str]) -> str:
    """The text of lines, however they are wrapped."""
    return " ".join(" ".join(lines).split())


@pytest.mark.parametrize("width", [40, 80, 120])
def test_everything_about_a_stage_is_shown_within_the_width(width: int) -> None:
    """Every parameter with its help, every output and every kind it consumes, in lines that fit."""
    for name in BUILT_IN:
        lines = stage_lines(Specs()[name], "pipeline-kit", width)
        text = words(lines)
        assert [part for part in parts_of(Specs()[name]) if part not in text] == [], name
        longest_word = max(len(word) for word in text.split())
        assert [line for line in lines if len(line) > max(width, longest_word + 16)] == [], name


def parts_of(spec: StageSpec) -> Iterator[str]:
    """What the description of a stage must show."""
    for parameter in spec.parameters:
        yield f" {parameter.name}: "
        yield words([parameter.help])
        for field in (*parameter.fields, *(parameter.items.fields if parameter.items else ())):
            yield words([field.help])
    yield from (f"{output.path} ({output.kind})" for output in spec.outputs)
    yield from spec.consumes
    yield f"cacheable: {'yes' if spec.cacheable else 'no'}"


def test_the_list_has_each_stage_with_its_first_sentence() -> None:
    """Wrapped below its text, so that the names stand alone on the left."""
    specs = Specs()
    lines = summary_lines([(specs[name], "pipeline-kit") for name in BUILT_IN], 50)
    assert [line.split()[0] for line in lines if line and not line.startswith(" ")] == [*BUILT_IN, "pipeline-kit"]
    assert all(len(line) <= 80 for line in lines)
    assert "gate Judges the model." in [" ".join(line.split()) for line in lines]


def test_json_tells_the_same(tmp_path: Path) -> None:
    """The list and the page of one stage, for a machine; what a parameter has not is left out."""
    listed = json.loads(kit(tmp_path, "stages", "--json").stdout)["stages"]
    assert [each["name"] for each in listed] == sorted(BUILT_IN)
    page = json.loads(kit(tmp_path, "stages", "gate", "--json").stdout)
    assert page == json.loads(json.dumps(stage_as_json(Specs()["gate"], "pipeline-kit")))
    rules = next(each for each in page["parameters"] if each["name"] == "rules")
    assert rules["required"] is True
    assert [each["name"] for each in rules["items"]["fields"]][:2] == ["metric", "min"]
    assert set(parameter_as_json(Specs()["test"].parameters[0])) == {
        "name", "type", "help", "required", "default", "items"
    }  # fmt: skip


def test_stages_of_a_project_and_of_a_package_say_where_they_come_from(tmp_path: Path) -> None:
    """A folder of the project, and the module of a package that the descriptor names under `plugins`."""
    project = use_plugins(write_project(tmp_path / "project", "  one: {stage: probe}\n"), "acme-stages")
    files = {"acme_stages/__init__.py": "", "acme_stages/smoke/stage.yml": STAGE_YML}
    points = {"pipeline_kit.stages": {"smoke": "acme_stages.smoke"}}
    site = install_package(tmp_path / "site", "acme-stages", files, points)
    listed = kit(project, "stages", PYTHONPATH=str(site), COLUMNS="120").stdout
    ends = "probe Ends as it is told, for the tests of the runner. (project .pipeline-kit/stages/probe)"
    assert ends in [" ".join(line.split()) for line in listed.splitlines()]
    assert "(package acme_stages.smoke)" in listed
    shown = kit(project, "stages", "smoke", PYTHONPATH=str(site)).stdout
    assert shown.startswith("smoke (package acme_stages.smoke)\n")
    assert "end: string, default passed" in shown


def test_an_unknown_stage_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    """Exit code 2."""
    shown = kit(tmp_path, "stages", "gte")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "did you mean `gate`?" in shown.stderr
