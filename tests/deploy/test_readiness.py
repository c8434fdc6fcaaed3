"""What objects and pods tell about a release: done, waiting, or failed with pod and container named at once."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_kit.deploy.targets.kubernetes.readiness import ObjectState, readiness
from pipeline_kit.errors import Category
from tests.deploy.releases import OLD_IMAGE, container, deployment, pod

ALL_NEW = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "readyReplicas": 2}
SOME_NEW = {"replicas": 3, "updatedReplicas": 1, "availableReplicas": 2}
DEADLINE = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}]
READY = [{"type": "Ready", "status": "True"}]
ERROR = {"terminated": {"exitCode": 1, "reason": "Error", "message": "no such file"}}


def held(reason: str, message: str = "") -> dict[str, Any]:
    return container(state={"waiting": {"reason": reason, "message": message}})


def thing(kind: str, api_version: str = "v1", **content: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "fraud", "generation": 1}, **content}


def progress(found: dict[str, Any]) -> ObjectState:
    return readiness(found, []).state


def test_all_pods_new_and_available_is_done() -> None:
    """And nothing else is."""
    assert readiness(deployment(**ALL_NEW), []).state is ObjectState.DONE
    for name, value in (("replicas", 3), ("updatedReplicas", 1), ("availableReplicas", 1)):
        assert readiness(deployment(**{**ALL_NEW, name: value}), []).state is ObjectState.WAITING
    found = readiness(deployment(**SOME_NEW), [])
    assert found.reason == "1 of 2 pods are new, 2 available, 2 of an older revision are left"


@pytest.mark.parametrize("seen", [None, 1])
def test_a_status_of_an_older_object_says_nothing(seen: int | None) -> None:
    """Neither that it is done nor that it failed."""
    assert readiness(deployment(seen=seen, **ALL_NEW), []).state is ObjectState.WAITING
    crashed = readiness(deployment(seen=seen, conditions=DEADLINE), [pod(**held("CrashLoopBackOff"))])
    assert crashed.state is ObjectState.WAITING


def test_what_is_not_there_or_goes_is_waited_for() -> None:
    """None, and an object with a time of deletion."""
    assert readiness(None, []).state is ObjectState.WAITING
    going = deployment(**ALL_NEW)
    going["metadata"]["deletionTimestamp"] = "2026-11-24T00:00:00Z"
    assert readiness(going, []).state is ObjectState.WAITING


@pytest.mark.parametrize(
    ("status", "told", "category"),
    [
        (held("CrashLoopBackOff"), "crashes again and again (CrashLoopBackOff)", Category.PROJECT),
        (held("ImagePullBackOff", "Back-off"), "cannot get its image (ImagePullBackOff)", Category.INFRASTRUCTURE),
        (held("ErrImagePull", "not found"), "cannot get its image (ErrImagePull): not found", Category.INFRASTRUCTURE),
        (held("InvalidImageName", "bad"), "an invalid image name (InvalidImageName): bad", Category.CONFIG),
        (held("CreateContainerConfigError", 'secret "x" not found'), 'secret "x" not found', Category.CONFIG),
        (container(state=ERROR), "ended with exit code 1: no such file", Category.PROJECT),
        (
            container(restartCount=2, state={"running": {}}, lastState=ERROR),
            "ended with exit code 1, 2 times so far: no such file",
            Category.PROJECT,
        ),
        (
            container(state={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
            "needs more memory than its limit of 512Mi (OOMKilled)",
            Category.PROJECT,
        ),
        (
            {
                "containerStatuses": [
                    {
                        "name": "serve",
                        "restartCount": 1,
                        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
                    }
                ]
            },
            "OOMKilled",
            Category.PROJECT,
        ),
    ],
)
def test_a_fault_of_a_container_is_named_at_once(status: dict[str, Any], told: str, category: Category) -> None:
    """With the pod and the container."""
    found = readiness(deployment(**SOME_NEW), [pod("fraud-0"), pod("fraud-1", **status)])
    assert (found.state, found.pod, found.container) == (ObjectState.FAILED, "fraud-1", "serve")
    assert told in found.reason
    assert found.reason.startswith("container serve of pod fraud-1 ")
    assert found.category is category


def test_a_pod_that_fits_on_no_node_is_named_with_the_schedulers_words() -> None:
    """Unless the cluster grows for it, or its volume is just being made."""
    message = "0/1 nodes are available: 1 Insufficient cpu."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    found = readiness(deployment(**SOME_NEW), [pod(conditions=[condition])])
    assert (found.state, found.pod, found.category) == (ObjectState.FAILED, "fraud-1", Category.INFRASTRUCTURE)
    assert found.reason == f"pod fraud-1 fits on no node: {message}"
    grows = {"involvedObject": {"kind": "Pod", "name": "fraud-1"}, "reason": "TriggeredScaleUp"}
    assert readiness(deployment(), [pod(conditions=[condition])], [grows]).state is ObjectState.WAITING
    claim = {**condition, "message": "pod has unbound immediate PersistentVolumeClaims"}
    assert readiness(deployment(), [pod(conditions=[claim])]).state is ObjectState.WAITING


def test_an_evicted_pod_is_a_fault_until_others_serve() -> None:
    """It stays in the list when another one has taken its place."""
    evicted = pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory.")
    found = readiness(deployment(**SOME_NEW), [evicted])
    assert (found.state, found.category) == (ObjectState.FAILED, Category.INFRASTRUCTURE)
    assert found.reason == "pod fraud-1 was evicted from its node: The node was low on resource: memory."
    assert readiness(deployment(**ALL_NEW), [evicted]).state is ObjectState.DONE


def test_an_init_container_counts_too() -> None:
    """The one that runs first is named."""
    broken = pod(initContainerStatuses=[{"name": "load", "restartCount": 1, "state": ERROR}])
    found = readiness(deployment(), [broken])
    assert (found.state, found.container) == (ObjectState.FAILED, "load")


def test_the_reason_of_a_pull_comes_from_the_event() -> None:
    """The back-off itself does not say it; events of pods of the same name before this one do not count."""
    said = f'Failed to pull image "{pod()["spec"]["containers"][0]["image"]}": manifest unknown'
    about = {"kind": "Pod", "name": "fraud-1", "uid": "uid-fraud-1"}
    event = {"involvedObject": about, "reason": "Failed", "message": said}
    other = {**event, "involvedObject": {**about, "uid": "another"}, "message": said.replace("unknown", "gone")}
    found = readiness(deployment(), [pod(**held("ImagePullBackOff", "Back-off"))], [event, other])
    assert found.reason.endswith("manifest unknown")


def test_what_may_pass_is_told_while_it_is_waited_for() -> None:
    """The newest warning about a pod that is not ready, and how it stood when the time was over."""
    event = {"involvedObject": {"kind": "Pod", "name": "fraud-1"}, "type": "Warning", "reason": "Unhealthy"}
    events = [
        {**event, "lastTimestamp": "2026-11-24T00:00:09Z", "message": "Startup probe failed: 503"},
        {**event, "lastTimestamp": "2026-11-24T00:00:01Z", "message": "older"},
        {**event, "lastTimestamp": "2026-11-24T00:01:00Z", "type": "Normal", "message": "Pulled"},
    ]
    found = readiness(deployment(**SOME_NEW), [pod()], events)
    assert found.state is ObjectState.WAITING
    assert found.reason.endswith("left; pod fraud-1: Unhealthy: Startup probe failed: 503")
    late = readiness(deployment(**SOME_NEW, conditions=DEADLINE), [pod()], events)
    assert late.reason.endswith("timed out; pod fraud-1: Unhealthy: Startup probe failed: 503")


@pytest.mark.parametrize(
    "harmless",
    [
        pod(image=OLD_IMAGE, **held("CrashLoopBackOff")),
        {**pod(**held("CrashLoopBackOff")), "metadata": {"name": "other", "labels": {"app": "other"}}},
        pod(conditions=READY, **container(restartCount=1, state={"running": {}}, lastState=ERROR)),
        pod(**held("ContainerCreating")),
        pod(**held("CreateContainerError", "context deadline exceeded")),
        pod(**container(state={"running": {}})),
        pod(phase="Succeeded", **container(state=ERROR)),
    ],
    ids=["older revision", "another's", "recovered", "just made", "busy node", "starting", "over"],
)
def test_what_is_no_fault_is_waited_for(harmless: dict[str, Any]) -> None:
    """Pods of the revision before, of others, and what passes by itself."""
    assert readiness(deployment(**SOME_NEW), [harmless]).state is ObjectState.WAITING


def test_a_pod_that_is_going_is_no_fault() -> None:
    """Its containers end with an error where they are killed."""
    going = pod(**container(state=ERROR))
    going["metadata"]["deletionTimestamp"] = "2026-11-24T00:00:00Z"
    assert readiness(deployment(), [going]).state is ObjectState.WAITING


def test_a_sidecar_that_the_cluster_adds_hides_no_pod() -> None:
    """A mesh puts one beside the container that serves."""
    meshed = pod(**held("CrashLoopBackOff"))
    meshed["spec"]["containers"].append({"name": "mesh", "image": "mesh"})
    assert readiness(deployment(), [meshed]).state is ObjectState.FAILED


def test_no_progress_within_the_deadline_is_a_failure() -> None:
    """Of time, where no pod says more."""
    found = readiness(deployment(**SOME_NEW, conditions=DEADLINE), [])
    assert (found.state, found.category) == (ObjectState.FAILED, Category.TIMEOUT)
    assert found.reason == "no progress for 600 s (ProgressDeadlineExceeded): timed out"


def test_pods_that_the_cluster_forbids_are_a_failure() -> None:
    """As by a quota; where the first new pods are there, the others may follow when old ones have gone."""
    refused = {"type": "ReplicaFailure", "status": "True", "message": "is forbidden: exceeded quota: team"}
    found = readiness(deployment(conditions=[refused]), [])
    assert (found.state, found.category) == (ObjectState.FAILED, Category.CONFIG)
    assert "exceeded quota" in found.reason
    assert readiness(deployment(**SOME_NEW, conditions=[refused]), []).state is ObjectState.WAITING


def stateful(spec: dict[str, Any], **status: Any) -> dict[str, Any]:
    return thing("StatefulSet", "apps/v1", spec={"replicas": 2, **spec}, status={"observedGeneration": 1, **status})


def test_a_stateful_set() -> None:
    """Done when all are ready and new, as far as its strategy replaces them."""
    assert progress(stateful({}, replicas=2, readyReplicas=2, updatedReplicas=2)) is ObjectState.DONE
    assert progress(stateful({}, replicas=2, readyReplicas=2, updatedReplicas=1)) is ObjectState.WAITING
    by_hand = {"updateStrategy": {"type": "OnDelete"}}
    assert progress(stateful(by_hand, replicas=2, readyReplicas=2)) is ObjectState.DONE
    kept = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}}
    assert progress(stateful(kept, replicas=2, readyReplicas=2, updatedReplicas=1)) is ObjectState.DONE
    same = {"currentRevision": "a", "updateRevision": "a", "currentReplicas": 2}
    assert progress(stateful({}, replicas=2, readyReplicas=2, **same)) is ObjectState.DONE
    crashing = {**stateful({}, replicas=2), "spec": deployment()["spec"]}
    assert readiness(crashing, [pod(**held("CrashLoopBackOff"))]).state is ObjectState.FAILED


def test_a_daemon_set() -> None:
    """Done when every node has its new pod."""

    def daemon(**status: int) -> dict[str, Any]:
        told = {"observedGeneration": 1, "desiredNumberScheduled": 3, **status}
        return thing("DaemonSet", "apps/v1", spec=deployment()["spec"], status=told)

    assert progress(daemon(updatedNumberScheduled=3, numberAvailable=3)) is ObjectState.DONE
    assert progress(daemon(updatedNumberScheduled=2, numberAvailable=3)) is ObjectState.WAITING
    assert readiness(daemon(), [pod(**held("ErrImagePull"))]).state is ObjectState.FAILED


def test_a_job() -> None:
    """It tries again by itself, and says when it gives up; an image that cannot be had is told at once."""

    def job(*conditions: dict[str, str]) -> dict[str, Any]:
        return thing("Job", "batch/v1", spec=deployment()["spec"], status={"active": 1, "conditions": list(conditions)})

    assert progress(job({"type": "Complete", "status": "True"})) is ObjectState.DONE
    gone = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}
    found = readiness(job(gone), [])
    assert (found.state, found.reason) == (ObjectState.FAILED, "the job failed (BackoffLimitExceeded): too often")
    again = readiness(job(), [pod(**container(state=ERROR))])
    assert (again.state, again.reason) == (ObjectState.WAITING, "1 of its pods run")
    assert readiness(job(), [pod(**held("ErrImagePull"))]).state is ObjectState.FAILED
    suspended = job()
    suspended["spec"]["suspend"] = True
    assert progress(suspended) is ObjectState.DONE


def test_a_pod_of_its_own() -> None:
    """Nobody makes another one."""
    assert progress(pod(phase="Succeeded")) is ObjectState.DONE
    assert progress(pod(phase="Running", conditions=READY)) is ObjectState.DONE
    assert progress(pod()) is ObjectState.WAITING
    failed = readiness(pod(phase="Failed"), [])
    assert (failed.state, failed.pod) == (ObjectState.FAILED, "fraud-1")
    assert progress(pod(**held("InvalidImageName"))) is ObjectState.FAILED


def test_services_and_claims() -> None:
    """A balancer has an address, a claim a volume, unless its class waits for the pod."""
    assert progress(thing("Service", spec={"type": "ClusterIP"})) is ObjectState.DONE
    balanced = thing("Service", spec={"type": "LoadBalancer"})
    assert progress(balanced) is ObjectState.WAITING
    given = {**balanced, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
    assert progress(given) is ObjectState.DONE
    states = {"Bound": ObjectState.DONE, "Pending": ObjectState.WAITING, "Lost": ObjectState.FAILED}
    for phase, expected in states.items():
        assert progress(thing("PersistentVolumeClaim", status={"phase": phase})) is expected
    waits = {"involvedObject": {"kind": "PersistentVolumeClaim", "name": "fraud"}, "reason": "WaitForFirstConsumer"}
    assert readiness(thing("PersistentVolumeClaim"), [], [waits]).state is ObjectState.DONE


def test_any_other_kind() -> None:
    """It is done when it is there, unless it says otherwise."""
    assert progress(thing("ConfigMap")) is ObjectState.DONE
    for condition, expected in (
        ({"type": "Ready", "status": "True"}, ObjectState.DONE),
        ({"type": "Ready", "status": "False", "reason": "Starting"}, ObjectState.WAITING),
        ({"type": "Stalled", "status": "True", "reason": "Broken"}, ObjectState.FAILED),
    ):
        assert progress(thing("Monitor", "monitoring.example/v1", status={"conditions": [condition]})) is expected
    old = thing("Monitor", "monitoring.example/v1", status={"observedGeneration": 0})
    assert progress(old) is ObjectState.WAITING
