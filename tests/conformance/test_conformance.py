"""Every case on this machine, on GitLab and on Jenkins: the same outcomes, the same order, the same digests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import pytest

from pipeline_kit.plan.events import select
from pipeline_kit.plan.model import Plan
from tests.conformance.case import CASES, EXECUTORS
from tests.conformance.executors import Told, plan_of

pytestmark = [pytest.mark.gitlab, pytest.mark.jenkins]
every_case = pytest.mark.parametrize("conformance_case", CASES)
All = Mapping[str, Mapping[str, Told]]
Count = Callable[[str, int], None]


def test_there_are_enough_cases() -> None:
    """Forty descriptors and more, each with a story of its own."""
    assert len(CASES) >= 40
    assert len({case.story for case in CASES.values()}) == len(CASES)


@every_case
def test_every_job_ends_with_the_same(conformance_case: str, told: All, count: Count) -> None:
    """Each executor runs the jobs that the event starts, and no other; each ends as expected."""
    case = CASES[conformance_case]
    for executor in EXECUTORS:
        found = told[case.name][executor]
        started = {name: outcome for name, outcome in found.outcomes.items() if name in case.outcomes}
        assert started == case.expected(executor), f"{executor}:\n{found.log}"
        others = {name for name, outcome in found.outcomes.items() if outcome not in ("skipped", "waiting")}
        assert others <= set(case.outcomes), executor
    count("conformance: descriptors on three executors", 1)
    count("conformance: outcomes of jobs compared", len(case.outcomes) * len(EXECUTORS))


@every_case
def test_each_need_ends_before_what_needs_it_starts(conformance_case: str, told: All, count: Count) -> None:
    """The moments that the jobs themselves noted keep every need, and what runs one at a time does not overlap."""
    case = CASES[conformance_case]
    plan = select(plan_of(case), case.event)
    for executor in EXECUTORS:
        found = told[case.name][executor]
        for need, name in edges(plan):
            ended, started = found.moment("end", need), found.moment("start", name)
            if started is not None:
                assert ended is not None, (executor, need, name)
                assert ended < started, (executor, need, name)
                count("conformance: needs kept", 1)
        if executor != "gitlab":  # which ignores resource_group: docs/conformance.md
            spans = sorted(found.span(name) for name in case.one_at_a_time)
            assert all(first[1] < second[0] for first, second in pairwise(spans)), executor


@every_case
def test_every_digest_is_the_same(conformance_case: str, told: All, count: Count) -> None:
    """What each job read and left has one digest, wherever it ran."""
    case = CASES[conformance_case]
    here = told[case.name]["here"].digests
    ran = {name for name, outcome in case.outcomes.items() if outcome in ("passed", "failed", "undecided")}
    for executor in ("gitlab", "jenkins"):
        there = told[case.name][executor].digests
        for name in ran - set(case.deviations.get(executor, ())):
            assert there.get(name, {}) == here[name], (executor, name)
            count("conformance: digests compared", len(here[name]))


@every_case
def test_nothing_is_tried_more_often_than_it_may(conformance_case: str, told: All) -> None:
    """A job is started once, again only after an infrastructure failure, and never a third time."""
    case = CASES[conformance_case]
    for executor in EXECUTORS:
        for name, outcome in case.expected(executor).items():
            ran = outcome in ("passed", "failed", "undecided")
            wanted = case.attempts.get(name, 1) if ran else 0
            if executor == "gitlab":  # which never retries: docs/conformance.md
                wanted = min(wanted, 1)
            assert told[case.name][executor].attempts(name) == wanted, (executor, name)


def edges(plan: Plan) -> list[tuple[str, str]]:
    """Every need of the plan as (need, job)."""
    return [(need, job.name) for job in plan.jobs for need in job.needs]


@every_case
def test_the_plan_starts_the_jobs_of_the_case(conformance_case: str) -> None:
    """The expected outcomes name exactly the jobs of the plan of the event."""
    case = CASES[conformance_case]
    assert {job.name for job in select(plan_of(case), case.event).jobs} == set(case.outcomes)
