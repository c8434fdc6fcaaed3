"""The world beyond a project, with the hosts and the CI servers that its descriptor names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.adapters.world import ThisWorld
from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.extensions import NO_PLUGINS
from pipeline_kit.runner.folders import user_cache

if TYPE_CHECKING:
    from pipeline_kit.contract.login import Login
    from pipeline_kit.runner.job_run import JobRun


def world_for(
    descriptor: Descriptor | None,
    variables: Mapping[str, str],
    log: Callable[[str], None] = lambda line: None,
    root: Path | None = None,
) -> ThisWorld:
    """The world as a process with these variables sees it; without a descriptor nothing is trusted beyond the usual."""
    insecure = descriptor.insecure if descriptor else ()
    plugins = descriptor.plugins if descriptor else NO_PLUGINS

    def login(host: str, variables: Mapping[str, str]) -> Login | None:
        from pipeline_kit.servers.login import server_login

        return server_login(plugins)(host, variables)

    return ThisWorld(user_cache(), variables, insecure, log, root, server_login=login)


def world_of(run: JobRun) -> ThisWorld:
    """The world with a job's variables and secrets."""
    seen = {**run.variables, **run.job.variables, **run.secrets}
    return world_for(run.descriptor, seen, run.log, run.folders.root)
