"""Rendered files on both CI executors, unchanged and with real shells: order, outcomes, what travels between jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.descriptor.model import EventKind, EventPattern, Schedule, When
from pipeline_kit.plan.events import select
from pipeline_kit.plan.model import Event, Plan
from tests.executors.executor import PUSH, ExecutorRun
from tests.executors.fake_kit import FakeKit, commit, git, make_checkout, make_fake_kit
from tests.executors.gitlab_local import run_gitlab
from tests.executors.jenkins_harness import Build, run_builds, run_jenkinsfile
from tests.render.plans import CPU, KUBECONFIG, MAIN, NIGHTLY, REGISTRY, STAGING, TOKEN, descriptor, full, job, plan

BOTH = [pytest.param("gitlab", marks=pytest.mark.gitlab), pytest.param("jenkins", marks=pytest.mark.jenkins)]
DIAMOND = plan(
    job("check"), job("left", "check", level=1), job("right", "check", level=1), job("join", "left", "right", level=2)
)


@dataclass(frozen=True, slots=True)
class Told:
    """A pipeline that has ended, and what the fake kit noted."""

    run: ExecutorRun
    kit: FakeKit

    def outcomes(self) -> dict[str, str]:
        """The outcomes but for jobs that did not take part."""
        return {name: outcome for name, outcome in self.run.outcomes.items() if outcome != "skipped"}

    def note(self, name: str) -> dict[str, dict[str, object]]:
        """What a job wrote down, as the executor collected it."""
        return json.loads((self.run.results[name] / "result.json").read_text(encoding="utf-8"))


def run(
    executor: str,
    folder: Path,
    made: Plan,
    codes: Mapping[str, Sequence[int]] | None = None,
    *,
    event: Event = PUSH,
    start: Sequence[str] = (),
    **more: Any,
) -> Told:
    """The plan, rendered and run on one executor."""
    kit = make_fake_kit(folder / "kit", made, codes or {})
    checkout = make_checkout(folder / "a project", made, descriptor(**more))
    if executor == "gitlab":
        secrets = {"API_TOKEN": "a token", "REGISTRY_USERNAME": "robot", "REGISTRY_PASSWORD": "pass word"}
        return Told(run_gitlab(checkout, event, start=start, environment=kit.environment(), variables=secrets), kit)
    secrets = {"api-token": "a token", "registry-robot": ["robot", "pass word"], "kube": "/a/file"}
    done = run_jenkinsfile(
        checkout, folder / "build", event, start=start, credentials=secrets, environment=kit.environment()
    )
    assert done.problems == ()
    return Told(done, kit)


@pytest.mark.parametrize("executor", BOTH)
def test_a_need_ends_before_what_needs_it_starts(executor: str, tmp_path: Path) -> None:
    """A diamond passes in the order of its needs, and each job finds its needs' results."""
    told = run(executor, tmp_path, DIAMOND)
    assert told.outcomes() == dict.fromkeys(["check", "left", "right", "join"], "passed")
    starts, ends = told.kit.moments("start"), told.kit.moments("end")
    assert all(ends[need] < starts[each.name] for each in DIAMOND.jobs for need in each.needs)
    assert told.note("join")["seen"] == {"left": True, "right": True}


@pytest.mark.parametrize("executor", BOTH)
@pytest.mark.parametrize(("code", "outcome"), [(1, "failed"), (2, "failed"), (4, "undecided"), (70, "failed")])
def test_what_did_not_pass_stops_its_dependents_only(executor: str, code: int, outcome: str, tmp_path: Path) -> None:
    """Failed or undecided alike: dependents are skipped, everything else runs, and nothing is tried twice."""
    told = run(executor, tmp_path, DIAMOND, {"left": [code]})
    assert told.outcomes() == {"check": "passed", "left": outcome, "right": "passed"}
    assert told.run.outcomes["join"] == "skipped"
    assert told.kit.attempts("left") == 1


@pytest.mark.jenkins
def test_jenkins_tries_an_infrastructure_failure_once_more(tmp_path: Path) -> None:
    """Exit code 3 is worth a second attempt, and no third one."""
    told = run("jenkins", tmp_path, DIAMOND, {"left": [3, 0], "right": [3, 3, 0]})
    assert told.outcomes() == {"check": "passed", "left": "passed", "right": "failed"}
    assert (told.kit.attempts("left"), told.kit.attempts("right")) == (2, 2)


