"""What a release would change in the cluster, asked without changing anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_kit.contract.cluster import Cluster, Object
from pipeline_kit.deploy.clock import ThisClock
from pipeline_kit.deploy.deployer import same, silent
from pipeline_kit.deploy.intent import Intent
from pipeline_kit.deploy.record import ReleaseRecord, Revision
from pipeline_kit.deploy.targets.kubernetes.difference import Change, differences
from pipeline_kit.deploy.targets.kubernetes.objects import Objects, name_of
from pipeline_kit.deploy.targets.kubernetes.order import leftovers
from pipeline_kit.deploy.targets.kubernetes.refusals import refuse, refuse_older
from pipeline_kit.deploy.targets.kubernetes.rollout import KEPT_KINDS, Rollout
from pipeline_kit.deploy.targets.kubernetes.store import ReleaseStore
from pipeline_kit.errors import ProjectError


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """An object, such as `Deployment fraud`, what becomes of it (`created`, `changed`, `removed`), and its fields."""

    name: str
    verb: str
    fields: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """The revision that is live, what would change, what stays, and why the release would be refused, if it would."""

    live: Revision | None
    changes: tuple[ObjectChange, ...]
    unchanged: tuple[str, ...]
    refusal: str | None = None
    unfinished: Revision | None = None


def outlook(cluster: Cluster, intent: Intent) -> Outlook:
    """What the release would change. Raises InfrastructureError where the cluster fails."""
    place = intent.place
    record = ReleaseStore(cluster, place.namespace, place.release).load()
    rollout = Rollout(Objects(cluster, place.namespace, ThisClock(), unheld), place, silent)
    refusal = refusal_of(rollout, intent, record)
    found = tuple(object_changes(rollout, intent, record.live))
    changes = tuple(each for each in found if each.verb)
    unchanged = tuple(each.name for each in found if not each.verb)
    return Outlook(record.live, changes, unchanged, refusal, record.unfinished)


def refusal_of(rollout: Rollout, intent: Intent, record: ReleaseRecord) -> str | None:
    """Why the release would be refused; none where it would not."""
    if record.live is not None and same(record.live.content, intent.content):
        return None
    try:
        if not intent.rollback:
            refuse_older(intent.content, record.live, intent.is_before)
        refuse(rollout, intent.content, record.live)
    except ProjectError as error:
        return f"{error.message}" + (f" ({error.hint})" if error.hint else "")
    return None


def object_changes(rollout: Rollout, intent: Intent, live: Revision | None) -> Iterator[ObjectChange]:
    """Every object of both revisions; one that stays as it is has no verb."""
    for manifest in rollout.served(intent.content.manifests):
        found = rollout.objects.get(name_of(manifest))
        fields = differences(found, would_be(rollout, manifest))
        verb = "created" if found is None else "changed" if fields else ""
        yield ObjectChange(str(name_of(manifest)), verb, fields)
    if live is not None:
        for each in rollout.served(leftovers(live.content.manifests, intent.content.manifests)):
            yield ObjectChange(str(name_of(each)), "" if each["kind"] in KEPT_KINDS else "removed")


def would_be(rollout: Rollout, manifest: Object) -> Object:
    """The object as the server would have it; the manifest itself where that cannot be asked, or is refused."""
    try:
        return rollout.objects.cluster.apply(manifest, namespace=rollout.place.namespace, dry_run=True)
    except ProjectError:
        return manifest


def unheld() -> None:
    """Nothing is changed, so no lease is needed."""
