"""Runs a checkout's `.gitlab-ci.yml` with gitlab-ci-local, in real shells.

It asserts nothing on the exit code: gitlab-ci-local ends with 0 after a job that nothing triggered. Its other
deviations from GitLab are listed in docs/conformance.md.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from pipeline_kit.plan.model import Event
from tests.executors.executor import PUSH, ExecutorRun, gitlab_variables, recorded_outcome, settled

FLAGS = ("--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source", "--no-color")
VERDICT = re.compile(r"^ (PASS|WARN|FAIL)  (\S+)", re.MULTILINE)
WORDS = {"PASS": "passed", "WARN": "failed", "FAIL": "failed"}
TIME_LIMIT_SECONDS = 120


def require_gitlab_local() -> None:
    """Skips the test where a tool that it needs is missing."""
    for tool in ("gitlab-ci-local", "git", "rsync", "bash"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def run_gitlab(
    checkout: Path,
    event: Event = PUSH,
    *,
    start: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    time_limit_seconds: int = TIME_LIMIT_SECONDS,
) -> ExecutorRun:
    """What the pipeline of an event ends with. `checkout` is a repository with a commit and an `origin`.

    `start` names the manual jobs that a person starts, `variables` are the project's own (its secrets), and
    `environment` is added to this process's for the jobs. Of `event.changed` nothing is read: gitlab-ci-local
    compares the checkout itself with the default branch of `origin`.
    """
    require_gitlab_local()
    arguments = options_for({**gitlab_variables(event), **(variables or {})})
    shutil.rmtree(checkout / ".gitlab-ci-local", ignore_errors=True)
    jobs, needs = when_of(checkout, arguments, environment), needs_of(checkout)
    manual = [part for name in start for part in ("--manual", name)]
    done = command(checkout, [*arguments, *manual, *reachable(jobs, needs, start)], environment, time_limit_seconds)
    log = done.stdout + done.stderr
    folder = checkout / ".gitlab-ci-local" / "artifacts"
    results = {name: folder / name / ".pipeline-kit" / "out" / name for name in jobs}
    asked = {name: "waiting" for name, when in jobs.items() if when == "manual" and name not in start}
    ended = {name: recorded_outcome(results[name], WORDS[word]) for word, name in VERDICT.findall(log)}
    named = [name for name, when in jobs.items() if when != "never" or name in ended]
    return ExecutorRun(settled({**asked, **ended}, named, needs), results, log)


def options_for(variables: Mapping[str, str]) -> list[str]:
    """The options that set a pipeline's variables, and take away the branch that it would find out itself."""
    options = [part for name, value in variables.items() for part in ("--variable", f"{name}={value}")]
    branch = [] if "CI_COMMIT_BRANCH" in variables else ["--unset-variable", "CI_COMMIT_BRANCH"]
    named = ",".join(name for name in variables if name.startswith("CI_"))
    return [*options, *branch, "--ignore-predefined-vars", named]


def when_of(checkout: Path, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the rules make of each job: `on_success`, `manual` or `never`."""
    flags = ["--list-json", "--no-json-schema-validation"]
    listed = command(checkout, [*arguments, *flags], environment, TIME_LIMIT_SECONDS)
    if "[" not in listed.stdout:
        raise AssertionError(f"gitlab-ci-local lists no jobs:\n{listed.stdout}{listed.stderr}")
    return {job["name"]: job["when"] for job in json.loads(listed.stdout[listed.stdout.index("[\n") :])}


def command(
    checkout: Path, arguments: Sequence[str], environment: Mapping[str, str] | None, time_limit_seconds: int
) -> subprocess.CompletedProcess[str]:
    """gitlab-ci-local, ended. A pipeline that hangs, as it does on a cycle of needs, is killed after the limit."""
    line = ["timeout", "-s", "KILL", str(time_limit_seconds), "gitlab-ci-local", *FLAGS, *arguments]
    return subprocess.run(
        line, cwd=checkout, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )


def needs_of(checkout: Path) -> dict[str, tuple[str, ...]]:
    """The needs of each entry of the file."""
    file = yaml.safe_load((checkout / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    listed = {name: each.get("needs", ()) for name, each in file.items() if isinstance(each, dict)}
    return {name: tuple(n["job"] if isinstance(n, dict) else n for n in needs) for name, needs in listed.items()}


def reachable(jobs: Mapping[str, str], needs: Mapping[str, tuple[str, ...]], start: Sequence[str]) -> list[str]:
    """The jobs to name on the command line: none, or all that are not behind a manual job which nobody starts.

    GitLab would leave those behind it waiting; gitlab-ci-local refuses the whole pipeline.
    """
    held = {name for name, when in jobs.items() if when == "manual" and name not in start}
    behind = set(held)
    while more := {name for name in jobs if name not in behind and behind & set(needs[name])}:
        behind |= more
    if behind == held:
        return []
    return [name for name, when in jobs.items() if when != "never" and name not in behind]
