"""What both CI executors share in tests: the events as each server tells them, and what a pipeline ended with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_kit.descriptor.model import EventKind
from pipeline_kit.plan.model import Event

PUSH = Event(EventKind.PUSH, branch="main")


@dataclass(frozen=True, slots=True)
class ExecutorRun:
    """A pipeline that has ended.

    `outcomes` has a word of `Outcome` for every job that the executor knows of; a job that the event does not
    start is missing or skipped. `results` is the folder with `.pipeline-kit/out/NAME` of each job.
    """

    outcomes: Mapping[str, str]
    results: Mapping[str, Path]
    log: str = ""
    problems: tuple[Mapping[str, object], ...] = field(default=())

    def passed(self) -> set[str]:
        """The jobs that passed."""
        return {name for name, outcome in self.outcomes.items() if outcome == "passed"}


def recorded_outcome(folder: Path, plain: str) -> str:
    """The outcome that a job's own record tells, where the executor knows only that it failed."""
    record = folder / "result.json"
    if plain != "failed" or not record.is_file():
        return plain
    told = json.loads(record.read_text(encoding="utf-8")).get("outcome")
    return told if told in ("failed", "undecided") else plain


def settled(told: Mapping[str, str], jobs: Sequence[str], needs: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The outcome of every job, from what an executor told of those that ran or that a person was asked about.

    A job that did not run was skipped where one before it did not pass, and waits where one before it waits.
    """
    outcomes: dict[str, str] = {}

    def outcome(name: str) -> str:
        if name not in outcomes:
            before = {outcome(need) for need in needs.get(name, ()) if need in jobs}
            found = told.get(name, "skipped")
            if found in ("skipped", "waiting"):
                found = "skipped" if before - {"passed", "waiting"} else "waiting" if "waiting" in before else found
            outcomes[name] = found
        return outcomes[name]

    return {name: outcome(name) for name in jobs}


def gitlab_variables(event: Event) -> dict[str, str]:
    """The predefined variables that GitLab sets for an event.

    Source: https://docs.gitlab.com/ci/variables/predefined_variables/
    """
    sources = {EventKind.MERGE_REQUEST: "merge_request_event", EventKind.SCHEDULE: "schedule", EventKind.MANUAL: "web"}
    found = {"CI_PIPELINE_SOURCE": sources.get(event.kind, "push")}
    if event.kind is EventKind.TAG:
        return {**found, "CI_COMMIT_TAG": event.tag or "", "CI_COMMIT_REF_NAME": event.tag or ""}
    found["CI_COMMIT_REF_NAME"] = event.branch or "main"
    if event.kind is EventKind.MERGE_REQUEST:
        source = "99" if event.fork else "1"
        return {**found, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": source, "CI_MERGE_REQUEST_PROJECT_ID": "1"}
    if event.kind is EventKind.SCHEDULE:
        found["PIPELINE_KIT_SCHEDULE"] = event.schedule or ""
    return {**found, "CI_COMMIT_BRANCH": event.branch or "main"}


def jenkins_variables(event: Event) -> dict[str, str]:
    """The variables that a multibranch build has for an event.

    Source: https://www.jenkins.io/doc/book/pipeline/multibranch/#additional-environment-variables
    """
    found = {"BUILD_NUMBER": "7", "JOB_NAME": "project"}
    if event.kind is EventKind.MERGE_REQUEST:
        found |= {"CHANGE_ID": "12", "BRANCH_NAME": "PR-12", "CHANGE_TARGET": "main"}
        return {**found, "CHANGE_BRANCH": event.branch or "topic", **({"CHANGE_FORK": "someone"} if event.fork else {})}
    if event.kind is EventKind.TAG:
        return {**found, "BRANCH_NAME": event.tag or "", "TAG_NAME": event.tag or ""}
    return {**found, "BRANCH_NAME": event.branch or "main", "PIPELINE_KIT_SCHEDULE": event.schedule or ""}


def jenkins_causes(event: Event) -> list[str]:
    """The class names of what started a Jenkins build."""
    causes = {
        EventKind.SCHEDULE: "org.jenkinsci.plugins.parameterizedscheduler.ParameterizedTimerTriggerCause",
        EventKind.MANUAL: "hudson.model.Cause$UserIdCause",
    }
    return [causes.get(event.kind, "jenkins.branch.BranchEventCause")]
