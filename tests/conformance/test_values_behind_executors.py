"""Hostile values in every place that takes any text: read back unchanged by a real process behind each executor."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.project.open import open_project
from pipeline_kit.servers.project import render_project
from tests.conformance.hostile import VALUES
from tests.executors.executor import ExecutorRun
from tests.executors.fake_kit import commit, git
from tests.executors.gitlab_local import run_gitlab
from tests.executors.jenkins_harness import run_jenkinsfile
from tests.executors.on_path import kit_on_path
from tests.projects import kit

Count = Callable[[str, int], None]
IMAGE = "kit.example/pipeline-kit@sha256:" + "5e" * 32
DATA = "data/ -rf #1: 100% (é) & a;touch taken|x !.csv"
REPORT = Path(__file__).parent / "read_back.py"
SECRETS = {"text": 'it\'s "quoted" # 100%: é {{x}} `id`', "password": "  spaces, 'quotes' \\ and ;touch taken  "}


def hostile_descriptor() -> dict[str, Any]:
    """A descriptor with every hostile value in each place that takes any text."""
    return {
        "version": 1,
        "kit": {"version": "0.1.0", "image": IMAGE},
        "project": {"name": "demo"},
        "data": {"rows": {"path": DATA}},
        "secrets": {
            "token": {"type": "text", "gitlab": "API_TOKEN", "jenkins": "api-token"},
            "registry": {"type": "username_password", "gitlab": "REGISTRY", "jenkins": "registry-robot"},
        },
        "jobs": {
            "show": {
                "stage": "command",
                "run": ["python", REPORT.name, *filter(None, VALUES)],
                "parameters": {
                    "values": list(VALUES),
                    "names": {key: key for key in VALUES if key.isprintable() and key},
                },
                "variables": {f"VALUE_{number}": value for number, value in enumerate(VALUES)},
                "outputs": {"seen": "out #1: 100% (é) & a;b/seen.json"},
                "secrets": ["token", "registry"],
            }
        },
    }


def write(folder: Path, descriptor: Mapping[str, Any]) -> Path:
    """A repository with the descriptor as JSON, which is YAML too, and its rendered files."""
    folder.mkdir()
    text = json.dumps(descriptor, ensure_ascii=False, indent=1)
    (folder / "pipeline-kit.yml").write_text(text, encoding="utf-8")
    shutil.copy(REPORT, folder)
    (folder / "requirements.lock").write_text("", encoding="utf-8")
    (folder / DATA).parent.mkdir()
    (folder / DATA).write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / ".gitignore").write_text(".pipeline-kit/\n.gitlab-ci-local/\n", encoding="utf-8")
    project = open_project(folder)
    for name, rendered in render_project(project.plan, project.descriptor).files.items():
        (folder / name).write_text(rendered, encoding="utf-8")
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "Values")
    git(folder, "remote", "add", "origin", str(folder))
    git(folder, "fetch", "-q", "origin")
    return folder


def run_here(folder: Path, work: Path, environment: Mapping[str, str]) -> ExecutorRun:
    """This machine."""
    names = {"TOKEN": SECRETS["text"], "REGISTRY_USERNAME": "robot", "REGISTRY_PASSWORD": SECRETS["password"]}
    variables = {f"PIPELINE_KIT_SECRET_{name}": value for name, value in names.items()}
    done = kit(folder, "run", "--json", **variables, **environment)
    outcomes = {name: record["outcome"] for name, record in json.loads(done.stdout).items()}
    return ExecutorRun(outcomes, {"show": folder / ".pipeline-kit" / "out" / "show"}, done.stdout + done.stderr)


def run_on_gitlab(folder: Path, work: Path, environment: Mapping[str, str]) -> ExecutorRun:
    """gitlab-ci-local."""
    names = {"API_TOKEN": SECRETS["text"], "REGISTRY_USERNAME": "robot", "REGISTRY_PASSWORD": SECRETS["password"]}
    return run_gitlab(folder, environment=environment, variables=names)


def run_on_jenkins(folder: Path, work: Path, environment: Mapping[str, str]) -> ExecutorRun:
    """The harness."""
    credentials = {"api-token": SECRETS["text"], "registry-robot": ["robot", SECRETS["password"]]}
    return run_jenkinsfile(folder, work, environment=environment, credentials=credentials)


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(run_here, id="here"),
        pytest.param(run_on_gitlab, id="gitlab", marks=pytest.mark.gitlab),
        pytest.param(run_on_jenkins, id="jenkins", marks=pytest.mark.jenkins),
    ],
)
def test_a_real_process_reads_back_every_value(
    run: Callable[[Path, Path, Mapping[str, str]], ExecutorRun], tmp_path: Path, count: Count
) -> None:
    """Parameters and their names, variables, words of a command, paths, secrets: as they were written, each letter."""
    descriptor = hostile_descriptor()
    folder = write(tmp_path / "a project's #1", descriptor)
    done = run(folder, tmp_path / "work", kit_on_path())
    assert done.outcomes == {"show": "passed"}, done.log
    output = descriptor["jobs"]["show"]["outputs"]["seen"]
    seen = json.loads((done.results["show"] / output).read_text(encoding="utf-8"))
    assert seen["argv"] == [value for value in VALUES if value]
    assert seen["parameters"] == descriptor["jobs"]["show"]["parameters"]
    assert seen["variables"] == descriptor["jobs"]["show"]["variables"]
    assert seen["data"] == "a,b\n1,2\n"
    secrets = {"TOKEN": SECRETS["text"], "REGISTRY_USERNAME": "robot", "REGISTRY_PASSWORD": SECRETS["password"]}
    digests = {name: hashlib.sha256(value.encode()).hexdigest() for name, value in secrets.items()}
    assert seen["secrets"] == {f"PIPELINE_KIT_SECRET_{name}": digest for name, digest in digests.items()}
    assert not list(tmp_path.rglob("taken"))
    count("values read back unchanged from a real process", 4 * len(VALUES) + len(SECRETS))
