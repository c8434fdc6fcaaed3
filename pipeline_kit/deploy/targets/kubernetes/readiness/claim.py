"""Whether a PersistentVolumeClaim has its volume."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.readiness.state import Readiness, done, failed, part, waiting
from pipeline_kit.errors import Category


def claim(found: Object, pods: Sequence[Object], events: Sequence[Object]) -> Readiness:
    """Done when it is bound, or when it waits for the pod that uses it, as its class may say."""
    phase = part(found, "status").get("phase")
    if phase == "Bound":
        return done("bound")
    if phase == "Lost":
        return failed("the claim has lost its volume", Category.INFRASTRUCTURE)
    name = part(found, "metadata").get("name")
    if any(entry.get("reason") == "WaitForFirstConsumer" for entry in about(name, events)):
        return done("bound when its pod is there")
    return waiting("no volume is bound to it yet")


def about(name: object, events: Sequence[Object]) -> list[Object]:
    """The events about the claim of this name."""
    return [
        event
        for event in events
        if part(event, "involvedObject").get("kind") == "PersistentVolumeClaim"
        and part(event, "involvedObject").get("name") == name
    ]
