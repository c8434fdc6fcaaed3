"""Bringing the objects of a revision into the cluster, waiting until they are ready, and removing what is left over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline_kit.contract.cluster import Kind, Object, Selector
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.targets.kubernetes.api_versions import served
from pipeline_kit.deploy.targets.kubernetes.labels import RELEASE_LABEL
from pipeline_kit.deploy.targets.kubernetes.objects import ObjectName, Objects, name_of
from pipeline_kit.deploy.targets.kubernetes.order import in_order, leftovers
from pipeline_kit.deploy.targets.kubernetes.readiness import ObjectState, Readiness, readiness
from pipeline_kit.deploy.targets.kubernetes.readiness.state import done, failed, part
from pipeline_kit.deploy.waiting import wait_until
from pipeline_kit.errors import Category, KitError, ProjectError

POD = Kind("v1", "Pod")
EVENT = Kind("v1", "Event")
KEPT_KINDS = ("PersistentVolumeClaim",)
"""Never removed: they hold data that no earlier revision gives back."""
LAST_LINES = 20
GONE = failed("it was deleted")


@dataclass(slots=True)
class ObjectRollout:
    """The objects of one release. `old` has the pods that an object had before it was changed, by their `uid`."""

    objects: Objects
    destination: Destination
    log: Callable[[str], None]
    old: dict[ObjectName, frozenset[str]] = field(default_factory=dict)
    kinds: tuple[Kind, ...] = ()

    def served(self, manifests: Sequence[Object]) -> tuple[Object, ...]:
        """The manifests in the versions that the cluster serves now, in the order in which they are applied."""
        self.kinds = self.kinds or self.objects.cluster.kinds()
        return in_order([manifest for manifest, _ in served(manifests, self.kinds)])

    def apply(self, manifests: Sequence[Object]) -> None:
        """Applies all of them."""
        pods = frozenset(str(pod["metadata"].get("uid")) for pod in self.pods())
        for manifest in self.served(manifests):
            before, after = self.objects.apply(manifest)
            generations = [entry["metadata"].get("generation") for entry in (before, after) if entry is not None]
            if len(set(generations)) > 1:
                self.old[name_of(manifest)] = pods
                self.log(f"changed {name_of(manifest)}")
            elif before is None:
                self.log(f"created {name_of(manifest)}")

    def remove(self, manifests: Sequence[Object]) -> None:
        """Removes all of them but what holds data, the last applied first."""
        names = []
        for entry in reversed(self.served(manifests)):
            if entry["kind"] in KEPT_KINDS:
                self.log(f"{name_of(entry)} stays, for the data in it: delete it by hand")
            else:
                names.append(name_of(entry))
        if names:
            self.objects.remove(names)
            self.log(f"removed {', '.join(str(name) for name in names)}")

    def prune(self, before: Sequence[Object], wanted: Sequence[Object]) -> None:
        """Removes what another revision applied and the wanted one does not hold."""
        self.remove(leftovers(before, wanted))

    def wait(self, manifests: Sequence[Object], *, patient: bool = False) -> None:
        """Returns when all are ready. Raises ReleaseError where one fails, or is not ready in time.

        A patient wait takes no fault for the last word: pods of a revision that failed are still going, and what
        was deleted meanwhile is applied again.
        """
        expected = self.served(manifests)
        seen: dict[ObjectName, Readiness] = {}

        def look() -> bool | None:
            self.objects.allowed()
            for manifest, state in self.look(expected):
                name = name_of(manifest)
                self.report(name, state, seen.get(name))
                seen[name] = state
                if state.state is ObjectState.FAILED and not patient:
                    raise self.failure(f"{name}: {state.reason}", state)
                if state is GONE:
                    self.apply([manifest])
            return True if all(state.state is ObjectState.DONE for state in seen.values()) else None

        if wait_until(look, self.objects.clock, self.destination.ready_within_seconds) is None:
            late = [item for item in seen.items() if item[1].state is not ObjectState.DONE]
            reasons = "; ".join(f"{name}: {state.reason}" for name, state in late)
            message = f"not ready after {self.destination.ready_within_seconds:g} s: {reasons}"
            raise self.failure(message, late[0][1], Category.TIMEOUT)

    def look(self, wanted: Sequence[Object]) -> Iterator[tuple[Object, Readiness]]:
        """The state of each applied object; events are requested only if one is not done."""
        there = [self.objects.get(name_of(entry)) for entry in wanted]
        pods = self.pods()
        events: Sequence[Object] | None = None
        for manifest, document in zip(wanted, there, strict=True):
            own = [pod for pod in pods if pod["metadata"].get("uid") not in self.old.get(name_of(manifest), ())]
            if document is None or part(document, "metadata").get("deletionTimestamp"):
                yield manifest, gone(manifest)
                continue
            judged = readiness(document, own)
            if judged.state is not ObjectState.DONE:
                events = self.events() if events is None else events
                judged = readiness(document, own, events)
            yield manifest, judged

    def fault(self, manifests: Sequence[Object]) -> ReleaseError | None:
        """The error of the first object that has failed by now, or None."""
        for manifest, state in self.look(self.served(manifests)):
            if state.state is ObjectState.FAILED:
                return self.failure(f"{name_of(manifest)}: {state.reason}", state)
        return None

    def pods(self) -> tuple[Object, ...]:
        """The pods of the release."""
        selector = Selector({RELEASE_LABEL: self.destination.release})
        return self.objects.cluster.list(POD, self.destination.namespace, selector)

    def events(self) -> tuple[Object, ...]:
        """What the cluster reported in the namespace; nothing where a deployer may not read that."""
        try:
            return self.objects.cluster.list(EVENT, self.destination.namespace)
        except ProjectError:
            return ()

    def report(self, name: ObjectName, found: Readiness, before: Readiness | None) -> None:
        """Logs how far an object got, when that has changed."""
        if found.state is ObjectState.DONE and before is None:
            return
        if before is None or before.reason != found.reason:
            self.log(f"{name}: {found.reason}")

    def failure(self, message: str, found: Readiness, category: Category | None = None) -> ReleaseError:
        """The error, with the last lines of the container that failed, or of the first that is not ready."""
        pod, container = found.pod, found.container
        if pod is None or container is None:
            pod, container = first_unready(self.pods())
        lines = self.last_lines(pod, container) if pod and container else ()
        for line in lines:
            self.log(f"  {pod}: {line}")
        return ReleaseError(message, category=category or found.category, lines=lines)

    def last_lines(self, pod: str, container: str) -> tuple[str, ...]:
        """What the container wrote before it ended, or what it has written by now."""
        try:
            for previous in (True, False):
                namespace = self.destination.namespace
                names = self.objects.cluster.logs(namespace, pod, container, previous=previous, lines=LAST_LINES)
                if names:
                    return names
        except KitError as error:
            self.log(f"the lines of pod {pod} cannot be had: {error.message}")
        return ()


def gone(manifest: Object) -> Readiness:
    """The state of an object that is missing: only a job that has ended may have been removed by the cluster."""
    cleaned = manifest["kind"] == "Job" and "ttlSecondsAfterFinished" in part(manifest, "spec")
    return done("it has ended, and was cleaned away") if cleaned else GONE


def first_unready(pods: Sequence[Object]) -> tuple[str | None, str | None]:
    """Name and container of the first pod with a container that is not ready."""
    for pod in pods:
        statuses: Sequence[Mapping[str, object]] = (pod.get("status") or {}).get("containerStatuses") or ()
        for status in statuses:
            if not status.get("ready") and not pod["metadata"].get("deletionTimestamp"):
                return str(pod["metadata"]["name"]), str(status.get("name"))
    return None, None
