"""`pipeline-kit replay`: a job of another run, here again in the state that its result tells."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.contract.digest import digest_tree
from tests.projects import commit, kit, write_project

JOBS = """
  make: {stage: command, run: [sh, make.sh], inputs: [make.sh], outputs: {rows: rows.csv, folder: parts}}
  score:
    stage: command
    needs: [make]
    run: "score:main"
    inputs: [score.py, data.train, make.rows, make.folder]
    outputs: {score: score.json}
  plain: {stage: probe, needs: [make]}
"""
SCORE = """
import json, os

def main(job):
    rows = job.inputs["make.rows"].read_text().split()
    parts = sorted(path.name for path in job.inputs["make.folder"].iterdir())
    if os.environ.get("FLAKY"):
        raise ValueError("the network is down")
    json.dump([rows, parts, job.inputs["data.train"].read_text()], job.outputs["score"].open("w"))
"""
LOCKED = """
project: {name: demo, python: ">=3.11", lock: requirements.lock}
data:
  train: {path: data/train.csv}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose data git ignores, as it is as a rule."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.lock").write_text("")
    (folder / "score.py").write_text(SCORE)
    script = (
        'mkdir -p ../../out/make/parts && echo 1 > ../../out/make/parts/one && echo "1 2 3" > ../../out/make/rows.csv'
    )
    (folder / "make.sh").write_text(script)
    write_project(folder, JOBS)
    descriptor = folder / "pipeline-kit.yml"
    descriptor.write_text(descriptor.read_text().replace("project: {name: demo}", LOCKED))
    (folder / ".gitignore").write_text((folder / ".gitignore").read_text() + "data/\n")
    (folder / "data").mkdir()
    (folder / "data" / "train.csv").write_text("a,b\n1,2\n")
    commit(folder)
    return folder


def ran_in_ci(project: Path, **variables: str) -> Path:
    """Runs the pipeline as if elsewhere, and returns what was downloaded: the folders of results."""
    kit(project, "run", "--no-cache", **variables)
    artifacts = project.parent / "downloaded" / "out"
    shutil.rmtree(artifacts, ignore_errors=True)
    shutil.move(project / ".pipeline-kit" / "out", artifacts)
    return artifacts


def edited(result: Path, **changes: Any) -> Path:
    """Another result with other values."""
    document = json.loads(result.read_text())
    result.write_text(json.dumps({**document, **changes}))
    return result


def everything(project: Path) -> dict[str, str]:
    """The working tree, the index and the branches, by digest."""
    names = [path for path in project.iterdir() if path.name not in (".pipeline-kit", ".git")]
    git = [project / ".git" / name for name in ("index", "HEAD", "refs", "config")]
    return {path.name: digest_tree(path) for path in [*names, *git]}


