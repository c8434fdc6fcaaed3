"""The smoke kit against servers that keep the APIs' contract and really run what is pushed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_kit.errors import InfrastructureError
from pipeline_kit.render.client import wait_for
from pipeline_kit.servers.gitlab import client as gitlab
from pipeline_kit.servers.jenkins import client as jenkins
from smoke.__main__ import compare, main, run
from smoke.case import chosen, files_of
from tests.conformance.case import CASES
from tests.smoke.contract import GitLabContract, JenkinsContract, bare_repository, serve

SHOWN = ["diamond_failed_and_undecided", "chain_undecided_last", "manual_not_started"]
QUICK = 0.01


@pytest.fixture(autouse=True)
def trace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The cases' stage notes its moments in a file of the test."""
    monkeypatch.setenv("CONFORMANCE_TRACE", str(tmp_path / "trace"))


def test_the_cases_on_gitlab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each replaces the branch's files, and is compared job by job."""
    contract = GitLabContract(tmp_path)
    with serve(contract) as url:
        options = {"url": url, "project": "group/smoke", "token": contract.token}
        server = gitlab.connect(options, 60, QUICK)
        assert run(server, [CASES[name] for name in SHOWN], "0.1.0") == 0
    assert capsys.readouterr().out.count("as expected") == len(SHOWN)
    assert len(contract.runs) == len(SHOWN)
    assert any("undecided" in outcomes.values() for outcomes in contract.runs)


def test_the_cases_on_jenkins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is pushed with git, indexed, built, and read from the build's archive."""
    repository = bare_repository(tmp_path)
    contract = JenkinsContract(tmp_path)
    with serve(contract) as contract.url:
        options = {"url": contract.url, "job": "smoke", "repository": str(repository)}
        server = jenkins.connect({**options, "user": "robot", "token": contract.token}, 60, QUICK)
        assert run(server, [CASES[name] for name in SHOWN], "0.1.0") == 0
    assert capsys.readouterr().out.count("as expected") == len(SHOWN)


def test_a_server_that_does_otherwise_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The job, what it ended with, and what was expected."""
    contract = GitLabContract(tmp_path, lies={"a": "failed"})
    with serve(contract) as url:
        options = {"url": url, "project": "group/smoke", "token": contract.token}
        server = gitlab.connect(options, 60, QUICK)
        assert run(server, [CASES["manual_not_started"]], "0.1.0") == 1
    assert "a: failed, expected passed" in capsys.readouterr().out


def test_a_refused_token_ends_with_three(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing was pushed."""
    contract = GitLabContract(tmp_path)
    monkeypatch.setenv("GITLAB_TOKEN", "another")
    with serve(contract) as url:
        assert main(["gitlab", "--url", url, "--project", "group/smoke"]) == 3
    assert "401" in capsys.readouterr().err
    assert contract.runs == []


def test_what_the_command_line_lacks_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable of the token, and a case that cannot be shown by a push."""
    monkeypatch.delenv("GITLAB_TOKEN", raising=False)
    options = ["gitlab", "--url", "http://127.0.0.1:9", "--project", "a/b"]
    assert main(options) == 3
    assert "GITLAB_TOKEN is not set" in capsys.readouterr().err
    assert main([*options, "--case", "event_tag"]) == 2
    assert "not a push to main" in capsys.readouterr().err


def test_waiting_has_an_end() -> None:
    """A server that never gets there is left."""
    with pytest.raises(InfrastructureError, match="the build did not happen within 0 s"):
        wait_for("the build", lambda: None, 0.02, QUICK)


def test_a_job_that_did_not_start_may_be_missing() -> None:
    """Jenkins archives nothing of it; a job that nobody expects is told."""
    assert compare({"a": "passed", "b": "skipped"}, {"a": "passed"}) == []
    assert compare({"a": "passed"}, {"a": "passed", "x": "passed"}) == ["x: passed, expected not there"]


def test_most_cases_can_be_shown_by_a_push() -> None:
    """The others are named with the reason; every case's files render."""
    kept, left_out = chosen()
    assert len(kept) + len(left_out) == len(CASES)
    assert len(kept) >= 30
    assert {".gitlab-ci.yml", "Jenkinsfile", "pipeline-kit.yml"} <= files_of(kept[0], "0.1.0").keys()
