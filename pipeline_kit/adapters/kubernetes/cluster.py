"""A Kubernetes cluster, by the library `kubernetes`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline_kit.adapters.kubernetes.connection import PASSING, Connection, Patience, Reply, Request, server_words
from pipeline_kit.contract.cluster import Kind, Object, PodRequest, Selector
from pipeline_kit.contract.serving import Answer
from pipeline_kit.errors import InfrastructureError, ProjectError

FIELD_MANAGER = "pipeline-kit"
APPLY = "application/apply-patch+yaml"  # JSON is YAML too
PAGE = 500
LOG_BYTES = 64 << 10
BUILT_IN = ("coordination.k8s.io", "networking.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io")
"""Groups that the API server itself serves, beside those without a dot; others may be served by what is broken."""
LEASE_SECONDS = 4.0
"""How long a write of a lease may take: one that hangs must leave time for another try before the lease is lost."""
UNREACHABLE = "error trying to reach service"
"""How an API server begins to say that nothing listens on a pod's port."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind with the word that its addresses have: `deployments`."""

    kind: Kind
    plural: str


class KubernetesCluster:
    """One cluster: of a kubeconfig file, of KUBECONFIG in `variables`, or of the pod that this runs in.

    Raises UsageError where the library or the kubeconfig is missing, or TLS would not be verified for a host that is
    not in `insecure`. Safe to use from several threads.
    """

    def __init__(
        self,
        kubeconfig: Path | None,
        context: str | None,
        variables: Mapping[str, str],
        insecure: Sequence[str],
        patience: Patience | None = None,
    ) -> None:
        self._connection = Connection(kubeconfig, context, variables, insecure, patience or Patience())
        self._resources: dict[str, tuple[Resource, ...]] = {}

    def name(self) -> str:
        """The context's name, or the server's address."""
        return self._connection.name

    def kinds(self) -> tuple[Kind, ...]:
        """Everything the cluster serves, preferred versions first; of an extension that does not answer, nothing."""
        groups = self._json(Request("GET", "/apis")).get("groups") or []
        preferred = [group["preferredVersion"]["groupVersion"] for group in groups]
        others = [each["groupVersion"] for group in groups for each in group["versions"]]
        versions = dict.fromkeys(["v1", *preferred, *others])
        return tuple(each.kind for version in versions for each in self._discover(version, needed=is_built_in(version)))

    def get(self, kind: Kind, name: str, namespace: str | None) -> Object | None:
        """By GET."""
        reply = self._connection.send(Request("GET", self._path(kind, namespace, name)))
        return None if reply.status == 404 else self._read(reply, f"{kind.kind} {name}")

    def list(self, kind: Kind, namespace: str | None, selector: Selector | None = None) -> tuple[Object, ...]:
        """By GET, page after page."""
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
        """By PATCH, as Server-Side Apply defines it."""
        kind, name = kind_of(manifest), str(manifest["metadata"]["name"])
        query = {"fieldManager": FIELD_MANAGER, "force": "true", **({"dryRun": "All"} if dry_run else {})}
        request = Request("PATCH", self._path(kind, namespace, name), query, encoded(manifest), APPLY)
        # 409: the server itself lost a race against another writer more often than it retries
        reply = self._connection.send(request, again=PASSING | {409})
        return self._read(reply, f"{kind.kind} {name}")

    def create(self, manifest: Object, *, namespace: str) -> Object | None:
        """By POST; where an answer was lost, an object that is there may be the one of the first try."""
        kind = kind_of(manifest)
        query = {"fieldManager": FIELD_MANAGER}
        reply = self._connection.send(Request("POST", self._path(kind, namespace), query, encoded(manifest)))
        if reply.status == 409:
            return None
        return self._read(reply, f"{kind.kind} {manifest['metadata']['name']}")

    def replace(self, manifest: Object, *, namespace: str) -> Object | None:
        """By PUT; where an answer was lost, the newer `resourceVersion` may be that of the first try."""
        kind, name = kind_of(manifest), str(manifest["metadata"]["name"])
        query, body = {"fieldManager": FIELD_MANAGER}, encoded(manifest)
        limit = LEASE_SECONDS if kind.kind == "Lease" else None
        request = Request("PUT", self._path(kind, namespace, name), query, body, read_seconds=limit)
        reply = self._connection.send(request)
        return None if reply.status in (404, 409) else self._read(reply, f"{kind.kind} {name}")

    def delete(self, kind: Kind, name: str, namespace: str | None) -> None:
        """By DELETE in the foreground: the object is gone when all that it owns is."""
        query = {"propagationPolicy": "Foreground"}
        reply = self._connection.send(Request("DELETE", self._path(kind, namespace, name), query))
        if reply.status not in (404, 409):
            self._read(reply, f"{kind.kind} {name}")

    def logs(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> tuple[str, ...]:
        """By the pod's subresource `log`."""
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
        """By the pod's subresource `proxy`, asked once: a pod that hangs is no server that fails."""
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
        found = self._resource(kind)
        parts = [root_of(kind.api_version)]
        if found.kind.namespaced and namespace is not None:
            parts += ["namespaces", quote(namespace, safe="")]
        parts += [found.plural, *([quote(name, safe="")] if name is not None else [])]
        return "/".join(parts)

    def _resource(self, kind: Kind) -> Resource:
        """What the cluster serves of that kind; asked again where it is unknown, for it may have been installed."""
        for known in (self._resources.get(kind.api_version), None):
            served = known if known is not None else self._discover(kind.api_version, needed=True)
            for each in served:
                if each.kind.kind == kind.kind:
                    return each
        hint = "install what defines it in the cluster, or use a kind that it serves"
        raise ProjectError(f"cluster {self.name()} serves no {kind.kind} of {kind.api_version}", hint=hint)

    def _discover(self, version: str, *, needed: bool) -> tuple[Resource, ...]:
        """The resources of a group and version; none where it is not served, or is not needed and does not answer."""
        try:
            again = PASSING if needed else PASSING - {503}  # what an extension's absence is answered with
            reply = self._connection.send(Request("GET", root_of(version)), again=again)
        except InfrastructureError:
            if needed:
                raise
            return ()
        if reply.status in (404, 503) and version != "v1":
            return ()
        found = self._read(reply, f"what {version} serves")
        served = tuple(
            Resource(Kind(version, each["kind"], bool(each["namespaced"])), each["name"])
            for each in found.get("resources") or ()
            if "/" not in each["name"] and "get" in (each.get("verbs") or ())
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
            raise InfrastructureError(f"cluster {self.name()}: {what}: the answer is no JSON: {error}") from error
        if not isinstance(document, dict):
            raise InfrastructureError(f"cluster {self.name()}: {what}: the answer is no JSON object")
        return document


def refuse(reply: Reply, what: str) -> None:
    """Raises ProjectError where the server refused, with its own words."""
    if reply.status < 400:
        return
    hints = {
        401: "the kubeconfig's credentials are unknown or have expired",
        403: "let the cluster's administrator bind a role that allows it",
        404: "the namespace must exist before a release goes into it",
        500: "write out what tells the entries of its lists apart, such as each port's `protocol`",
    }
    message = f"the cluster refuses {what}: {server_words(reply.body)}"
    raise ProjectError(message, hint=hints.get(reply.status))


def of_the_server(reply: Reply) -> bool:
    """Whether an answer on the way to a pod is the API server's own: a Status object, or words of its proxy."""
    if reply.status < 400:
        return False
    try:
        document = json.loads(reply.body)
    except ValueError:
        return reply.body.lstrip().startswith(UNREACHABLE.encode())
    return isinstance(document, dict) and (document.get("kind"), document.get("apiVersion")) == ("Status", "v1")


def kind_of(manifest: Object) -> Kind:
    """The kind that a manifest says it is of."""
    return Kind(str(manifest["apiVersion"]), str(manifest["kind"]))


def root_of(version: str) -> str:
    """The address under which a group and version is served."""
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def is_built_in(version: str) -> bool:
    """Whether the API server itself serves the group of a version."""
    group = version.rpartition("/")[0]
    return "." not in group or group in BUILT_IN


def encoded(manifest: Object) -> bytes:
    """The manifest as JSON that is YAML too, which an API server reads it as: without escapes of half letters."""
    return json.dumps(manifest, ensure_ascii=False, allow_nan=False).encode()
