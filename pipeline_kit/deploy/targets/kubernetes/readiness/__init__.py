"""Whether an object that was applied is what it should be: done, waiting or failed, and why. Pure, a file a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.readiness.claim import claim
from pipeline_kit.deploy.targets.kubernetes.readiness.daemon_set import daemon_set
from pipeline_kit.deploy.targets.kubernetes.readiness.deployment import deployment
from pipeline_kit.deploy.targets.kubernetes.readiness.job import job
from pipeline_kit.deploy.targets.kubernetes.readiness.other import other
from pipeline_kit.deploy.targets.kubernetes.readiness.pod import pod
from pipeline_kit.deploy.targets.kubernetes.readiness.service import service
from pipeline_kit.deploy.targets.kubernetes.readiness.state import ObjectState, Readiness, part, waiting
from pipeline_kit.deploy.targets.kubernetes.readiness.stateful_set import stateful_set

__all__ = ["ObjectState", "Readiness", "readiness"]

Judge = Callable[[Object, Sequence[Object], Sequence[Object]], Readiness]

JUDGES: Mapping[tuple[str, str], Judge] = {
    ("", "PersistentVolumeClaim"): claim,
    ("", "Pod"): pod,
    ("", "Service"): service,
    ("apps", "DaemonSet"): daemon_set,
    ("apps", "Deployment"): deployment,
    ("apps", "StatefulSet"): stateful_set,
    ("batch", "Job"): job,
}


def readiness(found: Object | None, pods: Sequence[Object], events: Sequence[Object] = ()) -> Readiness:
    """How far an object got, by itself, by the pods of its namespace and by what the cluster reported about them.

    Its status counts only when the controller has seen the object as it is now.
    """
    if found is None:
        return waiting("it is not there yet")
    metadata = part(found, "metadata")
    if metadata.get("deletionTimestamp"):
        return waiting("it is being deleted")
    seen = part(found, "status").get("observedGeneration")
    group, kind = str(found["apiVersion"]).rpartition("/")[0], str(found["kind"])
    if unseen(seen, metadata.get("generation"), must_tell=group == "apps"):
        return waiting("the cluster has not looked at it yet")
    return JUDGES.get((group, kind), other)(found, pods, events)


def unseen(seen: object, generation: object, *, must_tell: bool) -> bool:
    """Whether the status belongs to an older generation; kinds without a generation are trusted."""
    if not isinstance(generation, int):
        return False
    return seen < generation if isinstance(seen, int) else must_tell
