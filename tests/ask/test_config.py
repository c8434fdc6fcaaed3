"""`config`: the descriptor as it counts, and the place that set each value."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.catalog import Catalog
from pipeline_kit.contract.stage_places import parameter_places
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.model import Descriptor, Position
from pipeline_kit.descriptor.origin import Layer, Origin, Setting
from pipeline_kit.descriptor.printing import as_yaml, scalar_text
from pipeline_kit.descriptor.problem import Problems
from pipeline_kit.descriptor.tree import plain
from pipeline_kit.descriptor.yaml_tree import read_tree
from pipeline_kit.yaml.scalar import resolve
from tests.ask.asking import PROJECTS, ROOT, Asked, ask
from tests.projects import commit, kit, write_project


def alike(descriptor: Descriptor) -> Descriptor:
    """The descriptor without the places of its jobs and the digest of what is written out."""
    nowhere = Position("", 0, 0)
    jobs = {name: replace(job, position=nowhere) for name, job in descriptor.jobs.items()}
    return replace(descriptor, jobs=jobs, digest="", organisation=None)


@pytest.mark.parametrize("directory", PROJECTS, ids=lambda path: path.name)
def test_what_config_prints_is_a_descriptor_that_means_the_same(
    directory: Path, answers: dict[str, Asked], tmp_path: Path
) -> None:
    """Read back in a folder of its own, it gives the same values: layers, defaults and quotes included."""
    asked = answers[directory.name]
    printed = as_yaml(replace(asked.settings, entries=without_organisation(asked.settings)), origins=True)
    (tmp_path / "pipeline-kit.yml").write_text(printed, encoding="utf-8")
    catalog = Catalog(directory)
    assert alike(load_descriptor(tmp_path, catalog)) == alike(asked.project.descriptor)


def without_organisation(settings: Setting) -> dict[str, Setting]:
    """The entries without the organisation's file, which is merged in already."""
    return {key: each for key, each in (settings.entries or {}).items() if key != "organisation"}


def test_every_origin_names_the_line_that_holds_the_key(
    answers: dict[str, Asked], capsys: pytest.CaptureFixture[str]
) -> None:
    """In the file and on the line that is named stands the value's key; the kit's defaults are in a stage's file."""
    count = dict.fromkeys(Layer, 0)
    for directory in PROJECTS:
        for path, setting in answers[directory.name].settings.leaves():
            origin = setting.origin
            count[origin.layer] += 1
            if origin.position is None:
                assert origin.layer is Layer.KIT
                continue
            folder = ROOT if origin.position.file.startswith("stages/") else directory
            lines = (folder / origin.position.file).read_text(encoding="utf-8").splitlines()
            there = lines[origin.position.line - 1][origin.position.column - 1 :]
            name = [part for part in path if not part.isdigit()][-1]
            written = (scalar_text(str(setting.value)), json.dumps(setting.value))
            number = re.match(r"[-+.0-9e]*", there)
            is_number = number is not None and resolve(number[0]) == setting.value
            assert is_number or there.startswith((name, json.dumps(name), "kit:", "default:", *written)), (
                f"{directory.name}: {'.'.join(path)} is not at {origin.position}: {there}"
            )
    with capsys.disabled():
        print("\nvalues with their origin:", {layer.value: number for layer, number in count.items()})
    assert all(count.values())
    assert sum(count.values()) > 1000


def test_the_layers_are_told_apart(answers: dict[str, Asked]) -> None:
    """Organisation and repository by their files, the environment where it changes a job, the kit where none spoke."""
    organised = answers["organisation"].settings
    assert str(at(organised, "jobs.check.timeout").origin) == "organisation, pipeline-kit.organisation.yml:8, locked"
    assert str(at(organised, "store").origin) == "repository, pipeline-kit.yml:5"
    assert str(at(organised, "jobs.test.timeout").origin) == "kit default"
    assert at(organised, "kit.index").origin.layer is Layer.ORGANISATION
    environments = answers["environments"].settings
    changed = at(environments, "jobs.package_production.timeout")
    assert changed.value == "30m"
    assert str(changed.origin) == "environment production, pipeline-kit.yml:28"
    assert at(environments, "environments.production.jobs.package_production.timeout").origin.layer is Layer.REPOSITORY


def at(settings: Setting, path: str) -> Setting:
    """The setting at a dotted path."""
    found = settings.at(path.split("."))
    assert found is not None, path
    return found


def test_a_parameter_under_its_old_name_is_shown_under_the_new_one(tmp_path: Path) -> None:
    """What the reader takes is what is shown, with the line of the old name."""
    project = write_project(tmp_path, "  one: {stage: probe,\n    fin: failed}\n")
    stage = project / ".pipeline-kit/stages/probe/stage.yml"
    stage.write_text(stage.read_text().replace("default: passed,", "default: passed, deprecated: [fin],"))
    end = at(ask(project).settings, "jobs.one.end")
    assert (end.value, end.origin.position) == ("failed", Position("pipeline-kit.yml", 7, 5))


def test_a_default_has_the_line_of_the_stage_that_has_it(tmp_path: Path) -> None:
    """A stage of the project's own is named by its file in the project."""
    project = write_project(tmp_path, "  one: {stage: probe}\n")
    origin = at(ask(project).settings, "jobs.one.end").origin
    assert str(origin) == "kit default, .pipeline-kit/stages/probe/stage.yml:4"
    assert set(parameter_places(ROOT / "stages/gate", "x")) == {"rules", "baseline", "min_rows"}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    """As a value, as a key and in a list; but for the invisible characters, which no descriptor may hold."""
    origin = Origin(Layer.KIT)
    leaf = Setting(origin, text)
    root = Setting(origin, entries={"a": leaf, f"k{text}": leaf, "list": Setting(origin, items=(leaf, leaf))})
    problems = Problems()
    tree = read_tree(as_yaml(root).encode(), "file", problems)
    assert all("invisible" in each.message for each in problems)
    assert list(problems) or (tree is not None and plain(tree) == root.plain())


def test_the_command_prints_yaml_and_json(tmp_path: Path) -> None:
    """With --json the origins are a list of paths; without --origin there are none."""
    project = write_project(tmp_path, "  one: {stage: probe, timeout: 5m}\n")
    shown = kit(project, "config", "--origin")
    assert shown.returncode == 0, shown.stderr
    assert re.search(r"(?m)^    timeout: 5m +# repository, pipeline-kit.yml:6$", shown.stdout)
    assert "#" not in kit(project, "config").stdout
    found = json.loads(kit(project, "config", "--origin", "--json").stdout)
    assert found["descriptor"]["jobs"]["one"]["timeout"] == "5m"
    timeout = next(each for each in found["origins"] if each["path"] == "jobs.one.timeout")
    assert timeout == {
        "path": "jobs.one.timeout", "layer": "repository", "environment": None, "file": "pipeline-kit.yml", "line": 6,
        "locked": False,
    }  # fmt: skip


def test_a_descriptor_with_problems_is_not_shown(tmp_path: Path) -> None:
    """Every problem is told instead, and the exit code is 2."""
    project = write_project(tmp_path, "  one: {stage: probe, timeout: 5, whem: manual}\n")
    shown = kit(project, "config", "--origin")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "5m" in shown.stderr
    assert "when" in shown.stderr


def test_config_asks_nothing_of_git(tmp_path: Path) -> None:
    """It works in a folder that is no repository."""
    project = write_project(tmp_path, "  one: {stage: probe}\n")
    shutil.rmtree(project / ".git")
    before = kit(project, "config").stdout
    commit(project)
    assert kit(project, "config").stdout == before
