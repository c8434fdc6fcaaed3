"""The target `kubernetes`: its names, its manifests, and the way to its cluster."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.contract.world import World
from pipeline_kit.deploy.destination import Destination
from pipeline_kit.deploy.target import Access
from pipeline_kit.deploy.targets.kubernetes.kubeconfig import kubeconfig_of
from pipeline_kit.deploy.targets.kubernetes.labels import object_name
from pipeline_kit.deploy.targets.kubernetes.manifests import kit_manifests
from pipeline_kit.deploy.targets.kubernetes.objects import name_of
from pipeline_kit.deploy.targets.kubernetes.site import KubernetesSite
from pipeline_kit.deploy.targets.kubernetes.team_manifests import team_manifests
from pipeline_kit.deploy.workload import Workload


class Kubernetes:
    """A namespace of a cluster that a kubeconfig leads to."""

    def release_name(self, project: str) -> str:
        """A name that every kind of object takes."""
        return object_name(project)

    def manifests(self, workload: Workload, files: Sequence[tuple[str, str]]) -> tuple[Object, ...]:
        """The project's own Kubernetes manifests where it has some, else the kit's."""
        return team_manifests(files, workload) if files else kit_manifests(workload)

    def names(self, manifests: Sequence[Object]) -> tuple[str, ...]:
        """`Deployment fraud`."""
        return tuple(str(name_of(manifest)) for manifest in manifests)

    def open(self, world: World, access: Access, destination: Destination) -> KubernetesSite:
        """The namespace in the cluster of the job's kubeconfig."""
        return KubernetesSite(world.cluster(kubeconfig_of(access), access.context), destination)


KUBERNETES = Kubernetes()
