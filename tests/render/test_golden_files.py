"""Every valid descriptor's CI files, as they stand in `tests/cases/render/`.

With PIPELINE_KIT_UPDATE_GOLDEN=1 in the environment the files are written anew: read the diff before committing it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.catalog import Catalog, Specs
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.plan.build import build_plan
from pipeline_kit.render.project import RenderedProject
from pipeline_kit.servers.project import render_project

CASES = Path(__file__).parent.parent / "cases"
NAMES = sorted(path.parent.name for path in (CASES / "valid").glob("*/pipeline-kit.yml"))
GOLDEN = CASES / "render"


def rendered(name: str) -> RenderedProject:
    """The files of a case's descriptor."""
    specs = Specs()
    descriptor = load_descriptor(CASES / "valid" / name, Catalog(specs.project))
    return render_project(build_plan(descriptor, specs), descriptor)


def golden_texts(project: RenderedProject) -> dict[str, str]:
    """What a case's folder holds."""
    settings = [*project.settings_needed, "", *project.barriers]
    return {
        "gitlab-ci.yml": project.files[".gitlab-ci.yml"],
        "Jenkinsfile": project.files["Jenkinsfile"],
        "settings.txt": "\n".join(settings).rstrip() + "\n",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_descriptor_renders_to_its_golden_files(name: str) -> None:
    """Both CI files, the settings and the added order are what a person has read and found right."""
    for file, text in golden_texts(rendered(name)).items():
        path = GOLDEN / name / file
        if os.environ.get("PIPELINE_KIT_UPDATE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path} has drifted"


def test_no_golden_folder_is_left_over(count: Callable[[str, int], None]) -> None:
    """Every folder of golden files belongs to a descriptor, and there are at least fourteen."""
    assert sorted(path.name for path in GOLDEN.iterdir()) == NAMES
    count("descriptors with golden CI files", len(NAMES))
    assert len(NAMES) >= 14


def test_rendering_twice_gives_the_same_bytes() -> None:
    """Nothing of the machine or the hour is in the files."""
    assert rendered("fraud") == rendered("fraud")


def test_every_gitlab_file_passes_the_schema() -> None:
    """GitLab's own JSON schema, as check-jsonschema ships it."""
    files = [str(path) for path in sorted(GOLDEN.glob("*/gitlab-ci.yml"))]
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    done = subprocess.run(
        [*command, "--data-transform", "gitlab-ci", *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_jenkinsfile_parses(name: str) -> None:
    """tree-sitter finds no error in its Groovy."""
    import tree_sitter
    import tree_sitter_groovy

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_groovy.language()))
    tree = parser.parse((GOLDEN / name / "Jenkinsfile").read_bytes())
    assert not tree.root_node.has_error


@pytest.mark.jenkins
def test_the_harness_takes_every_jenkinsfile(tmp_path: Path) -> None:
    """None has a directive or step outside of the harness's whitelist, or in the wrong place."""
    from tests.executors.jenkins_harness import problems_of

    files = sorted(GOLDEN.glob("*/Jenkinsfile"))
    assert problems_of(files, tmp_path) == {file: [] for file in files}
