"""The order in which Jenkins runs the jobs: it has no graph, so they are put into levels."""

from __future__ import annotations

from pipeline_kit.plan.model import Plan, PlannedJob


def jenkins_levels(plan: Plan) -> tuple[tuple[PlannedJob, ...], ...]:
    """The jobs by level; manual jobs and their dependents come after all others.

    A build is blocked while it asks, so every job that does not wait for the answer runs before the question.
    """
    questions: dict[str, int] = {}
    for job in plan.jobs:
        before = max((questions[need] for need in job.needs if need in questions), default=0)
        questions[job.name] = before + job.waits_for_a_person
    places = {job.name: (questions[job.name], job.level) for job in plan.jobs}
    return tuple(tuple(job for job in plan.jobs if places[job.name] == place) for place in sorted({*places.values()}))
