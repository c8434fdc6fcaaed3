"""Whether a pod of its own is ready, or ran to its end."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.readiness.faults import fault_of
from pipeline_kit.deploy.targets.kubernetes.readiness.state import (
    ObjectState,
    Readiness,
    condition,
    done,
    part,
    waiting,
)


def pod(found: Object, pods: Sequence[Object], events: Sequence[Object]) -> Readiness:
    """Done when it is ready or has succeeded; a failed bare pod is not replaced."""
    phase = part(found, "status").get("phase")
    if phase == "Succeeded":
        return done("succeeded")
    if fault := fault_of([found], events, ends=part(found, "spec").get("restartPolicy") == "OnFailure"):
        return fault
    if phase == "Failed":
        name = str(part(found, "metadata").get("name"))
        return Readiness(ObjectState.FAILED, f"pod {name} failed", name)
    ready = condition(found, "Ready").get("status") == "True"
    return done() if ready else waiting(f"pod is {str(phase or 'new').lower()}, not ready")
