"""Whether a Deployment has brought up all of its pods, all of them of its newest revision."""

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
from pipeline_kit.errors import Category


def deployment(found: Object, pods: Sequence[Object], events: Sequence[Object]) -> Readiness:
    """Done when as many pods as wanted are available, and none of an older revision is left."""
    expected, status = int(part(found, "spec").get("replicas", 1)), part(found, "status")
    total, updated = int(status.get("replicas") or 0), int(status.get("updatedReplicas") or 0)
    available = int(status.get("availableReplicas") or 0)
    if updated == total == expected <= available:
        return done(f"{available} of {expected} pods are available")
    newest = newest_pods(found, pods)
    if fault := fault_of(newest, events):
        return fault
    if refused := refusal(found, updated):
        return refused
    progressing = condition(found, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        seconds = part(found, "spec").get("progressDeadlineSeconds")
        message = words(progressing.get("message")) + trouble(newest, events)
        return failed(f"no progress for {seconds} s (ProgressDeadlineExceeded): {message}", Category.TIMEOUT)
    left = f", {total - updated} of an older revision are left" if total > updated else ""
    return waiting(
        f"{min(updated, expected)} of {expected} pods are new, {available} available{left}{trouble(newest, events)}"
    )


def refusal(found: Object, updated: int) -> Readiness | None:
    """A failure where the cluster forbids even the first new pod, as a quota or a policy does."""
    failure = condition(found, "ReplicaFailure")
    message = words(failure.get("message"))
    if failure.get("status") == "True" and "forbidden" in message and not updated:
        return failed(f"the cluster forbids its pods: {message}", Category.CONFIG)
    return None
