"""Where gitlab-ci-local 4.73.0 is not GitLab: docs/conformance.md lists it, and a version that mends it fails here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_kit.descriptor.model import EventKind
from pipeline_kit.plan.model import Event
from tests.executors.executor import gitlab_variables
from tests.executors.fake_kit import commit, git
from tests.executors.gitlab_local import command, options_for, require_gitlab_local, when_of

pytestmark = pytest.mark.gitlab
PUSH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
UNTIL_OTHER = "touch {own}; for each in $(seq 200); do [ -e {other} ] && exit 0; sleep 0.05; done; exit 1"


def project(folder: Path, file: dict[str, Any]) -> Path:
    """A repository with a `.gitlab-ci.yml` and an origin that has its main branch."""
    require_gitlab_local()
    folder.mkdir()
    (folder / ".gitlab-ci.yml").write_text(yaml.safe_dump(file, sort_keys=False), encoding="utf-8")
    (folder / ".gitignore").write_text(".gitlab-ci-local/\n", encoding="utf-8")
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "A project")
    git(folder, "remote", "add", "origin", str(folder))
    git(folder, "fetch", "-q", "origin")
    return folder


def run(folder: Path, *options: str, limit: int = 60) -> subprocess.CompletedProcess[str]:
    """The pipeline of a push to main."""
    return command(folder, [*options_for(PUSH), *options], None, limit)


def test_it_weighs_no_rule_of_the_workflow(tmp_path: Path) -> None:
    """GitLab makes no pipeline where the first rule of `workflow` that matches says never: ci/yaml/workflow/."""
    folder = project(tmp_path / "p", {"workflow": {"rules": [{"when": "never"}]}, "a": {"script": ["true"]}})
    assert when_of(folder, options_for(PUSH)) == {"a": "on_success"}


def test_it_starts_no_always_job_behind_a_skipped_stage(tmp_path: Path) -> None:
    """GitLab starts a job with `when: always` whatever became of the stages before: ci/yaml/#when."""
    jobs: dict[str, Any] = {
        "stages": ["one", "two"],
        "a": {"stage": "one", "script": ["false"]},
        "b": {"stage": "two", "script": ["true"]},
        "last": {"stage": ".post", "script": ["true"], "rules": [{"when": "always"}]},
    }
    said = run(project(tmp_path / "p", jobs)).stdout
    assert "FAIL  a" in said
    assert "PASS  last" not in said


def test_it_ignores_time_limits(tmp_path: Path) -> None:
    """GitLab ends a job after its `timeout`: ci/yaml/#timeout."""
    assert "PASS  a" in run(project(tmp_path / "p", {"a": {"timeout": "1 second", "script": ["sleep 1.5"]}})).stdout


def test_it_ignores_resource_groups(tmp_path: Path) -> None:
    """GitLab runs one job of a `resource_group` at a time: ci/resource_groups/. These two pass only side by side."""
    jobs: dict[str, Any] = {
        name: {
            "resource_group": "one",
            "script": [UNTIL_OTHER.format(own=tmp_path / name, other=tmp_path / other)],
        }
        for name, other in (("a", "b"), ("b", "a"))
    }
    said = run(project(tmp_path / "p", jobs)).stdout
    assert "PASS  a" in said
    assert "PASS  b" in said


def test_it_ignores_retry(tmp_path: Path) -> None:
    """GitLab starts a job again that ends with one of `retry: exit_codes`: ci/yaml/#retryexit_codes."""
    retry = {"max": 1, "exit_codes": [3]}
    folder = project(tmp_path / "p", {"a": {"retry": retry, "script": [f"echo x >> {tmp_path}/tries; exit 3"]}})
    assert "FAIL  a" in run(folder).stdout
    assert (tmp_path / "tries").read_text() == "x\n"


def test_it_refuses_a_pipeline_behind_a_manual_job(tmp_path: Path) -> None:
    """GitLab runs what it can, and the job behind the manual one waits: ci/jobs/job_control/."""
    file = {
        "a": {"script": ["true"]},
        "ask": {"rules": [{"when": "manual"}], "script": ["true"]},
        "b": {"needs": ["ask"], "script": ["true"]},
    }
    done = run(project(tmp_path / "p", file))
    assert done.returncode != 0
    assert "PASS" not in done.stdout


def test_it_hangs_on_needs_in_a_circle(tmp_path: Path) -> None:
    """GitLab refuses such a file: ci/yaml/#needs."""
    file = {"a": {"needs": ["b"], "script": ["true"]}, "b": {"needs": ["a"], "script": ["true"]}}
    assert run(project(tmp_path / "p", file), limit=6).returncode == -9


def test_it_collects_no_artifacts_that_are_a_report_only(tmp_path: Path) -> None:
    """GitLab keeps a report that is no path of `artifacts` too: ci/yaml/artifacts_reports/."""
    artifacts = {"reports": {"junit": "junit.xml"}}
    folder = project(tmp_path / "p", {"a": {"artifacts": artifacts, "script": ["echo '<testsuite/>' > junit.xml"]}})
    assert "PASS  a" in run(folder).stdout
    assert not list((folder / ".gitlab-ci-local").rglob("artifacts/**/junit.xml"))


def test_it_expands_what_stands_in_a_secret(tmp_path: Path) -> None:
    """GitLab leaves a variable without expansion as it is: ci/variables/#prevent-cicd-variable-expansion."""
    folder = project(
        tmp_path / "p", {"a": {"variables": {"S": "$TOKEN"}, "script": [f'printf %s "$S" > {tmp_path}/s']}}
    )
    run(folder, "--variable", "TOKEN=pa$$word of $NOBODY")
    assert (tmp_path / "s").read_text() == "pa$word of "


def test_it_weighs_changes_for_every_event(tmp_path: Path) -> None:
    """GitLab's `changes` are true for a tag or a schedule, which compare with nothing: ci/jobs/job_rules/."""
    folder = project(tmp_path / "p", {"a": {"rules": [{"changes": ["src/*"]}], "script": ["true"]}})
    assert when_of(folder, options_for(gitlab_variables(Event(EventKind.TAG, tag="v1")))) == {"a": "never"}


def test_it_sets_no_variables_of_tags_and_merge_requests(tmp_path: Path) -> None:
    """GitLab sets them for each event: ci/variables/predefined_variables/. The tests set them as it documents."""
    rules = [{"if": "$CI_COMMIT_TAG"}, {"if": "$CI_MERGE_REQUEST_IID"}]
    folder = project(tmp_path / "p", {"a": {"rules": rules, "script": ["true"]}, "b": {"script": ["true"]}})
    git(folder, "tag", "v1")
    listed = command(folder, ["--list-json"], None, 60).stdout
    assert {job["name"]: job["when"] for job in json.loads(listed[listed.index("[\n") :])}["a"] == "never"
