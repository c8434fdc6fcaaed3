"""Where a release goes, and who releases it."""

from __future__ import annotations

import os
import platform
import secrets

from pipeline_kit.frozen import frozen

READY_WITHIN_SECONDS = 600.0


@frozen
class Destination:
    """One release in one namespace; `release` is the name of its objects, as `object_name` makes it."""

    namespace: str
    release: str
    environment: str
    ready_within_seconds: float = READY_WITHIN_SECONDS
    by: str = ""
    """Who deploys, for people that read the record."""


def this_deployer(job: str) -> str:
    """A unique name for this process that shows where it runs."""
    return f"{job} on {platform.node() or 'unknown'}, process {os.getpid()} ({secrets.token_hex(4)})"
