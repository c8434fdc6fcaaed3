"""How a release replaces the one before it: a strategy is a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.extensions import NO_PLUGINS, Plugins, Table

if TYPE_CHECKING:
    from pipeline_kit.deploy.strategy import Strategy

STRATEGIES: Table[Strategy] = Table(
    "pipeline_kit.strategies", "strategy", {"rolling": "pipeline_kit.deploy.strategies.rolling:ROLLING"}
)
FIRST = "rolling"
"""The strategy of records without one: they were written when it was the only strategy."""


def load_strategy(name: str | None, plugins: Plugins = NO_PLUGINS) -> Strategy:
    """The strategy of that name. Raises UsageError where no strategy has the name, or it cannot be imported."""
    return STRATEGIES.load(name or FIRST, plugins)
