"""The jobs before each job of a plan."""

from __future__ import annotations

from pipeline_kit.plan.model import Plan


def ancestors(plan: Plan) -> dict[str, frozenset[str]]:
    """All jobs before each job, by name."""
    before: dict[str, frozenset[str]] = {}
    for job in plan.jobs:
        needs = [need for need in job.needs if need in before]
        before[job.name] = frozenset(needs).union(*(before[need] for need in needs))
    return before
