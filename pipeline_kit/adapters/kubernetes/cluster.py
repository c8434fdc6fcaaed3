"""The port to a Kubernetes cluster, over the library `kubernetes`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline_kit.adapters.http import RETRIED, Timeouts
from pipeline_kit.adapters.kubernetes.connection import RETRY, TIMEOUTS, Connection, Reply, Request, server_message
from pipeline_kit.contract.cluster import Kind, Object, PodRequest, Selector
from pipeline_kit.contract.serving import Answer
from pipeline_kit.errors import InfrastructureError, ProjectError
from pipeline_kit.retry import Retry

FIELD_MANAGER = "pipeline-kit"
APPLY = "application/apply-patch+yaml"  # JSON is YAML too
PAGE = 500
LOG_BYTES = 64 << 10
BUILT_IN = ("coordination.k8s.io", "networking.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io")
"""Groups that the API server itself serves, besides those without a dot; others may be down."""
LEASE_SECONDS = 4.0
"""Time limit of one lease write: short enough for another try before the lease expires."""
UNREACHABLE = "error trying to reach service"
"""How the API server's message begins when nothing listens on a pod's port."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind with its name in URLs: `deployments`."""

    kind: Kind
    plural: str


class KubernetesCluster:
    """One cluster: from a kubeconfig file, from KUBECONFIG in `variables`, or the one that runs this pod.

    Raises UsageError where the library or the kubeconfig is missing, or a host that is not in `insecure` would be used
    without verified TLS. Thread-safe.
    """

    def __init__(
        self,
        kubeconfig: Path | None,
        context: str | None,
        variables: Mapping[str, str],
        insecure: Sequence[str],
        *,
        retry: Retry = RETRY,
        timeouts: Timeouts = TIMEOUTS,
    ) -> None:
        self._connection = Connection(kubeconfig, context, variables, insecure, retry=retry, timeouts=timeouts)
        self._resources: dict[str, tuple[Resource, ...]] = {}

    def name(self) -> str:
        """The context's name, or the server's address."""
        return self._connection.name

    def kinds(self) -> tuple[Kind, ...]:
        """Every kind that the cluster serves, preferred versions first; without those of extensions that are down."""
        groups = self._json(Request("GET", "/apis")).get("groups") or []
        preferred = [group["preferredVersion"]["groupVersion"] for group in groups]
        others = [version["groupVersion"] for group in groups for version in group["versions"]]
        versions = dict.fromkeys(["v1", *preferred, *others])
        return tuple(
            resource.kind for version in versions for resource in self._discover(version, needed=is_built_in(version))
        )

    def get(self, kind: Kind, name: str, namespace: str | None) -> Object | None:
        """GET; None where the object does not exist."""
        reply = self._connection.send(Request("GET", self._path(kind, namespace, name)))
        return None if reply.status == 404 else self._read(reply, f"{kind.kind} {name}")

    def list(self, kind: Kind, namespace: str | None, selector: Selector | None = None) -> tuple[Object, ...]:
        """GET, all pages."""
        labels = selector.labels if selector else {}
        query = {"limit": str(PAGE)}
        if labels:
            query["labelSelector"] = ",".join(f"{name}={value}" for name, value in labels.items())
        return tuple(self._pages(kind, self._path(kind, namespace), query))

    def _pages(self, kind: Kind, path: str, query: dict[str, str]) -> Iterator[Object]:
        while True:
            page = self._json(Request("GET", path, query))
            for item in page.get("items") or ():
                yield {"apiVersion": kind.api_version, "kind": kind.kind, **item}
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return
            query = {**query, "continue": following}

    def apply(self, manifest: Object, *, namespace: str | None, dry_run: bool = False) -> Object:
        """PATCH with Server-Side Apply."""
        kind, name = kind_of(manifest), str(manifest["metadata"]["name"])
        query = {"fieldManager": FIELD_MANAGER, "force": "true", **({"dryRun": "All"} if dry_run else {})}
        request = Request("PATCH", self._path(kind, namespace, name), query, encoded(manifest), APPLY)
        # 409: the server lost its race against another writer in all of its own retries
        reply = self._connection.send(request, retried=RETRIED | {409})
        return self._read(reply, f"{kind.kind} {name}")

    def create(self, manifest: Object, *, namespace: str) -> Object | None:
        """POST; None where the object exists. After a lost answer that may be the one that the first try created."""
        kind = kind_of(manifest)
        query = {"fieldManager": FIELD_MANAGER}
        reply = self._connection.send(Request("POST", self._path(kind, namespace), query, encoded(manifest)))
        if reply.status == 409:
            return None
        return self._read(reply, f"{kind.kind} {manifest['metadata']['name']}")

    def replace(self, manifest: Object, *, namespace: str) -> Object | None:
        """PUT; None on a conflict. After a lost answer the newer `resourceVersion` may be that of the first try."""
        kind, name = kind_of(manifest), str(manifest["metadata"]["name"])
        query, body = {"fieldManager": FIELD_MANAGER}, encoded(manifest)
        limit = LEASE_SECONDS if kind.kind == "Lease" else None
        request = Request("PUT", self._path(kind, namespace, name), query, body, read_seconds=limit)
        reply = self._connection.send(request)
        return None if reply.status in (404, 409) else self._read(reply, f"{kind.kind} {name}")

    def delete(self, kind: Kind, name: str, namespace: str | None) -> None:
        """DELETE in the foreground: the object disappears after everything that it owns."""
        query = {"propagationPolicy": "Foreground"}
        reply = self._connection.send(Request("DELETE", self._path(kind, namespace, name), query))
        if reply.status not in (404, 409):
            self._read(reply, f"{kind.kind} {name}")

    def logs(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> tuple[str, ...]:
        """GET of the pod's subresource `log`."""
        query = {
            "container": container,
            "previous": str(previous).lower(),
            "tailLines": str(lines),
            "limitBytes": str(LOG_BYTES),
        }
        reply = self._connection.send(Request("GET", f"{self._pod(namespace, pod)}/log", query))
        if reply.status in (400, 404):  # not started yet, or no earlier container
            return ()
        refuse(reply, f"the log of pod {pod}")
        return tuple(reply.body.decode(errors="replace").splitlines()[-lines:])

    def ask(self, namespace: str, pod: str, request: PodRequest) -> Answer | None:
        """A request through the pod's subresource `proxy`, never retried: the pod may hang, not the API server."""
        path = f"{self._pod(namespace, pod)}:{request.port}/proxy{quote(request.path, safe='/?=&%')}"
        start = time.monotonic()
        reply = self._connection.once(Request(request.method, path, {}, request.body))
        seconds = time.monotonic() - start
        if isinstance(reply, str):
            return None
        if not of_the_server(reply):
            headers = {name.lower(): value for name, value in reply.headers.items()}
            return Answer(reply.status, reply.body, seconds, headers)
        if reply.status in (401, 403):
            refuse(reply, f"a request to pod {pod}")
        return None

    def _pod(self, namespace: str, pod: str) -> str:
        return f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}"

    def _path(self, kind: Kind, namespace: str | None, name: str | None = None) -> str:
        resource = self._resource(kind)
        parts = [root_of(kind.api_version)]
        if resource.kind.namespaced and namespace is not None:
            parts += ["namespaces", quote(namespace, safe="")]
        parts += [resource.plural, *([quote(name, safe="")] if name is not None else [])]
        return "/".join(parts)

    def _resource(self, kind: Kind) -> Resource:
        """The cluster's resource of that kind; an unknown one is discovered again, for it may have been installed."""
        for known in (self._resources.get(kind.api_version), None):
            served = known if known is not None else self._discover(kind.api_version, needed=True)
            for resource in served:
                if resource.kind.kind == kind.kind:
                    return resource
        hint = "install its CustomResourceDefinition in the cluster, or use a kind that the cluster serves"
        raise ProjectError(f"cluster {self.name()} serves no {kind.kind} of {kind.api_version}", hint=hint)

    def _discover(self, version: str, *, needed: bool) -> tuple[Resource, ...]:
        """The resources of a group and version; empty where it is not served, or is not needed and does not answer."""
        try:
            retried = RETRIED if needed else RETRIED - {503}  # 503: the extension that serves the group is down
            reply = self._connection.send(Request("GET", root_of(version)), retried=retried)
        except InfrastructureError:
            if needed:
                raise
            return ()
        if reply.status in (404, 503) and version != "v1":
            return ()
        document = self._read(reply, f"the resources of {version}")
        served = tuple(
            Resource(Kind(version, item["kind"], bool(item["namespaced"])), item["name"])
            for item in document.get("resources") or ()
            if "/" not in item["name"] and "get" in (item.get("verbs") or ())
        )
        self._resources[version] = served
        return served

    def _json(self, request: Request) -> Mapping[str, Any]:
        return self._read(self._connection.send(request), request.path)

    def _read(self, reply: Reply, what: str) -> Mapping[str, Any]:
        refuse(reply, what)
        try:
            document = json.loads(reply.body)
        except ValueError as error:
            raise InfrastructureError(f"cluster {self.name()}: {what}: the answer is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise InfrastructureError(f"cluster {self.name()}: {what}: the answer is not a JSON object")
        return document


def refuse(reply: Reply, what: str) -> None:
    """Raises ProjectError with the server's message where it refused."""
    if reply.status < 400:
        return
    hints = {
        401: "the kubeconfig's credentials are unknown or have expired",
        403: "a role in the cluster must allow it; its administrator can bind one",
        404: "create the namespace before the first release into it",
        500: "write out the merge key of each list entry, such as each port's `protocol`",
    }
    message = f"the cluster refuses {what}: {server_message(reply.body)}"
    raise ProjectError(message, hint=hints.get(reply.status))


def of_the_server(reply: Reply) -> bool:
    """Whether the API server itself answered in place of a pod: with a Status object, or a message of its proxy."""
    if reply.status < 400:
        return False
    try:
        document = json.loads(reply.body)
    except ValueError:
        return reply.body.lstrip().startswith(UNREACHABLE.encode())
    return isinstance(document, dict) and (document.get("kind"), document.get("apiVersion")) == ("Status", "v1")


def kind_of(manifest: Object) -> Kind:
    """The kind of a Kubernetes manifest."""
    return Kind(str(manifest["apiVersion"]), str(manifest["kind"]))


def root_of(version: str) -> str:
    """The URL path of a group and version."""
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def is_built_in(version: str) -> bool:
    """Whether the API server itself serves the version's group, not an extension."""
    group = version.rpartition("/")[0]
    return "." not in group or group in BUILT_IN


def encoded(manifest: Object) -> bytes:
    """The manifest as JSON that is YAML too, as the API server reads it: without surrogate escapes."""
    return json.dumps(manifest, ensure_ascii=False, allow_nan=False).encode()
