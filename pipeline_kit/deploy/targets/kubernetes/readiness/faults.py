"""Faults of a pod that waiting cannot fix, with the pod and the container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.readiness.events import MOST_WORDS, events_of
from pipeline_kit.deploy.targets.kubernetes.readiness.state import ObjectState, Readiness, condition, part, words
from pipeline_kit.errors import Category

WAITING_FAULTS = {
    "CrashLoopBackOff": ("crashes again and again", Category.PROJECT),
    "ImagePullBackOff": ("cannot get its image", Category.INFRASTRUCTURE),
    "ErrImagePull": ("cannot get its image", Category.INFRASTRUCTURE),
    "ErrImageNeverPull": ("cannot get its image", Category.INFRASTRUCTURE),
    "InvalidImageName": ("has an invalid image name", Category.CONFIG),
    "CreateContainerConfigError": ("cannot be made as it is configured", Category.CONFIG),
    "CreateContainerError": ("cannot be made", Category.CONFIG),
    "RunContainerError": ("cannot be started", Category.PROJECT),
}
PULL_FAULTS = ("ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull")
PASSING = ("deadline exceeded", "context canceled")
"""A container runtime says so when it is busy: it tries again by itself."""
SIGNALLED = 128


def fault_of(pods: Sequence[Object], events: Sequence[Object], *, ends: bool = False) -> Readiness | None:
    """The first fault of the pods, or None; for pods that are to end, as a job's, how they end is not asked here."""
    return next((fault for pod in pods for fault in faults_of_pod(pod, events, ends=ends)), None)


def faults_of_pod(pod: Object, events: Sequence[Object], *, ends: bool = False) -> Iterator[Readiness]:
    """The faults of a pod, the one that explains most first."""
    phase = part(pod, "status").get("phase")
    if phase == "Failed" and part(pod, "status").get("reason") == "Evicted":
        message = quoted(part(pod, "status").get("message"))
        yield fault(pod, None, f"was evicted from its node{message}", Category.INFRASTRUCTURE)
    if phase in ("Succeeded", "Failed") or condition(pod, "Ready").get("status") == "True":
        return
    yield from unschedulable(pod, events)
    for status in container_statuses(pod):
        yield from faults_of_container(pod, status, events, ends=ends)


def unschedulable(pod: Object, events: Sequence[Object]) -> Iterator[Readiness]:
    """Whether no node takes the pod; while the cluster grows for it, or makes its volume, it only waits."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("reason") != "Unschedulable" or scheduled.get("status") != "False":
        return
    message = words(scheduled.get("message"))
    grows = any(event.get("reason") == "TriggeredScaleUp" for event in events_of(pod, events))
    if not grows and "unbound immediate PersistentVolumeClaims" not in message:
        yield fault(pod, None, f"fits on no node{quoted(message)}", Category.INFRASTRUCTURE)


def faults_of_container(
    pod: Object, status: Mapping[str, Any], events: Sequence[Object], *, ends: bool
) -> Iterator[Readiness]:
    """The faults of one container: memory first, for it explains a crash, then what it waits for, then how it ended."""
    name = str(status.get("name"))
    ended = part(status, "state", "terminated") or part(status, "lastState", "terminated")
    if ended.get("reason") == "OOMKilled" and not ends:
        yield fault(pod, name, f"was killed: it needs more memory than {memory_limit(pod, name)}", Category.PROJECT)
    yield from waiting_fault(pod, status, events, ended)
    code = ended.get("exitCode") or 0
    if code and not ends:
        again = f", {status['restartCount']} times so far" if (status.get("restartCount") or 0) > 1 else ""
        yield fault(pod, name, f"ended with {exit_words(code)}{again}{quoted(ended.get('message'))}", Category.PROJECT)


def waiting_fault(
    pod: Object, status: Mapping[str, Any], events: Sequence[Object], ended: Mapping[str, Any]
) -> Iterator[Readiness]:
    """The fault for which a container waits."""
    held = part(status, "state", "waiting")
    reason, message = str(held.get("reason")), words(held.get("message"))
    if reason not in WAITING_FAULTS or any(text in message for text in PASSING):
        return
    text, category = WAITING_FAULTS[reason]
    if reason in PULL_FAULTS:
        message = pull_message(pod, status, events) or message
    if reason == "CrashLoopBackOff":
        last = words(ended.get("message"))
        message = exit_words(ended.get("exitCode") or 0) + (f", {last}" if last else "")
    yield fault(pod, str(status.get("name")), f"{text} ({reason}){quoted(message)}", category)


def fault(pod: Object, container: str | None, text: str, category: Category) -> Readiness:
    """A failure of this pod, or of a container of it."""
    name = str(part(pod, "metadata").get("name"))
    subject = f"container {container} of pod {name}" if container else f"pod {name}"
    return Readiness(ObjectState.FAILED, f"{subject} {text}", name, container, category)


def container_statuses(pod: Object) -> Iterator[Mapping[str, Any]]:
    """The states of all containers, those that start first first."""
    status = part(pod, "status")
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def memory_limit(pod: Object, container: str) -> str:
    """The container's memory limit, as part of a message."""
    spec = part(pod, "spec")
    for initcontainer in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        if initcontainer.get("name") == container and (
            limit := part(initcontainer, "resources", "limits").get("memory")
        ):
            return f"its limit of {limit} (OOMKilled)"
    return "its node has (OOMKilled)"


def pull_message(pod: Object, status: Mapping[str, Any], events: Sequence[Object]) -> str:
    """Why the image could not be pulled: the back-off itself does not say it."""
    image = str(status.get("image") or "")
    messages = [words(event.get("message")) for event in events_of(pod, events) if event.get("reason") == "Failed"]
    return next((message for message in reversed(messages) if "pull image" in message and image in message), "")


def exit_words(code: int) -> str:
    """How a process ended, by its exit code."""
    return f"exit code {code}" + (f" (signal {code - SIGNALLED})" if code > SIGNALLED else "")


def quoted(message: Any) -> str:
    """The cluster's own message, to be appended."""
    text = words(message)
    return f": {text[:MOST_WORDS]}" if text else ""
