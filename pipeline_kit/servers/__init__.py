"""CI servers: a folder each, with `server.yml` for the descriptor and `server.py` for everything else."""

from __future__ import annotations

from typing import Any

from pipeline_kit.extensions import Table

SERVERS: Table[Any] = Table(
    "pipeline_kit.servers",
    "CI server",
    {"gitlab": "pipeline_kit.servers.gitlab.server:SERVER", "jenkins": "pipeline_kit.servers.jenkins.server:SERVER"},
)
