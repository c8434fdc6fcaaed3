"""The actions of a release's steps on a cluster: server-side apply, readiness, queries of pods, and pruning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.changes import Change, ObjectChange
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.steps import Action, SetShares, Start
from pipeline_kit.deploy.target import Serving
from pipeline_kit.deploy.targets.kubernetes.difference import differences
from pipeline_kit.deploy.targets.kubernetes.labels import PREFIX, noted
from pipeline_kit.deploy.targets.kubernetes.objects import name_of
from pipeline_kit.deploy.targets.kubernetes.order import leftovers
from pipeline_kit.deploy.targets.kubernetes.refusals import refuse, refuse_other
from pipeline_kit.deploy.targets.kubernetes.rollout import KEPT_KINDS, ObjectRollout
from pipeline_kit.deploy.targets.kubernetes.served_pods import is_ready, serving
from pipeline_kit.errors import ProjectError

REPLICATED = ("Deployment", "StatefulSet")


@dataclass(frozen=True, slots=True)
class KubernetesRollout:
    """One release in one namespace. A revision is started by applying its objects over those of the other one."""

    objects: ObjectRollout

    def replicas(self, content: Content) -> int:
        """The pods of all Deployments and StatefulSets."""
        specs = (manifest["spec"] for manifest in content.manifests if manifest["kind"] in REPLICATED)
        return sum(int(spec.get("replicas", 1)) for spec in specs)

    def unable(self, action: Action, content: Content) -> str | None:
        """Objects replace each other, so that there are neither two revisions to share requests nor a part of one."""
        if isinstance(action, SetShares):
            return "kubernetes cannot share requests between two revisions"
        if isinstance(action, Start) and not action.in_place:
            return "kubernetes starts no revision beside another one"
        if isinstance(action, Start) and action.replicas != self.replicas(content):
            return f"kubernetes starts all {self.replicas(content)} pods of a revision, not {action.replicas}"
        return None

    def refuse_other(self, live: Content | None, content: Content | None) -> None:
        """By the annotations of what is live."""
        project = None if content is None else noted(content.manifests, "project")
        refuse_other(live, self.objects.destination, project)

    def refuse(self, content: Content, live: Content | None) -> None:
        """By the owners of objects that exist, a dry run, nodes and quotas."""
        refuse(self.objects, content, live)

    def start(self, content: Content, replicas: int, *, in_place: bool) -> None:
        """Applies all objects; the number of pods is in them."""
        self.objects.apply(content.manifests)

    def wait(self, content: Content, *, patient: bool = False) -> None:
        """By the status of each object, the pods and the events."""
        self.objects.wait(content.manifests, patient=patient)

    def set_shares(self, new: Content, live: Content | None, new_percent: int) -> None:
        """Never called: `unable` has refused it."""
        raise AssertionError("kubernetes cannot share requests between two revisions")

    def serving(self, content: Content, *, ready_only: bool = False) -> Serving:
        """The pods with the image behind the Services of the content."""
        pods = [pod for pod in self.objects.pods() if is_ready(pod) or not ready_only]
        return serving(self.objects.objects.cluster, self.objects.destination.namespace, pods, content)

    def fault(self, content: Content) -> ReleaseError | None:
        """The error of the first object that has failed."""
        return self.objects.fault(content.manifests)

    def retire(self, content: Content, keep: Content | None) -> None:
        """Deletes the objects that the other revision does not have; what holds data stays."""
        self.objects.prune(content.manifests, keep.manifests if keep else ())

    def changes(self, content: Content, live: Content | None) -> tuple[ObjectChange, ...]:
        """By a dry run of each object."""
        return tuple(object_changes(self.objects, content, live))


def object_changes(rollout: ObjectRollout, content: Content, live: Content | None) -> Iterator[ObjectChange]:
    """Every object of both revisions; one that stays as it is has no verb."""
    for manifest in rollout.served(content.manifests):
        current = rollout.objects.get(name_of(manifest))
        fields = differences(current, would_be(rollout, manifest))
        verb = "created" if current is None else "changed" if fields else ""
        yield ObjectChange(str(name_of(manifest)), verb, fields, tuple(field for field in fields if is_mark(field)))
    if live is not None:
        for leftover in rollout.served(leftovers(live.manifests, content.manifests)):
            yield ObjectChange(str(name_of(leftover)), "" if leftover["kind"] in KEPT_KINDS else "removed")


def would_be(rollout: ObjectRollout, manifest: Object) -> Object:
    """The object as the server would have it; the manifest itself where that cannot be queried, or is refused."""
    try:
        return rollout.objects.cluster.apply(manifest, namespace=rollout.destination.namespace, dry_run=True)
    except ProjectError:
        return manifest


def is_mark(change: Change) -> bool:
    """Whether a field is a label or an annotation of the kit's."""
    return f'["{PREFIX}/' in change.path
