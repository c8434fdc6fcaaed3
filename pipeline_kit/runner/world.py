"""The adapters that a project's descriptor configures."""

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
    """The adapters with these variables; without a descriptor, no host counts as insecure and no plugin is loaded."""
    insecure = descriptor.insecure if descriptor else ()
    plugins = descriptor.plugins if descriptor else NO_PLUGINS

    def login(host: str, variables: Mapping[str, str]) -> Login | None:
        from pipeline_kit.servers.login import server_login

        return server_login(plugins)(host, variables)

    return ThisWorld(user_cache(), variables, insecure, log, root, server_login=login)


def world_of(run: JobRun) -> ThisWorld:
    """The adapters with a job's variables and secrets."""
    variables = {**run.variables, **run.job.variables, **run.secrets}
    return world_for(run.descriptor, variables, run.log, run.folders.root)
