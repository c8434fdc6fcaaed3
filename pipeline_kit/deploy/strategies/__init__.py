"""How a release replaces the one before it: a strategy is a file."""

from __future__ import annotations

from pipeline_kit.deploy.strategy import Strategy
from pipeline_kit.extensions import NO_PLUGINS, Plugins, Table

STRATEGIES: Table[Strategy] = Table(
    "pipeline_kit.strategies", "strategy", {"rolling": "pipeline_kit.deploy.strategies.rolling:ROLLING"}
)
DEFAULT = "rolling"


def load_strategy(name: str | None, plugins: Plugins = NO_PLUGINS) -> Strategy:
    """The strategy of that name, or the default one. Raises UsageError where no strategy has the name."""
    return STRATEGIES.load(name or DEFAULT, plugins)
