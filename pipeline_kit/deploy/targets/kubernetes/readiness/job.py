"""Whether a Job ran to its end."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.readiness.events import trouble
from pipeline_kit.deploy.targets.kubernetes.readiness.faults import fault_of
from pipeline_kit.deploy.targets.kubernetes.readiness.pods import newest_pods
from pipeline_kit.deploy.targets.kubernetes.readiness.state import (
    Readiness,
    condition,
    done,
    failed,
    part,
    waiting,
    words,
)


def job(found: Object, pods: Sequence[Object], events: Sequence[Object]) -> Readiness:
    """Done when it is complete; it retries failed pods itself until its limit."""
    failure = condition(found, "Failed")
    if failure.get("status") == "True":
        return failed(f"the job failed ({failure.get('reason')}): {words(failure.get('message'))}")
    if condition(found, "Complete").get("status") == "True":
        return done("complete")
    if part(found, "spec").get("suspend"):
        return done("suspended, as it is declared")
    newest = newest_pods(found, pods)
    if fault := fault_of(newest, events, ends=True):
        return fault
    return waiting(f"{part(found, 'status').get('active') or 0} of its pods run{trouble(newest, events)}")
