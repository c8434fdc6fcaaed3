"""Every pod of a revision is asked what it serves, before the revision counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.rollout import Rollout
from pipeline_kit.deploy.verification import Expected, living, wrong_of_pod
from pipeline_kit.deploy.waiting import wait_until
from pipeline_kit.errors import Category

WITHIN_SECONDS = 6.0
"""A request that got lost on the way is no reason to take a release back: what is wrong must stay so."""


def verify_pods(rollout: Rollout, content: Content, expected: Expected) -> tuple[str, ...]:
    """The pods that serve, all of which answered as they should.

    Raises ReleaseError naming the first that does not, or where there is none.
    """
    objects, namespace = rollout.objects, rollout.place.namespace
    wrong: list[str] = []

    def look() -> tuple[str, ...] | None:
        objects.allowed()
        pods = tuple(serving_pods(rollout.pods(), content))
        found = (wrong_of_pod(objects.cluster, namespace, pod, expected) for pod in pods)
        first = next((each for each in found if each), None) if pods else f"no pod serves {content.image}"
        if first is None:
            return pods
        wrong.append(first)
        return None

    pods = wait_until(look, objects.clock, WITHIN_SECONDS)
    if pods is None:
        raise ReleaseError(wrong[-1], category=Category.MODEL)
    return pods


def serving_pods(pods: Sequence[Object], content: Content) -> Iterator[str]:
    """The names of the living pods with the image that a Service of the content leads to; without any Service, all."""
    services = [each for each in content.manifests if each["kind"] == "Service"]
    selectors = [selector for each in services if (selector := (each.get("spec") or {}).get("selector"))]
    for pod in living(pods):
        labels = (pod["metadata"].get("labels") or {}).items()
        led_to = not selectors or any(selector.items() <= labels for selector in selectors)
        containers = (pod.get("spec") or {}).get("containers") or ()
        if led_to and any(each.get("image") == content.image for each in containers):
            yield str(pod["metadata"]["name"])
