"""Which pods are of an object's newest revision: what became of older ones says nothing about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.readiness.state import part


def newest_pods(found: Object, pods: Sequence[Object]) -> tuple[Object, ...]:
    """The pods that the object selects and whose containers run the images of its template, without those that end.

    The images identify revisions: every release of the kit has its own image, by digest. A release that changes
    other fields alone keeps its pods in sight as soon as they are there, and the old ones, which are healthy, as well.
    """
    values = images(part(found, "spec", "template", "spec"))
    return tuple(
        pod
        for pod in pods
        if selected(found, pod)
        and not part(pod, "metadata").get("deletionTimestamp")
        and values.items() <= images(part(pod, "spec")).items()
    )


def selected(found: Object, pod: Object) -> bool:
    """Whether the object's selector means the pod, by labels that must be equal."""
    labels = part(pod, "metadata", "labels")
    return part(found, "spec", "selector", "matchLabels").items() <= labels.items()


def images(spec: Mapping[str, Any]) -> dict[str, str]:
    """Container to image; others, which a cluster may have put beside them, do not count."""
    return {str(container["name"]): str(container.get("image")) for container in spec.get("containers") or ()}
