"""Whether a DaemonSet has brought up a pod of its newest revision on every node that is to have one."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.readiness.events import trouble
from pipeline_kit.deploy.targets.kubernetes.readiness.faults import fault_of
from pipeline_kit.deploy.targets.kubernetes.readiness.pods import newest_pods
from pipeline_kit.deploy.targets.kubernetes.readiness.state import Readiness, done, part, waiting


def daemon_set(found: Object, pods: Sequence[Object], events: Sequence[Object]) -> Readiness:
    """Done when every node's pod is new and available; where pods are replaced by hand, when it is available."""
    status = part(found, "status")
    expected = int(status.get("desiredNumberScheduled") or 0)
    updated = int(status.get("updatedNumberScheduled") or 0)
    available = int(status.get("numberAvailable") or 0)
    by_hand = part(found, "spec", "updateStrategy").get("type") == "OnDelete"
    if available >= expected and (by_hand or updated >= expected):
        return done(f"{available} of {expected} pods are available")
    newest = newest_pods(found, pods)
    if fault := fault_of(newest, events):
        return fault
    return waiting(f"{updated} of {expected} pods are new, {available} available{trouble(newest, events)}")
