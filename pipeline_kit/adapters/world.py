"""The world beyond the project on this machine; each part is imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline_kit.contract.cluster import Cluster
    from pipeline_kit.contract.login import ServerLogin
    from pipeline_kit.contract.oci import Registries
    from pipeline_kit.contract.serving import Engine, Processes, Wheels
    from pipeline_kit.contract.world import Sources


class ThisWorld:
    """Registries, engine, cluster and wheels, with these variables and credentials.

    `variables` are the job's own environment, secrets among them; `insecure` are hosts (with their port) that may be
    spoken to without verified TLS; `root` is the project's folder, for its history; `server_login` is the CI server's.
    """

    def __init__(
        self,
        cache: Path,
        variables: Mapping[str, str],
        insecure: Sequence[str],
        log: Callable[[str], None],
        root: Path | None = None,
        *,
        server_login: ServerLogin | None = None,
    ) -> None:
        self._cache = cache
        self._variables = variables
        self._insecure = tuple(insecure)
        self._log = log
        self._root = root
        self._server_login = server_login

    def registries(self) -> Registries:
        """Registries over HTTP."""
        from pipeline_kit.adapters.registry import HttpRegistries
        from pipeline_kit.contract.login import no_login

        blobs = self.cache("blobs")
        return HttpRegistries(
            self._variables, self._insecure, blobs, self._log, server_login=self._server_login or no_login
        )

    def engine(self) -> Engine:
        """The Docker engine, by its SDK."""
        from pipeline_kit.adapters.docker.engine import DockerEngine

        return DockerEngine(self._variables, self._log)

    def cluster(self, kubeconfig: Path | None, context: str | None = None) -> Cluster:
        """A cluster, by the Kubernetes client."""
        from pipeline_kit.adapters.kubernetes.cluster import KubernetesCluster

        return KubernetesCluster(kubeconfig, context, self._variables, self._insecure)

    def processes(self) -> Processes:
        """Plain processes on this machine."""
        from pipeline_kit.adapters.process.servers import LocalProcesses

        return LocalProcesses(self._variables, self._log)

    def wheels(self) -> Wheels:
        """Wheels from the index that pip is configured with."""
        from pipeline_kit.adapters.python.wheels import PipWheels

        return PipWheels(self.cache("wheels"), self._variables, self._log)

    def sources(self) -> Sources:
        """The history of the project's repository, by git."""
        from pipeline_kit.adapters.git.history import GitHistory

        return GitHistory(self._root or Path.cwd())

    def cache(self, name: str) -> Path:
        """A folder under the user's cache."""
        folder = self._cache / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
