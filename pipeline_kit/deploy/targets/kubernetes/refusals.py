"""What a cluster is not given: another's objects, invalid ones, a full cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline_kit.contract.cluster import Cluster, Kind, Object
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.targets.kubernetes.labels import RELEASE_LABEL, noted
from pipeline_kit.deploy.targets.kubernetes.objects import name_of
from pipeline_kit.deploy.targets.kubernetes.order import identity
from pipeline_kit.deploy.targets.kubernetes.preflight import ClusterState, shortages
from pipeline_kit.deploy.targets.kubernetes.rollout import KEPT_KINDS, POD, ObjectRollout
from pipeline_kit.errors import ProjectError

NODE = Kind("v1", "Node", namespaced=False)
QUOTA = Kind("v1", "ResourceQuota")
NO_DRY_RUN = ("dry run", "dryRun")
"""The server's message on an admission webhook that does not support dry runs."""


def refuse_other(live: Content | None, destination: Destination, project: str | None) -> None:
    """Raises ProjectError where what is live under this name is another environment's, or another project's.

    Two environments with one namespace would share a record, and so would projects whose names differ in `-` and `_`.
    """
    manifests = live.manifests if live else ()
    for what, mine in (("environment", destination.environment), ("project", project)):
        theirs = noted(manifests, what)
        if mine is not None and theirs is not None and mine != theirs:
            message = (
                f"the release {destination.release} in the namespace {destination.namespace} is of the {what} {theirs}"
            )
            raise ProjectError(f"{message}, not of {mine}", hint=f"give each {what} a namespace of its own")


def refuse_foreign(
    manifests: Sequence[Object], found: Sequence[Object], live: Content | None, destination: Destination
) -> None:
    """Raises ProjectError for an object that is there and that no revision of this release has made."""
    own = {identity(manifest) for manifest in live.manifests} if live else set()
    lost = "nothing is live by the record, and it would be removed with a release that fails"
    known = {name_of(entry): entry for entry in found}
    for manifest in manifests:
        there = known.get(name_of(manifest))
        if there is None or identity(manifest) in own:
            continue
        owner = (there["metadata"].get("labels") or {}).get(RELEASE_LABEL)
        message = f"{name_of(manifest)} is in the namespace {destination.namespace} already and "
        if owner != destination.release:
            whose = f"is of the release {owner}" if owner else "was not made by the kit"
            hand_over = f", or hand it over: label it {RELEASE_LABEL}={destination.release}" if live else ""
            raise ProjectError(message + whose, hint=f"delete it{hand_over}")
        if live is None and manifest["kind"] not in KEPT_KINDS:
            raise ProjectError(message + lost, hint="restore the Secret that holds the record, or delete the object")


def refuse_invalid(cluster: Cluster, manifests: Sequence[Object], namespace: str, log: Callable[[str], None]) -> None:
    """Raises ProjectError, with the server's words, for an object that the server would not take."""
    for manifest in manifests:
        try:
            cluster.apply(manifest, namespace=namespace, dry_run=True)
        except ProjectError as error:
            if not any(text in error.message for text in NO_DRY_RUN):
                raise
            log(f"{name_of(manifest)} was not tried before: {error.message}")


def refuse_full(rollout: ObjectRollout, manifests: Sequence[Object], found: Sequence[Object]) -> None:
    """Raises ProjectError naming what the cluster lacks for the release.

    A deployer who may not see nodes and the pods of others releases without this check.
    """
    cluster, namespace = rollout.objects.cluster, rollout.destination.namespace
    try:
        nodes, pods = cluster.list(NODE, None), cluster.list(POD, None)
        state = ClusterState(nodes, pods, cluster.list(QUOTA, namespace), found)
    except ProjectError as error:
        rollout.log(f"whether there is room was not checked: {error.message}")
        return
    if lacking := shortages(manifests, state):
        hint = "make room, ask for less by `resources` and `replicas`, or let the quota be raised"
        raise ProjectError(f"the cluster has no room: {'; '.join(lacking)}", hint=hint)


def refuse(rollout: ObjectRollout, content: Content, live: Content | None) -> None:
    """Raises ProjectError for what the cluster would not take, or should not be given. Nothing is changed."""
    manifests = rollout.served(content.manifests)
    result = [item for manifest in manifests if (item := rollout.objects.get(name_of(manifest))) is not None]
    refuse_other(live, rollout.destination, noted(content.manifests, "project"))
    refuse_foreign(manifests, result, live, rollout.destination)
    refuse_invalid(rollout.objects.cluster, manifests, rollout.destination.namespace, rollout.log)
    refuse_full(rollout, manifests, result)
