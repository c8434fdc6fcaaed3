"""`eject`, and whose a CI file is: render writes no file that is not the kit's."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipeline_kit.render.ownership import ejected, is_rendered
from tests.ask.asking import Asked
from tests.projects import kit, write_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with both CI files."""
    project = write_project(tmp_path, "  one: {stage: probe}\n")
    kit(project, "render")
    return project


def test_an_ejected_file_is_left_alone_until_somebody_says_otherwise(project: Path) -> None:
    """The check passes whatever is done to it, render refuses to write it, and --overwrite takes it back."""
    rendered = (project / ".gitlab-ci.yml").read_text()
    shown = kit(project, "eject", ".gitlab-ci.yml")
    assert shown.returncode == 0, shown.stderr
    own = (project / ".gitlab-ci.yml").read_text()
    assert own.splitlines()[1:] == rendered.splitlines()[2:]
    (project / ".gitlab-ci.yml").write_text(own + "# mine\n")
    checked = kit(project, "render", "--check")
    assert checked.returncode == 0
    assert "left .gitlab-ci.yml alone" in checked.stdout
    refused = kit(project, "render", "--ci", "gitlab")
    assert refused.returncode == 2
    assert "--overwrite" in refused.stderr
    assert (project / ".gitlab-ci.yml").read_text() == own + "# mine\n"
    assert kit(project, "render", "--overwrite", "--ci", "gitlab").returncode == 0
    assert (project / ".gitlab-ci.yml").read_text() == rendered


def test_the_other_file_is_still_rendered(project: Path) -> None:
    """One server's file may be the project's own while the other one is the kit's."""
    kit(project, "eject", "Jenkinsfile")
    own = (project / "Jenkinsfile").read_text()
    descriptor = project / "pipeline-kit.yml"
    descriptor.write_text(descriptor.read_text() + "  two: {stage: probe, needs: [one]}\n")
    shown = kit(project, "render")
    assert "wrote .gitlab-ci.yml" in shown.stdout
    assert "left Jenkinsfile alone" in shown.stdout
    assert (project / "Jenkinsfile").read_text() == own


def test_eject_without_a_file_takes_all_that_are_here(project: Path) -> None:
    """Afterwards there is nothing left to eject, and nothing for render to write."""
    (project / "Jenkinsfile").unlink()
    assert kit(project, "eject").stdout.count("is yours now") == 1
    again = kit(project, "eject")
    assert (again.returncode, again.stdout) == (2, "")
    assert "no file of this project was rendered by the kit" in again.stderr
    assert "yours already" in kit(project, "eject", ".gitlab-ci.yml").stderr
    assert kit(project, "render").returncode == 2
    assert not (project / "Jenkinsfile").exists()


def test_a_file_that_is_not_there_is_written_first(project: Path) -> None:
    """A project that rendered for one server may still want the other's file as its own."""
    rendered = (project / "Jenkinsfile").read_text()
    (project / "Jenkinsfile").unlink()
    assert kit(project, "eject", "Jenkinsfile").returncode == 0
    assert (project / "Jenkinsfile").read_text().splitlines()[1:] == rendered.splitlines()[2:]


def test_a_file_from_before_the_kit_is_never_overwritten(tmp_path: Path) -> None:
    """What an adopter wrote stays byte for byte; the message says how to replace it."""
    project = write_project(tmp_path, "  one: {stage: probe}\n")
    (project / ".gitlab-ci.yml").write_text("make: {script: [make]}\n")
    shown = kit(project, "render")
    assert shown.returncode == 2
    assert "pipeline-kit render --overwrite" in shown.stderr
    assert (project / ".gitlab-ci.yml").read_text() == "make: {script: [make]}\n"


def test_every_rendered_file_is_the_kits_and_its_ejected_text_is_not(answers: dict[str, Asked]) -> None:
    """Only the two lines of the header go, and what a server reads stays the same."""
    for asked in answers.values():
        for name, text in asked.files.items():
            own = ejected(text)
            assert is_rendered(text)
            assert not is_rendered(own)
            assert ejected(own) == own
            assert own.splitlines()[1:] == text.splitlines()[2:]
            if name.endswith(".yml"):
                assert yaml.safe_load(own) == yaml.safe_load(text)


def test_a_merge_conflict_in_the_header_leaves_the_file_the_kits(project: Path) -> None:
    """Two branches that rendered differ in the digest: rendering again is how the conflict is solved."""
    file = project / ".gitlab-ci.yml"
    rendered = file.read_text()
    first, rest = rendered.split("\n", 1)
    file.write_text(f"<<<<<<< HEAD\n{first}\n=======\n{first[:-3]}0.\n>>>>>>> other\n{rest}")
    assert kit(project, "render").returncode == 0
    assert file.read_text() == rendered
