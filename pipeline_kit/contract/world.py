"""The world beyond the project, each part opened when it is first asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from pipeline_kit.contract.cluster import Cluster
from pipeline_kit.contract.oci import Registries
from pipeline_kit.contract.serving import Engine, Processes, Wheels


class World(Protocol):
    """Registries, engine, cluster and wheels, as this job may use them."""

    def registries(self) -> Registries:
        """The registries, with the credentials of Docker's configuration and of the CI server."""

    def engine(self) -> Engine:
        """The Docker engine that DOCKER_HOST or the usual socket names."""

    def cluster(self, kubeconfig: Path | None, context: str | None = None) -> Cluster:
        """The cluster of a kubeconfig file; without one, of KUBECONFIG, else of the pod that this runs in."""

    def processes(self) -> Processes:
        """Servers as plain processes here."""

    def wheels(self) -> Wheels:
        """The wheels of lock files."""

    def cache(self, name: str) -> Path:
        """A folder of the user's cache that all projects share; its content may vanish at any time."""
