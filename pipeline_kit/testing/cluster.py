"""A cluster in memory: the API server's rules for objects, and pods whose answers the test defines."""

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
    """Does nothing."""


@dataclass
class FakeCluster:
    """Objects in memory with `resourceVersion`, `generation` and `uid`, and the existing namespaces.

    `before` is called before each request with its method and `Kind/name`, and may raise; `after` is called after each
    change. `answers` returns a pod's answers, `written` holds the containers' logs by pod. `changes` lists all changes.
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
        """The kinds that the test configured."""
        self.before("kinds", "")
        return self.served

    def get(self, kind: Kind, name: str, namespace: str | None) -> Object | None:
        """A copy of the object."""
        self.before("get", f"{kind.kind}/{name}")
        return copy.deepcopy(self.objects.get(self._key(kind, name, namespace)))

    def list(self, kind: Kind, namespace: str | None, selector: Selector | None = None) -> tuple[Object, ...]:
        """Copies, sorted by name."""
        self.before("list", kind.kind)
        labels = selector.labels.items() if selector else ()
        group, served = group_of(kind.api_version), self._served(kind)
        return tuple(
            copy.deepcopy(item)
            for (item_group, item_kind, item_namespace, _), item in sorted(self.objects.items())
            if (item_group, item_kind) == (group, kind.kind)
            and (namespace is None or not served.namespaced or item_namespace == namespace)
            and all((item["metadata"].get("labels") or {}).get(name) == value for name, value in labels)
        )

    def apply(self, manifest: Object, *, namespace: str | None, dry_run: bool = False) -> Object:
        """Merges the manifest, and removes fields of the last applied one that this one lacks."""
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
        """None where the object exists."""
        kind, name = kind_of(manifest), str(manifest["metadata"]["name"])
        self.before("create", f"{kind.kind}/{name}")
        key = self._key(kind, name, namespace)
        self._refuse_missing(key)
        return None if key in self.objects else self._store("create", key, copy.deepcopy(dict(manifest)))

    def replace(self, manifest: Object, *, namespace: str) -> Object | None:
        """None where the `resourceVersion` is outdated."""
        kind, name = kind_of(manifest), str(manifest["metadata"]["name"])
        self.before("replace", f"{kind.kind}/{name}")
        key = self._key(kind, name, namespace)
        old = self.objects.get(key)
        version = manifest["metadata"].get("resourceVersion")
        if old is None or (version and version != old["metadata"]["resourceVersion"]):
            return None
        return self._store("replace", key, copy.deepcopy(dict(manifest)))

    def delete(self, kind: Kind, name: str, namespace: str | None) -> None:
        """Deletes at once."""
        self.before("delete", f"{kind.kind}/{name}")
        key = self._key(kind, name, namespace)
        if self.objects.pop(key, None) is not None:
            self._applied.pop(key, None)
            self._report("delete", key)

    def logs(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> tuple[str, ...]:
        """The lines in `written` for the pod."""
        self.before("logs", f"Pod/{pod}")
        return tuple(self.written.get(pod, ()))[-lines:]

    def ask(self, namespace: str, pod: str, request: PodRequest) -> Answer | None:
        """The result of `answers`."""
        self.before("ask", f"Pod/{pod}")
        return self.answers(pod, request)

    def put(self, manifest: Object, namespace: str | None = "default") -> Object:
        """Writes an object with its status, as a controller would, over an existing one."""
        return self._store("put", self._key(kind_of(manifest), str(manifest["metadata"]["name"]), namespace), manifest)

    def _served(self, kind: Kind) -> Kind:
        for served in self.served:
            if (served.api_version, served.kind) == (kind.api_version, kind.kind):
                return served
        raise ProjectError(f"cluster fake serves no {kind.kind} of {kind.api_version}")

    def _key(self, kind: Kind, name: str, namespace: str | None) -> Key:
        scope = (namespace or "") if self._served(kind).namespaced else ""
        return group_of(kind.api_version), kind.kind, scope, name

    def _refuse_missing(self, key: Key) -> None:
        if key[2] and key[2] not in self.namespaces:
            raise ProjectError(f'the cluster refuses {key[1]} {key[3]}: namespaces "{key[2]}" not found')

    def _stamped(self, new: Object, old: Object | None, key: Key) -> dict[str, Any]:
        """The object with the server's fields; these change only where others do."""
        before: Mapping[str, Any] = old["metadata"] if old else {}
        metadata = {**new["metadata"], "uid": before.get("uid", f"uid-{'-'.join(key)}")}
        if key[2]:
            metadata["namespace"] = key[2]
        changed = old is None or {**new, "metadata": 0, "status": 0} != {**old, "metadata": 0, "status": 0}
        metadata["generation"] = int(before.get("generation", 0)) + int(changed)
        return {**copy.deepcopy(dict(new)), "metadata": metadata}

    def _store(self, call: str, key: Key, new: Object) -> Object:
        old = self.objects.get(key)
        stored = self._stamped(new, old, key)
        stored["metadata"].pop("resourceVersion", None)
        before = copy.deepcopy(old)
        version = before["metadata"].pop("resourceVersion") if before else None
        stored["metadata"]["resourceVersion"] = version if before == stored else str(next(self._versions))
        self.objects[key] = stored
        self._report(call, key)
        return copy.deepcopy(stored)

    def _report(self, call: str, key: Key) -> None:
        self.changes.append((call, f"{key[1]}/{key[3]}"))
        self.after(self, call, f"{key[1]}/{key[3]}")


def merged(old: Any, new: Any) -> Any:
    """The old value with the new one merged in; lists are replaced."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return copy.deepcopy(new)
    return {**copy.deepcopy(dict(old)), **{name: merged(old.get(name), value) for name, value in new.items()}}


def removed(old: Any, before: Any, now: Any) -> Any:
    """The old value without fields that the field manager applied before and no longer applies."""
    if not all(isinstance(value, Mapping) for value in (old, before, now)):
        return old
    gone = [name for name in before if name not in now]
    return {
        name: removed(value, before.get(name), now.get(name)) if name in now else value
        for name, value in old.items()
        if name not in gone
    }


def kind_of(manifest: Object) -> Kind:
    """The kind of a Kubernetes manifest."""
    return Kind(str(manifest["apiVersion"]), str(manifest["kind"]))


def group_of(version: str) -> str:
    """The group of a version: an object is the same in all versions of its group."""
    return version.rpartition("/")[0]
