"""A Kubernetes cluster as a release sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Protocol

from pipeline_kit.contract.serving import Answer
from pipeline_kit.frozen import frozen

Object = Mapping[str, Any]
"""A Kubernetes object as JSON has it."""


@frozen
class Kind:
    """A kind that the cluster serves: `apps/v1`, `Deployment`, and whether it lives in a namespace."""

    api_version: str
    kind: str
    namespaced: bool = True


@frozen
class Selector:
    """Which objects are meant: labels that must be equal."""

    labels: Mapping[str, str] = field(default_factory=dict)


@frozen
class PodRequest:
    """An HTTP request to a port of a pod."""

    port: int
    method: str
    path: str
    body: bytes | None = None


class Cluster(Protocol):
    """One cluster. Every method raises InfrastructureError where the API server fails after retries.

    A refusal that no retry can fix (403, 422) raises ProjectError with the server's own message.
    """

    def name(self) -> str:
        """What the kubeconfig calls it, for messages."""

    def kinds(self) -> tuple[Kind, ...]:
        """Everything the cluster serves, preferred versions first."""

    def get(self, kind: Kind, name: str, namespace: str | None) -> Object | None:
        """An object, or None."""

    def list(self, kind: Kind, namespace: str | None, selector: Selector | None = None) -> tuple[Object, ...]:
        """The objects of a kind; of all namespaces where none is named."""

    def apply(self, manifest: Object, *, namespace: str | None, dry_run: bool = False) -> Object:
        """Server-side apply as the field manager `pipeline-kit`, taking over fields that others manage."""

    def create(self, manifest: Object, *, namespace: str) -> Object | None:
        """The new object, or None where one of that name is there."""

    def replace(self, manifest: Object, *, namespace: str) -> Object | None:
        """The replaced object; None where another writer was faster (by its `resourceVersion`), or it is missing."""

    def delete(self, kind: Kind, name: str, namespace: str | None) -> None:
        """Deletes an object after all that it owns: until then it is there, with a `deletionTimestamp`.

        A missing one is not an error.
        """

    def logs(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> tuple[str, ...]:
        """The container's last lines; none where it has not written or never ran."""

    def ask(self, namespace: str, pod: str, request: PodRequest) -> Answer | None:
        """A pod's answer to an HTTP request, through the API server; none while nothing listens there."""
