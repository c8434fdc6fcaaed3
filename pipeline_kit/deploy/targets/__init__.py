"""Where releases run: a target is a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.extensions import Table

if TYPE_CHECKING:
    from pipeline_kit.deploy.target import Target

TARGETS: Table[Target] = Table(
    "pipeline_kit.targets", "target", {"kubernetes": "pipeline_kit.deploy.targets.kubernetes.target:KUBERNETES"}
)