@pytest.mark.jenkins
def test_jenkins_starts_a_job_again_whose_agent_is_lost(tmp_path: Path) -> None:
    """A lost agent costs an attempt and not the build."""
    made = plan(job("check"), job("train", "check", level=1))
    kit = make_fake_kit(tmp_path / "kit", made, {})
    checkout = make_checkout(tmp_path / "project", made, descriptor())
    done = run_jenkinsfile(checkout, tmp_path / "build", environment=kit.environment(), loses_agent=("train",))
    assert done.outcomes == {"check": "passed", "train": "passed"}


@pytest.mark.parametrize("executor", BOTH)
def test_results_travel_past_a_job_that_does_not_take_them(executor: str, tmp_path: Path) -> None:
    """The last job takes the results of the first, though a job stands between them."""
    made = plan(job("a"), job("b", "a", level=1), job("c", "b", level=2, takes=("a", "b")))
    assert run(executor, tmp_path, made).note("c")["seen"] == {"a": True, "b": True}


@pytest.mark.parametrize("executor", BOTH)
def test_a_manual_job_waits_for_a_person(executor: str, tmp_path: Path) -> None:
    """Nobody starts it: it waits, what needs it waits too, and everything else runs."""
    made = plan(
        job("a"), job("b", "a", level=1, when=When.MANUAL), job("c", "b", level=2), job("d", "a", level=1),
        job("e", "d", level=2),
    )  # fmt: skip
    told = run(executor, tmp_path, made)
    assert told.outcomes() == {"a": "passed", "b": "waiting", "c": "waiting", "d": "passed", "e": "passed"}


@pytest.mark.parametrize("executor", BOTH)
def test_a_started_manual_job_lets_its_dependents_run(executor: str, tmp_path: Path) -> None:
    """A person starts it, and the rest follows by itself."""
    made = plan(job("a"), job("b", "a", level=1, when=When.MANUAL), job("c", "b", level=2))
    told = run(executor, tmp_path, made, start=["b"])
    assert told.outcomes() == {"a": "passed", "b": "passed", "c": "passed"}


EVENTS = plan(
    job("all", runner=CPU),
    job("main", events=(MAIN,)),
    job("release", events=(EventPattern(EventKind.PUSH, "release/*"),)),
    job("version", events=(EventPattern(EventKind.TAG, "v*"),)),
    job("night", events=(NIGHTLY,)),
    job("merge", events=(EventPattern(EventKind.MERGE_REQUEST),)),
    job("secret", secrets=(TOKEN,), forks=False),
    job("after", "secret", level=1, forks=False),
    job("hand", events=(EventPattern(EventKind.MANUAL),)),
)


STARTED = {
    Event(EventKind.PUSH, branch="main"): {"main", "secret", "after"},
    Event(EventKind.PUSH, branch="release/1/a"): {"release", "secret", "after"},
    Event(EventKind.PUSH, branch="mainly"): {"secret", "after"},
    Event(EventKind.TAG, tag="v1.0"): {"version", "secret", "after"},
    Event(EventKind.TAG, tag="main"): {"secret", "after"},
    Event(EventKind.SCHEDULE, branch="main", schedule="nightly"): {"night", "secret", "after"},
    Event(EventKind.SCHEDULE, branch="main", schedule="weekly"): {"secret", "after"},
    Event(EventKind.MERGE_REQUEST, branch="main"): {"merge", "secret", "after"},
    Event(EventKind.MERGE_REQUEST, branch="topic", fork=True): {"merge"},
    Event(EventKind.MANUAL, branch="main"): {"hand", "secret", "after"},
}
SCHEDULES = (Schedule("nightly", "0 2 * * *"), Schedule("weekly", "0 3 * * 0"))


@pytest.mark.jenkins
def test_an_event_starts_the_jobs_that_name_it_on_jenkins(tmp_path: Path) -> None:
    """Branches, tags, schedules, change requests and forks start exactly the jobs of the plan."""
    kit = make_fake_kit(tmp_path / "kit", EVENTS, {})
    checkout = make_checkout(tmp_path / "project", EVENTS, descriptor(schedules=SCHEDULES))
    credentials = {"api-token": "a token"}
    builds = [
        Build(checkout, tmp_path / str(number), event, credentials=credentials, environment=kit.environment())
        for number, event in enumerate(STARTED)
    ]
    told = dict(zip(STARTED, run_builds(builds), strict=True))
    assert {event: run.passed() - {"all"} for event, run in told.items()} == STARTED


@pytest.mark.gitlab
def test_an_event_starts_the_jobs_that_name_it_on_gitlab(tmp_path: Path) -> None:
    """The same table, read from GitLab's predefined variables."""
    kit = make_fake_kit(tmp_path / "kit", EVENTS, {})
    checkout = make_checkout(tmp_path / "project", EVENTS, descriptor(schedules=SCHEDULES))
    variables = {"API_TOKEN": "a token"}
    told = {event: run_gitlab(checkout, event, variables=variables, environment=kit.environment()) for event in STARTED}
    assert {event: run.passed() - {"all"} for event, run in told.items()} == STARTED


