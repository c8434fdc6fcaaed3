"""The world as a command on this machine sees it, with the variables of its own process."""

from __future__ import annotations

import os

from pipeline_kit.adapters.world import ThisWorld
from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.extensions import NO_PLUGINS
from pipeline_kit.runner.folders import user_cache
from pipeline_kit.servers.login import server_login


def world_here(descriptor: Descriptor | None) -> ThisWorld:
    """The world for a project, or for none."""
    insecure = descriptor.insecure if descriptor else ()
    plugins = descriptor.plugins if descriptor else NO_PLUGINS
    return ThisWorld(user_cache(), dict(os.environ), insecure, lambda line: None, server_login=server_login(plugins))
