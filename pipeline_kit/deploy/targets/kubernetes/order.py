"""In which order a release's objects are applied, and which of an earlier release go."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.contract.cluster import Object

FIRST_TO_LAST = (
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "PersistentVolumeClaim",
    "Role",
    "RoleBinding",
    "Service",
    "PodDisruptionBudget",
    "Pod",
    "Job",
    "CronJob",
    "DaemonSet",
    "StatefulSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "Ingress",
)
"""What pods need comes before them, what leads to them behind them; kinds that are not here come last."""
_RANKS = {kind: rank for rank, kind in enumerate(FIRST_TO_LAST)}

Identity = tuple[str, str, str, str]


def in_order(objects: Sequence[Object]) -> tuple[Object, ...]:
    """The objects in the order in which they are applied."""
    return tuple(sorted(objects, key=place))


def leftovers(before: Sequence[Object], wanted: Sequence[Object]) -> tuple[Object, ...]:
    """What an earlier revision applied and this one no longer holds, in the order in which it is removed.

    The same object in another version of its group is the same object.
    """
    kept = {identity(entry) for entry in wanted}
    return tuple(reversed(in_order([entry for entry in before if identity(entry) not in kept])))


def place(manifest: Object) -> tuple[int, str, str, str]:
    """Where an object comes."""
    kind = str(manifest["kind"])
    return _RANKS.get(kind, len(_RANKS)), kind, str(manifest["metadata"]["name"]), str(manifest["apiVersion"])


def identity(manifest: Object) -> Identity:
    """What makes an object the same one: group, kind, namespace and name."""
    metadata = manifest["metadata"]
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    return group, str(manifest["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"])
