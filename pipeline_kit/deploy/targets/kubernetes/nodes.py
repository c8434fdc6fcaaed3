"""The nodes that would take a pod, and what is free on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.pod_requests import Amounts, amounts, pod_requests, runs
from pipeline_kit.deploy.targets.kubernetes.quantity import amount_text

UNTOLERATED = ("NoSchedule", "NoExecute")


@dataclass(slots=True)
class Room:
    """A node and what is free on it; placing a pod takes of it."""

    node: Object
    free: dict[str, Fraction]

    @property
    def name(self) -> str:
        """The node's name."""
        return str(self.node["metadata"]["name"])

    def fits(self, need: Amounts) -> int | None:
        """How many pods with this need fit; none says that nothing bounds them."""
        bounds = [int(self.free.get(name, Fraction(0)) // value) for name, value in need.items() if value > 0]
        return max(0, min(bounds)) if bounds else None

    def take(self, need: Amounts, count: int) -> None:
        """Places so many pods."""
        for name, value in need.items():
            self.free[name] = self.free.get(name, Fraction(0)) - value * count

    def shown(self, need: Amounts) -> str:
        """What is free of what a pod needs."""
        free = (amount_text(name, max(Fraction(0), self.free.get(name, Fraction(0)))) for name in need)
        return f"{self.name} has {', '.join(free)}"


def rooms(nodes: Sequence[Object], pods: Sequence[Object]) -> list[Room]:
    """What each node has free beside the pods that run on it, by name.

    Pods that are not scheduled yet hold nothing: either they or the release may be scheduled first.
    """
    result = {str(node["metadata"]["name"]): Room(node, allocatable(node)) for node in nodes}
    for pod in pods:
        room = result.get(str((pod.get("spec") or {}).get("nodeName")))
        if room is not None and runs(pod):
            room.take(pod_requests(pod["spec"]), 1)
    return [result[name] for name in sorted(result)]


def allocatable(node: Object) -> dict[str, Fraction]:
    """What a node has for pods."""
    return amounts((node.get("status") or {}).get("allocatable"))


def takes(node: Object, spec: Mapping[str, Any], *, daemon: bool = False) -> bool:
    """Whether the node takes pods of this spec: it is ready, not cordoned, wanted and its taints are tolerated.

    Affinity is not reckoned: it can only leave fewer nodes. A daemon's pods go to cordoned nodes too.
    """
    own = node.get("spec") or {}
    labels = node["metadata"].get("labels") or {}
    expected = (spec.get("nodeSelector") or {}).items() <= labels.items()
    cordoned = bool(own.get("unschedulable")) and not daemon
    return expected and not cordoned and (daemon or is_ready(node)) and tolerated(own.get("taints") or (), spec, daemon)


def is_ready(node: Object) -> bool:
    """Whether the node says so."""
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(condition.get("type") == "Ready" and condition.get("status") == "True" for condition in conditions)


def tolerated(taints: Sequence[Mapping[str, Any]], spec: Mapping[str, Any], daemon: bool) -> bool:
    """Whether the pods bear all taints that would keep them away; a daemon's bear those that Kubernetes sets."""
    tolerations = spec.get("tolerations") or ()
    return all(
        (daemon and str(taint.get("key")).startswith("node.kubernetes.io/"))
        or any(tolerates(toleration, taint) for toleration in tolerations)
        for taint in taints
        if taint.get("effect") in UNTOLERATED
    )


def tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    """Whether one toleration covers one taint."""
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    anything = toleration.get("operator") == "Exists"
    if not toleration.get("key"):
        return anything
    same = anything or (toleration.get("value") or "") == (taint.get("value") or "")
    return toleration["key"] == taint.get("key") and same