@pytest.mark.parametrize("event", STARTED, ids=str)
def test_the_table_of_events_is_the_plan_s_own(event: Event) -> None:
    """What both servers are held to is what `select` says."""
    assert {job.name for job in select(EVENTS, event).jobs} - {"all"} == STARTED[event]


CHANGES = plan(job("a", changes=("src/**",)), job("b", "a", level=1, changes=("src/**",)), job("c"))


@pytest.mark.jenkins
@pytest.mark.parametrize(
    ("event", "started"),
    [
        (Event(EventKind.MERGE_REQUEST, branch="t", changed=("docs/a.md",)), {"c"}),
        (Event(EventKind.MERGE_REQUEST, branch="t", changed=("src/a/b.py",)), {"a", "b", "c"}),
        (Event(EventKind.PUSH, branch="main", changed=("docs/a.md",)), {"a", "b", "c"}),
    ],
    ids=["elsewhere", "inside", "push"],
)
def test_changes_narrow_change_requests_on_jenkins(event: Event, started: set[str], tmp_path: Path) -> None:
    """A job about a folder, and what needs it, is left out where a change request touched other files only."""
    told = run("jenkins", tmp_path, CHANGES, event=event)
    assert told.run.passed() == started


@pytest.mark.gitlab
@pytest.mark.parametrize(("path", "started"), [("docs/a.md", {"c"}), ("src/a/b.py", {"a", "b", "c"})])
def test_changes_narrow_merge_requests_on_gitlab(path: str, started: set[str], tmp_path: Path) -> None:
    """The same, told from the commits of a branch beside main."""
    kit = make_fake_kit(tmp_path / "kit", CHANGES, {})
    checkout = make_checkout(tmp_path / "project", CHANGES, descriptor())
    git(checkout, "switch", "-q", "-c", "topic")
    (checkout / path).parent.mkdir(parents=True)
    (checkout / path).write_text("new", encoding="utf-8")
    commit(checkout, "A change")
    told = run_gitlab(checkout, Event(EventKind.MERGE_REQUEST, branch="topic"), environment=kit.environment())
    assert told.passed() == started


@pytest.mark.parametrize("executor", BOTH)
def test_secrets_reach_the_job_that_names_them(executor: str, tmp_path: Path) -> None:
    """Text and user with password arrive whole; a job without secrets sees none."""
    made = plan(job("a", secrets=(TOKEN, REGISTRY)), job("b"))
    told = run(executor, tmp_path, made)
    assert told.note("a")["secrets"] == {
        "PIPELINE_KIT_SECRET_TOKEN": "a token",
        "PIPELINE_KIT_SECRET_REGISTRY_USERNAME": "robot",
        "PIPELINE_KIT_SECRET_REGISTRY_PASSWORD": "pass word",
    }
    assert told.note("b")["secrets"] == {}


@pytest.mark.parametrize("executor", BOTH)
def test_a_wide_fan_gathers_again(executor: str, tmp_path: Path) -> None:
    """Eight jobs side by side, and one that needs them all."""
    fan = [job(f"train_{number}", "check", level=1) for number in range(1, 9)]
    made = plan(job("check"), *fan, job("best", *(each.name for each in fan), level=2))
    told = run(executor, tmp_path, made)
    assert told.run.passed() == {each.name for each in made.jobs}
    assert len(told.note("best")["seen"]) == 8


@pytest.mark.parametrize("executor", BOTH)
def test_a_release_runs_from_end_to_end(executor: str, tmp_path: Path) -> None:
    """The whole release pipeline on a push to main, its manual deploy started by a person."""
    made, made_for = full()
    told = run(
        executor,
        tmp_path,
        made,
        start=["deploy_production"],
        schedules=made_for.schedules.values(),
        environments=(STAGING,),
    )
    assert told.run.passed() == {each.name for each in made.jobs}


@pytest.mark.jenkins
def test_a_refused_job_ends_the_build_on_jenkins(tmp_path: Path) -> None:
    """Who aborts the question aborts the build: nothing behind it runs."""
    made = plan(job("a", when=When.MANUAL, secrets=(KUBECONFIG,)), job("b", "a", level=1))
    kit = make_fake_kit(tmp_path / "kit", made, {})
    checkout = make_checkout(tmp_path / "project", made, descriptor())
    done = run_jenkinsfile(checkout, tmp_path / "build", environment=kit.environment(), refuse=("a",))
    assert done.outcomes == {"a": "failed", "b": "skipped"}
