"""Models on their way between a CI server's jobs: artifacts leave them out, the store brings them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.projects import STAGE_YML, kit, write_project

MAKES_A_FILE = 'context.out.joinpath("note.txt").write_text("weights")'
MAKES_A_FOLDER = (
    'folder = context.out / "note.txt"; folder.mkdir(); (folder / "a").write_text("1"); '
    '(folder / "deep").mkdir(); (folder / "deep" / "b").write_text("2")'
)
RUN_PY = '''
"""Makes a model, or reads the one that came."""
from pipeline_kit.contract.result import Output, Outcome, StageResult


def run(context):
    """Passed."""
    if context.upstream:
        model = context.upstream["first"].files["note"]
        found = sorted(each.relative_to(model.parent).as_posix() for each in [model, *model.rglob("*")])
        return StageResult(Outcome.PASSED, f"got {{found}}")
    {make}
    return StageResult(Outcome.PASSED, "made", outputs={{"note": Output("note.txt", "model")}})
'''


@pytest.fixture(params=[MAKES_A_FILE, MAKES_A_FOLDER], ids=["a file", "a folder"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two jobs, the second of which takes the first one's model; models go through a store beside the project."""
    folder = tmp_path / "project"
    folder.mkdir()
    jobs = "  first: {stage: probe}\n  second: {stage: probe, needs: [first]}\n"
    write_project(folder, jobs, f"store: {(tmp_path / 'store').as_posix()}")
    stage = folder / ".pipeline-kit/stages/probe"
    (stage / "stage.yml").write_text(STAGE_YML.replace("kind: data", "kind: model"))
    (stage / "run.py").write_text(RUN_PY.format(make=request.param))
    return folder


def without_the_model(project: Path) -> None:
    """What the next job's machine has: the artifacts, without what the rendered file excludes."""
    model = project / ".pipeline-kit/out/first/note.txt"
    shutil.rmtree(model) if model.is_dir() else model.unlink()


def test_a_model_that_artifacts_left_out_comes_from_the_store(project: Path) -> None:
    """`job` hands it over and takes it over, by digest."""
    assert kit(project, "job", "first").returncode == 0
    without_the_model(project)
    done = kit(project, "job", "second")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "got ['note.txt'" in done.stdout


def test_a_store_with_another_model_is_refused(project: Path) -> None:
    """Bytes that are not the digest's never reach a job."""
    assert kit(project, "job", "first").returncode == 0
    without_the_model(project)
    for each in (project.parent / "store/objects").rglob("*"):
        if each.is_file():
            each.write_bytes(each.read_bytes().replace(b"weights", b"weighty").replace(b"1", b"7"))
    done = kit(project, "job", "second")
    assert done.returncode == 1
    assert "is corrupt" in done.stdout


def test_a_run_on_one_machine_stores_nothing(project: Path) -> None:
    """The results folder has it all: an experiment does not fill the team's store."""
    assert kit(project, "run").returncode == 0
    assert not (project.parent / "store").exists()


def test_without_a_store_the_message_says_what_to_run(tmp_path: Path) -> None:
    """A file that nobody brings is missing, by name."""
    write_project(tmp_path, "  first: {stage: probe}\n  second: {stage: probe, needs: [first]}\n")
    assert kit(tmp_path, "job", "first").returncode == 0
    (tmp_path / ".pipeline-kit/out/first/note.txt").unlink()
    done = kit(tmp_path, "job", "second")
    assert done.returncode == 1
    assert "first.note: note.txt is missing" in done.stdout
