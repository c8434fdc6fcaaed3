"""CI servers: a folder each, with `server.yml` for the descriptor and `server.py` for everything else.

What one server knows, no other does, and nothing outside of this package names one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.extensions import Table

if TYPE_CHECKING:
    from pipeline_kit.render.server import Server

SERVERS: Table[Server] = Table(
    "pipeline_kit.servers",
    "CI server",
    {"gitlab": "pipeline_kit.servers.gitlab.server:SERVER", "jenkins": "pipeline_kit.servers.jenkins.server:SERVER"},
)
