"""The commands for people: which job is meant, which cluster, from which branch, and what nobody is shown."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.deploy.test_connection import CONFIG
from tests.projects import commit, kit

DESCRIPTOR = """version: 1
kit: 0.1.0
project: {name: fraud, lock: requirements.lock}
secrets:
  kube: {type: file, gitlab: KUBE, jenkins: kube}
environments:
  staging: {namespace: fraud-staging, secrets: [kube]}
  production: {namespace: fraud, secrets: [kube], refs: [main, "release/*"]}
jobs:
  deploy_staging: {stage: deploy, environment: staging, unsigned: true, events: ["branch:main"], image: "IMAGE"}
  deploy_production:
    {stage: deploy, needs: [deploy_staging], environment: production, unsigned: true, image: "IMAGE"}
""".replace("IMAGE", "127.0.0.1:1/fraud@sha256:" + "a" * 64)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that releases to two environments."""
    (tmp_path / "pipeline-kit.yml").write_text(DESCRIPTOR)
    (tmp_path / "requirements.lock").write_text("")
    commit(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["releases", "list"],
            "several jobs release: staging (job deploy_staging), production (job deploy_production)",
        ),
        (["rollback", "stagin"], "did you mean `staging`?"),
        (["deploy", "nowhere"], "no job releases to an environment 'nowhere'"),
        (["releases", "list", "staging", "3"], "list shows all revisions"),
        (["deploy", "staging", "--json"], "--json says what would change"),
    ],
)
def test_mistakes(project: Path, words: list[str], said: str) -> None:
    """Exit code 2, and what to write instead."""
    done = kit(project, *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr


@pytest.mark.parametrize(
    "words", [["releases", "list", "staging"], ["rollback", "staging"], ["deploy", "staging", "--diff"]]
)
def test_the_environments_cluster_and_no_other(project: Path, tmp_path: Path, words: list[str]) -> None:
    """A KUBECONFIG that is at hand never stands in for the secret that the environment names."""
    other = tmp_path / "other"
    other.write_text(CONFIG.replace("SERVER", "https://127.0.0.1:1").replace("USER", "{token: abc}"))
    done = kit(project, *words, KUBECONFIG=str(other))
    assert done.returncode == 2
    assert "the variable PIPELINE_KIT_SECRET_KUBE is not set" in done.stderr


def test_a_branch_that_may_not_go_there(project: Path) -> None:
    """The environment's `refs` count here as they do on a server."""
    subprocess.run(["git", "checkout", "-q", "-b", "feature"], cwd=project, check=True)
    done = kit(project, "deploy", "production")
    assert done.returncode == 2
    assert "only main, release/* may go to production, and this is feature" in done.stderr
    subprocess.run(["git", "checkout", "-q", "-b", "release/1"], cwd=project, check=True)
    assert "may go to" not in kit(project, "deploy", "production").stderr


def test_what_a_kubeconfig_holds_is_masked(project: Path, tmp_path: Path) -> None:
    """Also where an error of the cluster would repeat it; and `--json` writes nothing but JSON to its output."""
    path = tmp_path / "kube"
    path.write_text(CONFIG.replace("SERVER", "https://127.0.0.1:1").replace("USER", "{token: *correct-horse}"))
    done = kit(project, "rollback", "staging", "--json", PIPELINE_KIT_SECRET_KUBE=str(path))
    assert done.returncode == 2
    assert "correct-horse" not in done.stdout + done.stderr
    assert done.stdout == ""
