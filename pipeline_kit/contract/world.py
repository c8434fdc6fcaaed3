"""The world beyond the project, each part opened when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pipeline_kit.contract.cluster import Cluster
from pipeline_kit.contract.oci import Registries
from pipeline_kit.contract.serving import Engine, Processes, Wheels
from pipeline_kit.frozen import frozen


@frozen
class Added:
    """Lines that a commit added to a file, together: the first one's number, and the text of all."""

    commit: str
    path: str
    line: int
    text: bytes


class Sources(Protocol):
    """The project's git history, as far back as this clone has it."""

    def commits(self, most: int) -> tuple[str, ...]:
        """The newest commits, newest first; none outside a repository."""

    def is_before(self, older: str, newer: str) -> bool:
        """Whether one commit is an ancestor of another, and not the same, as far as this clone knows."""

    def shallow(self) -> bool:
        """Whether the clone was cut off, so that older commits are not here."""

    def added(self, most: int) -> Iterator[Added]:
        """What the newest commits added, newest first; files that git calls binary are left out.

        Raises InfrastructureError where git fails, or writes more than is read.
        """


class World(Protocol):
    """Registries, engine, cluster, wheels and history, as this job may use them."""

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

    def sources(self) -> Sources:
        """The project's history."""

    def cache(self, name: str) -> Path:
        """A folder of the user's cache that all projects share; its content may vanish at any time."""
