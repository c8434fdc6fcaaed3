"""A server may hand all of its variables to every job, as GitLab does: code sees those that its job names."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_kit.catalog import Catalog
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.runner.secrets import hidden_values, hidden_variables
from tests.projects import commit, kit, write_project

SECRETS = """
secrets:
  chat: {type: text, gitlab: CHAT_TOKEN, jenkins: chat-robot}
  registry: {type: username_password, gitlab: REGISTRY, jenkins: registry-robot}
  signing: {type: file, gitlab: SIGNING_KEY, jenkins: signing-key}
"""
JOBS = """
  named: {stage: command, run: [sh, show.sh], inputs: [show.sh], secrets: [chat]}
  other: {stage: command, run: [sh, show.sh], inputs: [show.sh]}
"""
VALUES = {
    "CHAT_TOKEN": "chat-of-the-server-1234",
    "PIPELINE_KIT_SECRET_CHAT": "chat-of-the-server-1234",
    "REGISTRY_USERNAME": "robot-of-the-registry",
    "REGISTRY_PASSWORD": "registry-password-1234",
    "PIPELINE_KIT_SECRET_REGISTRY_PASSWORD": "registry-password-1234",
    "CI_JOB_TOKEN": "job-token-of-the-server-1234",
    "CI_JOB_JWT_V2": "job-jwt-of-the-server-1234",
    "CI_REGISTRY_PASSWORD": "another-token-1234",
    "CI_DEPENDENCY_PROXY_PASSWORD": "proxy-password-1234",
    "CI_REPOSITORY_URL": "https://gitlab-ci-token:url-token-of-1234@gitlab.example/team/model.git",
}
SHOWN = {"CI_COMMIT_SHA": "c" * 40, "CI_PROJECT_PATH": "team/model", "OTHER": "chat"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose jobs print all that they see, and every value as if they had it from somewhere else."""
    folder = tmp_path / "project"
    folder.mkdir()
    lines = ["env", *(f"echo 'leaked {value}'" for value in VALUES.values()), 'cat "$SIGNING_KEY" 2>&1', "exit 0"]
    (folder / "show.sh").write_text("\n".join(lines) + "\n")
    (folder / "requirements.lock").write_text("")
    write_project(folder, JOBS, SECRETS)
    descriptor = folder / "pipeline-kit.yml"
    locked = 'project: {name: demo, python: ">=3.11", lock: requirements.lock}'
    descriptor.write_text(descriptor.read_text().replace("project: {name: demo}", locked))
    commit(folder)
    return folder


def test_code_sees_the_secrets_that_its_job_names(project: Path, tmp_path: Path) -> None:
    """Not under the server's own names, and no other job's; all values are masked, wherever they come from."""
    key = tmp_path / "signing.key"
    key.write_text("-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\n-----END PRIVATE KEY-----\n")
    given = {**VALUES, **SHOWN, "SIGNING_KEY": str(key)}
    for job in ("named", "other"):
        ended = kit(project, "job", job, **given)
        assert ended.returncode == 0, ended.stdout
        names = {line.partition("=")[0] for line in ended.stdout.splitlines() if "=" in line}
        assert not names & (set(VALUES) - {"PIPELINE_KIT_SECRET_CHAT"} | {"SIGNING_KEY"})
        assert ("PIPELINE_KIT_SECRET_CHAT" in names) == (job == "named")
        assert names >= set(SHOWN)
        for name, value in VALUES.items():
            if name not in ("REGISTRY_USERNAME", "CI_REPOSITORY_URL"):
                assert value not in ended.stdout, name
        assert "url-token-of-1234" not in ended.stdout
        assert "MIGHAgEAMBMGByqGSM49AgEG" not in ended.stdout
        assert "leaked robot-of-the-registry" in ended.stdout
        assert "gitlab.example/team/model.git" in ended.stdout


def test_values_that_cannot_be_masked_are_hidden_all_the_same(project: Path) -> None:
    """A short token, a file that is missing: the variable is taken away, and nothing raises."""
    descriptor = load_descriptor(project, Catalog(project))
    given = {
        "CHAT_TOKEN": "short",
        "SIGNING_KEY": "/missing/file/of/a/key",
        "REGISTRY_PASSWORD": "x" * 100_000,
        "A": "b",
    }
    hidden = hidden_variables(descriptor, Catalog(project).servers.values(), given)
    assert set(hidden) == set(given) - {"A"}
    assert list(hidden_values(hidden, given)) == ["/missing/file/of/a/key"]


def test_a_credential_id_is_not_the_name_of_a_variable(project: Path) -> None:
    """Jenkins binds a credential to the jobs that name it: a variable that is called like one is none."""
    descriptor = load_descriptor(project, Catalog(project))
    given = {"chat-robot": "value-of-a-variable", "chat": "value-of-a-variable"}
    assert hidden_variables(descriptor, Catalog(project).servers.values(), given) == {}