def test_a_failure_is_reproduced_at_its_own_commit(project: Path) -> None:
    """Though the project has gone on since; neither working tree nor index are touched."""
    score = project / "score.py"
    score.write_text(SCORE.replace("rows = job", "rows = jobs"))
    commit(project)
    artifacts = ran_in_ci(project)
    score.write_text(SCORE)
    commit(project)
    (project / "half done.txt").write_text("not committed")
    before = everything(project)
    done = kit(project, "replay", "score", "--from", str(artifacts / "score" / "result.json"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "reproduced: it failed (project): NameError: name 'jobs' is not defined" in done.stdout
    assert "not reproduced" not in done.stdout
    assert everything(project) == before
    assert not (project / ".pipeline-kit" / "out").exists()


def test_what_failed_for_another_reason_passes_here(project: Path) -> None:
    """The exit code is the job's: 0."""
    artifacts = ran_in_ci(project, FLAKY="1")
    done = kit(project, "replay", "score", "--from", str(artifacts / "score"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "not reproduced: the replay passed; the recorded run failed (project): ValueError: the network is down"
        in done.stdout
    )


def test_what_passed_has_the_same_outputs(project: Path) -> None:
    """By digest; other ones are named."""
    artifacts = ran_in_ci(project)
    done = kit(project, "replay", "score", "--from", str(artifacts / "score"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "score: reproduced: it passed" in done.stdout
    result = artifacts / "score" / "result.json"
    outputs = json.loads(result.read_text())["outputs"]
    outputs["score"]["digest"] = "sha256:" + "0" * 64
    done = kit(project, "replay", "score", "--from", str(edited(result, outputs=outputs)))
    assert "not reproduced: the replay passed too, but these outputs differ: score" in done.stdout


def test_upstream_results_come_from_wherever_they_are(project: Path) -> None:
    """Beside the result, from here, from the cache; a result alone is enough where the rest is here."""
    kit(project, "run")
    alone = project.parent / "alone" / "score"
    alone.mkdir(parents=True)
    shutil.copy(project / ".pipeline-kit/out/score/result.json", alone)
    replay = ["replay", "score", "--from", str(alone / "result.json")]
    assert kit(project, *replay).returncode == 0
    shutil.rmtree(project / ".pipeline-kit" / "out")
    done = kit(project, *replay)
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(project / ".pipeline-kit" / "cache")
    done = kit(project, *replay)
    assert done.returncode == 2
    assert "make: no local result has the outputs that were read: make.folder sha256:" in done.stderr


def test_files_come_from_the_store_by_digest(project: Path) -> None:
    """A model that did not travel as an artifact is fetched."""
    descriptor = project / "pipeline-kit.yml"
    descriptor.write_text(descriptor.read_text() + "store: ../store\n")
    commit(project)
    artifacts = ran_in_ci(project)
    rows = artifacts / "make" / "rows.csv"
    digest = digest_tree(rows).removeprefix("sha256:")
    place = project.parent / "store" / "objects" / digest[:2] / digest[2:]
    place.parent.mkdir(parents=True)
    shutil.move(rows, place)
    done = kit(project, "replay", "score", "--from", str(artifacts / "score"))
    assert done.returncode == 0, done.stdout + done.stderr
    place.unlink()
    done = kit(project, "replay", "score", "--from", str(artifacts / "score"))
    assert done.returncode == 2
    assert f"make.rows: sha256:{digest} is not in the results, the cache or the store" in done.stderr


def test_what_is_missing_is_named(project: Path) -> None:
    """All of it at once: data, results of earlier jobs, files that were never committed."""
    (project / "score.py").write_text(SCORE + "# changed in CI before the job, never committed\n")
    artifacts = ran_in_ci(project)
    (project / "score.py").write_text(SCORE)
    (project / "data" / "train.csv").write_text("a,b\n3,4\n")
    (artifacts / "make" / "parts" / "one").write_text("tampered")
    done = kit(project, "replay", "score", "--from", str(artifacts / "score"))
    assert done.returncode == 2
    assert "data.train: data/train.csv was sha256:" in done.stderr
    assert "make.folder: sha256:" in done.stderr
    assert "score.py: sha256:" in done.stderr
    assert "is neither in commit" in done.stderr


def test_a_file_that_was_not_committed_is_taken_from_here_if_it_is_the_same(project: Path) -> None:
    """By its digest; and what the commit has but the run had not is left out."""
    (project / "new.txt").write_text("not committed")
    (project / "make.sh").rename(project / "elsewhere.sh")
    artifacts = ran_in_ci(project)
    kit(project, "run", "make", "--no-cache")
    result = edited(artifacts / "plain" / "result.json", outcome="failed", category="project")
    assert json.loads(result.read_text())["reason"].startswith("make"), "make cannot run without its script"
    (project / "elsewhere.sh").rename(project / "make.sh")
    artifacts = ran_in_ci(project)
    done = kit(project, "replay", "plain", "--from", str(artifacts / "plain"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "plain: reproduced" in done.stdout


def test_a_commit_that_is_not_here_says_how_to_fetch_it(project: Path) -> None:
    """It may be on the server only."""
    artifacts = ran_in_ci(project)
    result = edited(artifacts / "score" / "result.json", commit="1" * 40)
    done = kit(project, "replay", "score", "--from", str(result))
    assert done.returncode == 2
    assert f"git fetch origin {'1' * 40}" in done.stderr


def test_another_environment_is_told_and_may_be_waived(project: Path) -> None:
    """A machine with another Python gives an answer too, but says so."""
    artifacts = ran_in_ci(project)
    result = edited(artifacts / "score" / "result.json", environment_digest="sha256:" + "2" * 64)
    done = kit(project, "replay", "score", "--from", str(result))
    assert done.returncode == 2
    assert f"the environment: recorded sha256:{'2' * 64}, local sha256:" in done.stderr
    done = kit(project, "replay", "score", "--from", str(result), "--anyway")
    assert done.returncode == 0
    assert "not the same here" in done.stdout
    result = edited(artifacts / "plain" / "result.json", key="sha256:" + "3" * 64)
    done = kit(project, "replay", "plain", "--from", str(result))
    assert done.returncode == 2
    assert "the kit's version (local 0.1.0), the stage probe, or the job's variables" in done.stderr


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"job": "plain"}, "belongs to job plain, not to score"),
        ({"key": ""}, "ended before it read its inputs"),
        ({"version": 9}, "has schema version 9"),
    ],
)
def test_a_result_that_cannot_be_replayed_says_why(project: Path, changes: dict[str, Any], expected: str) -> None:
    """Another job's, one that ended too early, one of another kit."""
    artifacts = ran_in_ci(project)
    result = edited(artifacts / "score" / "result.json", **changes)
    done = kit(project, "replay", "score", "--from", str(result))
    assert done.returncode in (1, 2)
    assert expected in done.stderr
    assert kit(project, "replay", "score", "--from", str(project / "nothing.json")).returncode == 2


def test_a_project_without_git_is_replayed_from_what_is_here(project: Path) -> None:
    """By the digests alone."""
    shutil.rmtree(project / ".git")
    artifacts = ran_in_ci(project)
    done = kit(project, "replay", "plain", "--from", str(artifacts / "plain"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "plain: reproduced" in done.stdout


def test_a_project_in_a_folder_of_its_repository(tmp_path: Path, project: Path) -> None:
    """A repository of several models: the project's own folder counts."""
    shutil.rmtree(project / ".git")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    commit(tmp_path)
    artifacts = ran_in_ci(project)
    done = kit(project, "replay", "score", "--from", str(artifacts / "score"))
    assert done.returncode == 0, done.stdout + done.stderr
