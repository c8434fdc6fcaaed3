"""What a cluster's own controllers do, for the cluster in memory: Deployments get pods, and pods answer or go wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline_kit.contract.cluster import Object, PodRequest
from pipeline_kit.contract.serving import Answer
from pipeline_kit.testing.cluster import FakeCluster

FAULTS: Mapping[str, Mapping[str, Any]] = {
    "crash": {"waiting": {"reason": "CrashLoopBackOff"}},
    "no_image": {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}},
    "no_config": {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "x" not found'}},
    "out_of_memory": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
    "never_ready": {"running": {}},
}
"""The state of a container that behaves so."""


@dataclass
class Controllers:
    """Watches a cluster; `models` says which model an image serves, the variable BEHAVIOUR how its pods go wrong."""

    models: Mapping[str, str]
    answers: dict[str, Object] = field(default_factory=dict)
    count: int = 0

    def attach(self, cluster: FakeCluster) -> FakeCluster:
        """The cluster with these controllers in it."""
        cluster.after = self.after
        cluster.answers = lambda pod, request: self.answer(cluster, pod, request)
        return cluster

    def after(self, cluster: FakeCluster, call: str, what: str) -> None:
        """Follows each change of a Deployment."""
        kind, _, name = what.partition("/")
        if kind != "Deployment" or call == "put":
            return
        found = next((each for key, each in cluster.objects.items() if key[1] == kind and key[3] == name), None)
        if found is None:
            self.end(cluster, name, keep=None)
        else:
            self.roll(cluster, found)

    def roll(self, cluster: FakeCluster, deployment: Object) -> None:
        """Replaces the pods where the template has changed; old ones go only where new ones are ready."""
        name, spec = str(deployment["metadata"]["name"]), deployment["spec"]
        template = json.dumps(spec["template"], sort_keys=True)
        mine = [pod for pod in pods_of(cluster, name) if pod["metadata"]["annotations"]["template"] == template]
        behaviour = behaviour_of(spec["template"]["spec"]["containers"][0])
        for _ in range(max(0, spec["replicas"] - len(mine))):
            self.count += 1
            cluster.put(new_pod(f"{name}-{self.count}", name, spec["template"], template, behaviour), "default")
        good = behaviour not in FAULTS
        if good:
            self.end(cluster, name, keep=template)
        total = len(pods_of(cluster, name))
        status = {
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": total,
            "updatedReplicas": spec["replicas"],
            "availableReplicas": spec["replicas"] if good else total - spec["replicas"],
        }
        cluster.put({**deployment, "status": status}, "default")

    def end(self, cluster: FakeCluster, deployment: str, keep: str | None) -> None:
        """Ends the pods of other templates."""
        for pod in pods_of(cluster, deployment):
            if pod["metadata"]["annotations"]["template"] != keep:
                cluster.objects.pop(("", "Pod", "default", str(pod["metadata"]["name"])))

    def answer(self, cluster: FakeCluster, pod: str, request: PodRequest) -> Answer | None:
        """What a pod says of its model."""
        found = cluster.objects.get(("", "Pod", "default", pod))
        if found is None:
            return None
        container = found["spec"]["containers"][0]
        behaviour = behaviour_of(container)
        model = "sha256:" + "0" * 64 if behaviour == "wrong_digest" else self.models[container["image"]]
        if request.path == "/readyz":
            return Answer(200, b"{}", 0.0)
        if request.path == "/model":
            return Answer(200, json.dumps({"model_digest": model}).encode(), 0.0)
        rows = json.loads(request.body or b"{}")["rows"]
        more = 1 if behaviour == "wrong_prediction" else 0
        predictions = [{"id": row["id"], "prediction": 2 * row["value"] + more} for row in rows]
        return Answer(200, json.dumps({"predictions": predictions, "model": model}).encode(), 0.0)


def new_pod(name: str, owner: str, template: Object, written: str, behaviour: str) -> dict[str, Any]:
    """A pod of a Deployment, as good as its behaviour."""
    good = behaviour not in FAULTS
    state = {"running": {}} if good else FAULTS[behaviour]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": template["metadata"]["labels"],
            "annotations": {"owner": owner, "template": written},
        },
        "spec": template["spec"],
        "status": {
            "phase": "Running" if good else "Pending",
            "conditions": [{"type": "Ready", "status": str(good)}],
            "containerStatuses": [{"name": "serve", "ready": good, "restartCount": 0, "state": state}],
        },
    }


def pods_of(cluster: FakeCluster, deployment: str) -> list[dict[str, Any]]:
    """The pods of a Deployment."""
    pods = [each for key, each in sorted(cluster.objects.items()) if key[1] == "Pod"]
    return [pod for pod in pods if pod["metadata"]["annotations"]["owner"] == deployment]


def behaviour_of(container: Mapping[str, Any]) -> str:
    """How the image is told to behave."""
    return next((str(each["value"]) for each in container.get("env") or () if each["name"] == "BEHAVIOUR"), "serve")
