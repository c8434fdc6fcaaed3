"""The moments of a release: each call to the cluster before and after it, and each record that was written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from pipeline_kit.contract.cluster import Cluster, Kind, Object, PodRequest, Selector
from pipeline_kit.contract.serving import Answer
from pipeline_kit.deploy.store import unpacked
from pipeline_kit.deploy.targets.kubernetes.record_storage import stored


@dataclass(frozen=True, slots=True)
class Watched:
    """A cluster that tells `at` of each moment, which may do anything then: raise, delete an object, end the process.

    A moment is `apply Service/fraud` before the call, `done: apply Service/fraud` after it, and after the record was
    written `record: begun, apply`: the state and the step of its newest revision.
    """

    cluster: Cluster
    at: Callable[[str], None]

    def name(self) -> str:
        """The cluster's."""
        return self.cluster.name()

    def kinds(self) -> tuple[Kind, ...]:
        """A moment of its own."""
        self.at("kinds")
        return self.cluster.kinds()

    def get(self, kind: Kind, name: str, namespace: str | None) -> Object | None:
        """Told before."""
        self.at(f"get {kind.kind}/{name}")
        return self.cluster.get(kind, name, namespace)

    def list(self, kind: Kind, namespace: str | None, selector: Selector | None = None) -> tuple[Object, ...]:
        """Told before."""
        self.at(f"list {kind.kind}")
        return self.cluster.list(kind, namespace, selector)

    def apply(self, manifest: Object, *, namespace: str | None, dry_run: bool = False) -> Object:
        """Told before and after."""
        what = f"{'try' if dry_run else 'apply'} {named(manifest)}"
        self.at(what)
        found = self.cluster.apply(manifest, namespace=namespace, dry_run=dry_run)
        self.at(f"done: {what}")
        return found

    def create(self, manifest: Object, *, namespace: str) -> Object | None:
        """Told before and after."""
        return self.written("create", manifest, self.cluster.create, namespace)

    def replace(self, manifest: Object, *, namespace: str) -> Object | None:
        """Told before and after."""
        return self.written("replace", manifest, self.cluster.replace, namespace)

    def written(self, call: str, manifest: Object, write: Callable[..., Object | None], where: str) -> Object | None:
        """The object as it was written, with the moment of the record, if it is that."""
        self.at(f"{call} {named(manifest)}")
        found = write(manifest, namespace=where)
        if found is not None and manifest["kind"] == "Secret":
            newest = unpacked(stored(manifest), "the Secret").revisions[-1]
            self.at(f"record: {newest.state.value}, {newest.step}")
        self.at(f"done: {call} {named(manifest)}")
        return found

    def delete(self, kind: Kind, name: str, namespace: str | None) -> None:
        """Told before and after."""
        self.at(f"delete {kind.kind}/{name}")
        self.cluster.delete(kind, name, namespace)
        self.at(f"done: delete {kind.kind}/{name}")

    def logs(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> tuple[str, ...]:
        """Told before."""
        self.at("logs")
        return self.cluster.logs(namespace, pod, container, previous=previous, lines=lines)

    def ask(self, namespace: str, pod: str, request: PodRequest) -> Answer | None:
        """Told before."""
        self.at(f"ask {request.path}")
        return self.cluster.ask(namespace, pod, request)


def named(manifest: Object) -> str:
    """`Service/fraud`."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


@dataclass
class Once:
    """Does something at the first occurrence of a moment; `seen` has all that were told."""

    moment: str
    what: Callable[[], object]
    happened: bool = False
    seen: list[str] = dataclasses.field(default_factory=list)

    def __call__(self, moment: str) -> None:
        """Told a moment."""
        self.seen.append(moment)
        if moment == self.moment and not self.happened:
            self.happened = True
            self.what()
