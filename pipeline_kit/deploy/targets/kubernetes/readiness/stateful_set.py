"""Whether a StatefulSet has brought up all of its pods, all of them of its newest revision."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.readiness.events import trouble
from pipeline_kit.deploy.targets.kubernetes.readiness.faults import fault_of
from pipeline_kit.deploy.targets.kubernetes.readiness.pods import newest_pods
from pipeline_kit.deploy.targets.kubernetes.readiness.state import Readiness, done, part, waiting


def stateful_set(found: Object, pods: Sequence[Object], events: Sequence[Object]) -> Readiness:
    """Done when as many pods as wanted are ready and of the revision that the template makes.

    With the strategy OnDelete pods are replaced by hand: there only their number and readiness counts.
    """
    spec, status = part(found, "spec"), part(found, "status")
    expected, ready = int(spec.get("replicas", 1)), int(status.get("readyReplicas") or 0)
    by_hand = part(spec, "updateStrategy").get("type") == "OnDelete"
    kept = int(part(spec, "updateStrategy", "rollingUpdate").get("partition") or 0)
    due = 0 if by_hand else max(0, expected - kept)
    updated = int(status.get("updatedReplicas") or 0)
    if not by_hand and status.get("currentRevision") == status.get("updateRevision"):
        updated = max(updated, int(status.get("currentReplicas") or 0))
    if updated >= due and ready >= expected and int(status.get("replicas") or 0) == expected:
        return done(f"{ready} of {expected} pods are ready")
    newest = newest_pods(found, pods)
    if fault := fault_of(newest, events):
        return fault
    return waiting(f"{min(updated, expected)} of {expected} pods are new, {ready} ready{trouble(newest, events)}")
