"""What is refused before anything is changed: an older commit, another's objects, invalid ones, a full cluster."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from pipeline_kit.contract.cluster import Cluster, Kind, Object
from pipeline_kit.deploy.labels import RELEASE_LABEL
from pipeline_kit.deploy.objects import name_of
from pipeline_kit.deploy.order import identity
from pipeline_kit.deploy.place import Place
from pipeline_kit.deploy.preflight import ClusterState, shortages
from pipeline_kit.deploy.record import Content, Revision
from pipeline_kit.deploy.rollout import POD, Rollout
from pipeline_kit.errors import ProjectError

NODE = Kind("v1", "Node", namespaced=False)
QUOTA = Kind("v1", "ResourceQuota")
NO_DRY_RUN = ("dry run", "dryRun")
"""What a server says of an admission webhook that cannot be asked without effect."""


def refuse_older(content: Content, live: Revision | None, ancestors: Collection[str]) -> None:
    """Raises ProjectError where the content is of an older commit than what is live.

    `ancestors` are commits that are known to come before the content's own: those are older whatever their time.
    """
    if live is None or live.content.commit is None:
        return
    before = live.content
    if content.commit == before.commit or before.commit in ancestors:
        return
    if content.commit_time < before.commit_time:
        told = f"commit {content.commit[:12]}" if content.commit else "no commit that is known"
        message = f"{told} is older than commit {str(before.commit)[:12]}, which is live as revision {live.number}"
        hint = "to go back, say so: pipeline-kit rollback, or `rollback: true` for this job"
        raise ProjectError(message, hint=hint)


def refuse_foreign(manifests: Sequence[Object], found: Sequence[Object], live: Revision | None, place: Place) -> None:
    """Raises ProjectError for an object that is there and that no revision of this release has made."""
    own = {identity(each) for each in live.content.manifests} if live else set()
    known = {name_of(each): each for each in found}
    for manifest in manifests:
        there = known.get(name_of(manifest))
        if there is None or identity(manifest) in own:
            continue
        owner = (there["metadata"].get("labels") or {}).get(RELEASE_LABEL)
        if owner != place.release:
            whose = f"is of the release {owner}" if owner else "was not made by the kit"
            message = f"{name_of(manifest)} is in the namespace {place.namespace} already and {whose}"
            hint = f"delete it, or hand it over: label it {RELEASE_LABEL}={place.release}"
            raise ProjectError(message, hint=hint)


def refuse_invalid(cluster: Cluster, manifests: Sequence[Object], namespace: str, log: Callable[[str], None]) -> None:
    """Raises ProjectError, with the server's words, for an object that the server would not take."""
    for manifest in manifests:
        try:
            cluster.apply(manifest, namespace=namespace, dry_run=True)
        except ProjectError as error:
            if not any(each in error.message for each in NO_DRY_RUN):
                raise
            log(f"{name_of(manifest)} was not tried before: {error.message}")


def refuse_full(rollout: Rollout, manifests: Sequence[Object], found: Sequence[Object]) -> None:
    """Raises ProjectError naming what the cluster lacks for the release.

    A deployer who may not see nodes and the pods of others releases without this check.
    """
    cluster, namespace = rollout.objects.cluster, rollout.place.namespace
    try:
        nodes, pods = cluster.list(NODE, None), cluster.list(POD, None)
    except ProjectError as error:
        rollout.log(f"whether there is room was not checked: {error.message}")
        return
    state = ClusterState(nodes, pods, cluster.list(QUOTA, namespace), found)
    if lacking := shortages(manifests, state):
        hint = "make room, ask for less by `resources` and `replicas`, or let the quota be raised"
        raise ProjectError(f"the cluster has no room: {'; '.join(lacking)}", hint=hint)


def refuse(rollout: Rollout, content: Content, live: Revision | None) -> None:
    """Raises ProjectError for what the cluster would not take, or should not be given. Nothing is changed."""
    manifests = rollout.served(content.manifests)
    found = [each for manifest in manifests if (each := rollout.objects.get(name_of(manifest))) is not None]
    refuse_foreign(manifests, found, live, rollout.place)
    refuse_invalid(rollout.objects.cluster, manifests, rollout.place.namespace, rollout.log)
    refuse_full(rollout, manifests, found)
