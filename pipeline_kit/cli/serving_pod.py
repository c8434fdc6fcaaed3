"""The image that is live in an environment, and a pod there that answers for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.cli.releasing import OpenRelease, opened_release
from pipeline_kit.contract.cluster import Cluster, Object, PodRequest, Selector
from pipeline_kit.contract.serving import Answer
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.targets.kubernetes.labels import RELEASE_LABEL
from pipeline_kit.deploy.targets.kubernetes.rollout import POD
from pipeline_kit.deploy.targets.kubernetes.served_pods import serving_pods
from pipeline_kit.errors import ProjectError, UsageError


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod, asked through the API server, so that nothing need be exposed."""

    cluster: Cluster
    namespace: str
    name: str
    port: int

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer | None:
        """The pod's answer, or none while nothing listens there."""
        return self.cluster.ask(self.namespace, self.name, PodRequest(self.port, method, path, body))


def is_ready(pod: Object) -> bool:
    """Whether the cluster would send requests there."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


@dataclass(frozen=True, slots=True)
class LiveImage:
    """What is live by the record of an environment."""

    release: OpenRelease
    content: Content

    @classmethod
    def find(cls, directory: Path, environment: str) -> LiveImage:
        """What is live there. Raises UsageError where nothing is."""
        with opened_release(directory, environment, print) as release:
            live = release.record().live
        if live is None:
            raise UsageError(f"nothing is live in {environment}", hint="pipeline-kit releases list tells what was")
        return cls(release, live.content)

    @property
    def image(self) -> str:
        """The image by digest."""
        return self.content.image

    def pod(self) -> Pod:
        """The first pod that serves it. Raises ProjectError where none does."""
        place, cluster = self.release.place, self.release.cluster
        pods = cluster.list(POD, place.namespace, Selector({RELEASE_LABEL: place.release}))
        ready = [each for each in pods if is_ready(each)]
        names = sorted(serving_pods(ready, self.content))
        if not names:
            hint = "pipeline-kit releases list tells what became of the release"
            raise ProjectError(f"no pod that is ready serves {self.image}", hint=hint)
        return Pod(cluster, place.namespace, names[0], self.content.port)
