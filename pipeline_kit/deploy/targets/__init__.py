"""Where releases run: a target is a folder."""

from __future__ import annotations

from pipeline_kit.deploy.target import Target
from pipeline_kit.extensions import NO_PLUGINS, Plugins, Table

TARGETS: Table[Target] = Table(
    "pipeline_kit.targets", "target", {"kubernetes": "pipeline_kit.deploy.targets.kubernetes.target:KUBERNETES"}
)
DEFAULT = "kubernetes"


def load_target(name: str | None, plugins: Plugins = NO_PLUGINS) -> Target:
    """The target of that name, or the default one. Raises UsageError where no target has the name."""
    return TARGETS.load(name or DEFAULT, plugins)
