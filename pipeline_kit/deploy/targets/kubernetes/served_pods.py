"""The pods that serve a revision, each of which is queried before the revision counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline_kit.contract.cluster import Cluster, Object, PodRequest
from pipeline_kit.contract.serving import Answer
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.target import Serving


@dataclass(frozen=True, slots=True)
class PodInstance:
    """One pod, queried through the API server, so that nothing need be exposed."""

    cluster: Cluster
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"pod {self.name}"

    def ask(self, port: int, method: str, path: str, body: bytes | None = None) -> Answer | None:
        """The pod's answer, or None while nothing listens there."""
        return self.cluster.ask(self.namespace, self.name, PodRequest(port, method, path, body))


def serving(cluster: Cluster, namespace: str, pods: Sequence[Object], content: Content) -> Serving:
    """Those of the release's pods that serve the content, and what is wrong with them as a whole."""
    instances = tuple(PodInstance(cluster, namespace, name) for name in serving_pods(pods, content))
    return Serving(instances, unproved(pods, content) if instances else f"no pod serves {content.image}")


def is_ready(pod: Object) -> bool:
    """Whether the cluster would send requests to the pod."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(condition.get("type") == "Ready" and condition.get("status") == "True" for condition in conditions)


def living(pods: Iterable[Object]) -> Iterator[Object]:
    """The pods that are not being deleted and have not ended."""
    for pod in pods:
        ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if not ended and not pod["metadata"].get("deletionTimestamp"):
            yield pod


def serving_pods(pods: Sequence[Object], content: Content) -> Iterator[str]:
    """The names of the living pods with the image that a Service of the content leads to; without any Service, all."""
    led = selectors(content)
    for pod in living(pods):
        if has_image(pod, content) and (not led or any(leads_to(item, pod) for item in led)):
            yield str(pod["metadata"]["name"])


def unproved(pods: Sequence[Object], content: Content) -> str | None:
    """The fault that a Service of the image's pods also selects other pods, which are not verified."""
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
    services = [manifest for manifest in content.manifests if manifest["kind"] == "Service"]
    return [selector for service in services if (selector := (service.get("spec") or {}).get("selector"))]


def leads_to(selector: Mapping[str, str], pod: Object) -> bool:
    """Whether a Service with that selector sends requests to the pod."""
    return selector.items() <= (pod["metadata"].get("labels") or {}).items()


def has_image(pod: Object, content: Content) -> bool:
    """Whether a container of the pod runs the content's image."""
    containers = (pod.get("spec") or {}).get("containers") or ()
    return any(container.get("image") == content.image for container in containers)
