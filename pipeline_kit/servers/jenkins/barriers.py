"""The order that Jenkins adds: it has no graph, so each level waits for all of the level before."""

from __future__ import annotations

from itertools import pairwise

from pipeline_kit.plan.model import Plan
from pipeline_kit.render.ancestors import ancestors
from pipeline_kit.servers.jenkins.levels import jenkins_levels


def added_order(plan: Plan) -> tuple[str, ...]:
    """A sentence for each job that on Jenkins waits for jobs which it does not need."""
    behind = ancestors(plan)
    sentences = []
    for before, level in pairwise(jenkins_levels(plan)):
        for job in level:
            extra = [earlier.name for earlier in before if earlier.name not in behind[job.name]]
            if extra:
                sentences.append(f"on Jenkins {job.name} also waits for {', '.join(extra)} to end")
    return tuple(sentences)
