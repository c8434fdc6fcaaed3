"""A cluster in memory: the API server's rules for objects, and pods that the test makes and lets answer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pipeline_kit.contract.cluster import Kind, Object, PodRequest, Selector
from pipeline_kit.contract.serving import Answer
from pipeline_kit.errors import ProjectError

KINDS = (
    Kind("v1", "ConfigMap"),
    Kind("v1", "Event"),
    Kind("v1", "Namespace", namespaced=False),
    Kind("v1", "Node", namespaced=False),
    Kind("v1", "Pod"),
    Kind("v1", "ResourceQuota"),
    Kind("v1", "Secret"),
    Kind("v1", "Service"),
    Kind("v1", "ServiceAccount"),
    Kind("apps/v1", "Deployment"),
    Kind("apps/v1", "ReplicaSet"),
    Kind("coordination.k8s.io/v1", "Lease"),
    Kind("networking.k8s.io/v1", "NetworkPolicy"),
    Kind("policy/v1", "PodDisruptionBudget"),
)

Key = tuple[str, str, str, str]


def nothing(call: str, what: str) -> None:
    """A cluster to which nothing happens."""


@dataclass
class FakeCluster:
    """Objects in memory with `resourceVersion`, `generation` and `uid`; names of namespaces that exist.

    `before` is called before each request with its method and `Kind/name`, and may raise; `after` behind each change.
    `answers` says what pods answer, `written` what containers wrote. Every change is kept in `changes`.
    """

    namespaces: set[str] = field(default_factory=lambda: {"default"})
    served: tuple[Kind, ...] = KINDS
    before: Callable[[str, str], None] = nothing
    after: Callable[[FakeCluster, str, str], None] = lambda cluster, call, what: None
    answers: Callable[[str, PodRequest], Answer | None] = lambda pod, request: None
    written: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    objects: dict[Key, dict[str, Any]] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)
    _applied: dict[Key, Object] = field(default_factory=dict)
    _versions: Any = field(default_factory=lambda: count(1))

    def name(self) -> str:
        """`fake`."""
        return "fake"

    def kinds(self) -> tuple[Kind, ...]:
        """What the test lets it serve."""
        self.before("kinds", "")
        return self.served

    def get(self, kind: Kind, name: str, namespace: str | None) -> Object | None:
        """A copy of the object."""
        self.before("get", f"{kind.kind}/{name}")
        return copy.deepcopy(self.objects.get(self._key(kind, name, namespace)))

    def list(self, kind: Kind, namespace: str | None, selector: Selector | None = None) -> tuple[Object, ...]:
        """Copies, in the order of their names."""
        self.before("list", kind.kind)
        wanted = selector.labels.items() if selector else ()
        group, served = group_of(kind.api_version), self._served(kind)
        return tuple(
            copy.deepcopy(found)
            for (each_group, each_kind, where, _), found in sorted(self.objects.items())
            if (each_group, each_kind) == (group, kind.kind)
            and (namespace is None or not served.namespaced or where == namespace)
            and all((found["metadata"].get("labels") or {}).get(name) == value for name, value in wanted)
        )

    def apply(self, manifest: Object, *, namespace: str | None, dry_run: bool = False) -> Object:
        """Merges the manifest in, and takes away what the last one had and this one has not."""
        kind, name = kind_of(manifest), str(manifest["metadata"]["name"])
        self.before("dry-run" if dry_run else "apply", f"{kind.kind}/{name}")
        key = self._key(kind, name, namespace)
        self._refuse_missing(key)
        old = self.objects.get(key)
        without = removed(old or {}, self._applied.get(key) or {}, manifest)
        new = merged(without, manifest)
        if dry_run:
            return self._stamped(new, old, key)
        self._applied[key] = copy.deepcopy(manifest)
        return self._store("apply", key, new)

    def create(self, manifest: Object, *, namespace: str) -> Object | None:
        """None where one of that name is there."""
        kind, name = kind_of(manifest), str(manifest["metadata"]["name"])
        self.before("create", f"{kind.kind}/{name}")
        key = self._key(kind, name, namespace)
        self._refuse_missing(key)
        return None if key in self.objects else self._store("create", key, copy.deepcopy(dict(manifest)))

    def replace(self, manifest: Object, *, namespace: str) -> Object | None:
        """None where the `resourceVersion` is an older one."""
        kind, name = kind_of(manifest), str(manifest["metadata"]["name"])
        self.before("replace", f"{kind.kind}/{name}")
        key = self._key(kind, name, namespace)
        old = self.objects.get(key)
        told = manifest["metadata"].get("resourceVersion")
        if old is None or (told and told != old["metadata"]["resourceVersion"]):
            return None
        return self._store("replace", key, copy.deepcopy(dict(manifest)))

    def delete(self, kind: Kind, name: str, namespace: str | None) -> None:
        """At once."""
        self.before("delete", f"{kind.kind}/{name}")
        key = self._key(kind, name, namespace)
        if self.objects.pop(key, None) is not None:
            self._applied.pop(key, None)
            self._tell("delete", key)

    def logs(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> tuple[str, ...]:
        """What the test has put into `written` for the pod."""
        self.before("logs", f"Pod/{pod}")
        return tuple(self.written.get(pod, ()))[-lines:]

    def ask(self, namespace: str, pod: str, request: PodRequest) -> Answer | None:
        """What the test's `answers` says."""
        self.before("ask", f"Pod/{pod}")
        return self.answers(pod, request)

    def put(self, manifest: Object, namespace: str | None = "default") -> Object:
        """Writes an object as a controller of the cluster would, status and all, whatever is there."""
        return self._store("put", self._key(kind_of(manifest), str(manifest["metadata"]["name"]), namespace), manifest)

    def _served(self, kind: Kind) -> Kind:
        for each in self.served:
            if (each.api_version, each.kind) == (kind.api_version, kind.kind):
                return each
        raise ProjectError(f"cluster fake serves no {kind.kind} of {kind.api_version}")

    def _key(self, kind: Kind, name: str, namespace: str | None) -> Key:
        where = (namespace or "") if self._served(kind).namespaced else ""
        return group_of(kind.api_version), kind.kind, where, name

    def _refuse_missing(self, key: Key) -> None:
        if key[2] and key[2] not in self.namespaces:
            raise ProjectError(f'the cluster refuses {key[1]} {key[3]}: namespaces "{key[2]}" not found')

    def _stamped(self, new: Object, old: Object | None, key: Key) -> dict[str, Any]:
        """The object with what the server adds: nothing of it changes where nothing else does."""
        before: Mapping[str, Any] = old["metadata"] if old else {}
        metadata = {**new["metadata"], "uid": before.get("uid", f"uid-{'-'.join(key)}")}
        if key[2]:
            metadata["namespace"] = key[2]
        changed = old is None or {**new, "metadata": 0, "status": 0} != {**old, "metadata": 0, "status": 0}
        metadata["generation"] = int(before.get("generation", 0)) + int(changed)
        return {**copy.deepcopy(dict(new)), "metadata": metadata}

    def _store(self, call: str, key: Key, new: Object) -> Object:
        old = self.objects.get(key)
        found = self._stamped(new, old, key)
        found["metadata"].pop("resourceVersion", None)
        before = copy.deepcopy(old)
        version = before["metadata"].pop("resourceVersion") if before else None
        found["metadata"]["resourceVersion"] = version if before == found else str(next(self._versions))
        self.objects[key] = found
        self._tell(call, key)
        return copy.deepcopy(found)

    def _tell(self, call: str, key: Key) -> None:
        self.changes.append((call, f"{key[1]}/{key[3]}"))
        self.after(self, call, f"{key[1]}/{key[3]}")


def merged(old: Any, new: Any) -> Any:
    """The new value laid over the old one; lists are replaced whole."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return copy.deepcopy(new)
    return {**copy.deepcopy(dict(old)), **{name: merged(old.get(name), value) for name, value in new.items()}}


def removed(old: Any, before: Any, now: Any) -> Any:
    """The old value without what the field manager had applied before and applies no longer."""
    if not all(isinstance(each, Mapping) for each in (old, before, now)):
        return old
    gone = [name for name in before if name not in now]
    return {
        name: removed(value, before.get(name), now.get(name)) if name in now else value
        for name, value in old.items()
        if name not in gone
    }


def kind_of(manifest: Object) -> Kind:
    """The kind that a manifest says it is of."""
    return Kind(str(manifest["apiVersion"]), str(manifest["kind"]))


def group_of(version: str) -> str:
    """The group without its version: an object is the same in all versions of its group."""
    return version.rpartition("/")[0]
