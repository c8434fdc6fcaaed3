"""What a cluster reported about a pod, oldest first, and the last trouble that pods have which may still pass."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.readiness.state import condition, part, words

MOST_WORDS = 600


def events_of(pod: Object, events: Sequence[Object]) -> list[Object]:
    """The events about this pod, and not about one before it of the same name."""
    return sorted((event for event in events if is_about(event, pod)), key=when)


def is_about(event: Object, pod: Object) -> bool:
    """Whether the event is about the pod."""
    about, metadata = part(event, "involvedObject"), part(pod, "metadata")
    same = not about.get("uid") or about["uid"] == metadata.get("uid")
    return about.get("kind") == "Pod" and about.get("name") == metadata.get("name") and same


def when(event: Object) -> str:
    """When it was last seen; times of Kubernetes have the order of their text."""
    return str(event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp") or "")


def trouble(pods: Sequence[Object], events: Sequence[Object]) -> str:
    """What holds up the first pod that is not ready, such as a volume or a probe, to be appended to a reason."""
    for pod in pods:
        if condition(pod, "Ready").get("status") != "True":
            warnings = [event for event in events_of(pod, events) if event.get("type") == "Warning"]
            if warnings:
                name, last = part(pod, "metadata").get("name"), warnings[-1]
                return f"; pod {name}: {last.get('reason')}: {words(last.get('message'))[:MOST_WORDS]}"
    return ""
