"""Both examples on all three executors, in real shells: the same jobs, verdict and model digest."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.executors.gitlab_local import require_gitlab_local, run_gitlab
from tests.executors.jenkins_harness import require_groovy, run_jenkinsfile
from tests.executors.on_path import kit_on_path
from tests.projects import commit, kit

EXAMPLES = [
    pytest.param("tumour_logistic", id="tumour_logistic"),
    pytest.param("digits_cnn", id="digits_cnn", marks=pytest.mark.torch),
]
JOBS = {"check", "prepare", "build", "test", "train", "evaluate", "gate", "package"} | {
    "package_image",
    "test_image",
    "scan",
}
TIME_LIMIT_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Ended:
    """What a pipeline ended with, as far as executors must agree."""

    outcomes: Mapping[str, str]
    verdict: str
    model: str
    metrics: str


def ended(outcomes: Mapping[str, str], folders: Mapping[str, Path]) -> Ended:
    def record(job: str) -> dict[str, dict[str, dict[str, str]]]:
        return dict(json.loads((folders[job] / "result.json").read_text()))

    verdict = json.loads((folders["gate"] / "verdict.json").read_text())
    model, metrics = record("train")["outputs"]["model"], record("evaluate")["outputs"]["metrics"]
    return Ended(outcomes, f"{verdict['status']} {verdict['sentence']}", model["digest"], metrics["digest"])


def checkout(example: str, folder: Path) -> Path:
    """The example as a repository of its own, with an origin; its path has a space."""
    copy = folder / f"a {example}"
    files = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard", "."],
        cwd=ROOT / "examples" / example, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, files.stdout.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "examples" / example / name, copy / name)
    commit(copy)
    origin = folder / "origin.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(copy), str(origin)], check=True)
    subprocess.run(["git", "remote", "add", "origin", str(origin)], cwd=copy, check=True)
    subprocess.run(["git", "fetch", "-q", "origin"], cwd=copy, check=True)
    return copy


@pytest.mark.gitlab
@pytest.mark.jenkins
@pytest.mark.parametrize("example", EXAMPLES)
def test_three_executors_end_with_the_same(example: str, tmp_path: Path) -> None:
    """The local run, the GitLab file and the Jenkinsfile, each on a checkout of its own, unchanged."""
    require_gitlab_local()
    require_groovy()
    places = {name: tmp_path / name for name in ("here", "gitlab", "jenkins")}
    copies = {name: checkout(example, place) for name, place in places.items()}

    done = kit(copies["here"], "run", "--json", seconds=TIME_LIMIT_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = {name: record["outcome"] for name, record in json.loads(done.stdout).items()}
    here = ended(outcomes, {job: copies["here"] / ".pipeline-kit" / "out" / job for job in JOBS})
    assert here.outcomes == dict.fromkeys(JOBS, "passed")
    assert here.verdict.startswith("PASS ")

    gitlab = run_gitlab(copies["gitlab"], environment=kit_on_path(), time_limit_seconds=TIME_LIMIT_SECONDS)
    assert gitlab.passed() == JOBS, gitlab.log
    assert ended(gitlab.outcomes, gitlab.results) == here

    jenkins = run_jenkinsfile(copies["jenkins"], places["jenkins"] / "work", environment=kit_on_path())
    assert jenkins.passed() == JOBS, jenkins.log
    assert ended(jenkins.outcomes, jenkins.results) == here


@pytest.mark.parametrize("example", ["tumour_logistic", "digits_cnn"])
def test_the_committed_ci_files_are_what_the_kit_renders(example: str) -> None:
    """No drift in the repository itself."""
    done = kit(ROOT, "-C", f"examples/{example}", "render", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
