"""Every pod of a revision is asked what it serves, before the revision counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.failure import ReleaseError, UnreachedError
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.targets.kubernetes.rollout import Rollout
from pipeline_kit.deploy.verification import Expected, Unreached, living, wrong_of_pod
from pipeline_kit.deploy.waiting import wait_until
from pipeline_kit.errors import Category

WITHIN_SECONDS = 6.0
"""A request that got lost on the way is no reason to take a release back: what is wrong must stay so."""
UNREACHED_SECONDS = 15.0
"""No answer at all may be that of a pod that crashed, which its cluster takes a while to notice and then explains."""


def verify_pods(rollout: Rollout, content: Content, expected: Expected) -> tuple[str, ...]:
    """The pods that serve, all of which answered as they should.

    Raises ReleaseError naming the first that does not, or where there is none.
    """
    objects, namespace = rollout.objects, rollout.place.namespace
    start = objects.clock.seconds()
    wrong: list[str] = []

    def look() -> tuple[str, ...] | None:
        objects.allowed()
        there = rollout.pods()
        pods = tuple(serving_pods(there, content))
        found = (wrong_of_pod(objects.cluster, namespace, pod, expected) for pod in pods)
        first = next((each for each in found if each), None) if pods else f"no pod serves {content.image}"
        first = first or unproved(there, content)
        if first is None:
            return pods
        if fault := rollout.fault(content.manifests):  # pods that crash when they are asked, or objects that vanish
            raise fault
        wrong.append(first)
        if objects.clock.seconds() - start >= doubt_seconds(first):
            raise error_of(first)
        return None

    pods = wait_until(look, objects.clock, UNREACHED_SECONDS)
    if pods is None:
        raise error_of(wrong[-1])
    return pods


def doubt_seconds(wrong: str) -> float:
    """How long this may be wrong before it counts."""
    return UNREACHED_SECONDS if isinstance(wrong, Unreached) else WITHIN_SECONDS


def error_of(wrong: str) -> ReleaseError:
    """The error for what is wrong with a pod that has not failed by the cluster's own word."""
    return UnreachedError(wrong) if isinstance(wrong, Unreached) else ReleaseError(wrong, category=Category.MODEL)


def serving_pods(pods: Sequence[Object], content: Content) -> Iterator[str]:
    """The names of the living pods with the image that a Service of the content leads to; without any Service, all."""
    led = selectors(content)
    for pod in living(pods):
        if has_image(pod, content) and (not led or any(leads_to(each, pod) for each in led)):
            yield str(pod["metadata"]["name"])


def unproved(pods: Sequence[Object], content: Content) -> str | None:
    """What is wrong where a Service that leads to the image's pods leads to others too, which nobody has proved."""
    alive = list(living(pods))
    for selector in selectors(content):
        behind = [pod for pod in alive if leads_to(selector, pod)]
        strangers = [pod for pod in behind if not has_image(pod, content)]
        if strangers and len(strangers) < len(behind):
            name = strangers[0]["metadata"]["name"]
            return f"pod {name} is behind the same Service as the image's pods, and has another image"
    return None


def selectors(content: Content) -> list[Mapping[str, str]]:
    """By which labels the Services of a content know their pods."""
    services = [each for each in content.manifests if each["kind"] == "Service"]
    return [selector for each in services if (selector := (each.get("spec") or {}).get("selector"))]


def leads_to(selector: Mapping[str, str], pod: Object) -> bool:
    """Whether a Service with that selector sends requests to the pod."""
    return selector.items() <= (pod["metadata"].get("labels") or {}).items()


def has_image(pod: Object, content: Content) -> bool:
    """Whether a container of the pod runs the content's image."""
    containers = (pod.get("spec") or {}).get("containers") or ()
    return any(each.get("image") == content.image for each in containers)
