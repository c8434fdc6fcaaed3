"""The adapters of this machine behind one port; each is imported on first use."""

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
    """Registries, Docker engine, cluster and wheels, with a job's variables and credentials.

    `variables` is the job's environment with its secrets; `insecure` lists hosts (with port) that may be used without
    verified TLS; `root` is the project's folder, for its history; `server_login` finds the CI server's login.
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
        """The Docker engine, over its SDK."""
        from pipeline_kit.adapters.docker.engine import DockerEngine

        return DockerEngine(self._variables, self._log)

    def cluster(self, kubeconfig: Path | None, context: str | None = None) -> Cluster:
        """A cluster, over the Kubernetes client."""
        from pipeline_kit.adapters.kubernetes.cluster import KubernetesCluster

        return KubernetesCluster(kubeconfig, context, self._variables, self._insecure)

    def processes(self) -> Processes:
        """Serving processes on this machine."""
        from pipeline_kit.adapters.process.servers import LocalProcesses

        return LocalProcesses(self._variables, self._log)

    def wheels(self) -> Wheels:
        """Wheels from the index that pip is configured with."""
        from pipeline_kit.adapters.python.wheels import PipWheels

        return PipWheels(self.cache("wheels"), self._variables, self._log)

    def sources(self) -> Sources:
        """The history of the project's repository, from git."""
        from pipeline_kit.adapters.git.history import GitHistory

        return GitHistory(self._root or Path.cwd())

    def cache(self, name: str) -> Path:
        """A folder under the user's cache."""
        folder = self._cache / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
