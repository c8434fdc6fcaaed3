"""The promotion path: the environments in the order of the descriptor."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline_kit.descriptor.model import Environment


def environment_before(environment: Environment, environments: Iterable[Environment]) -> Environment | None:
    """The environment that comes just before in the chain, or none of the first."""
    return next((item for item in environments if item.order == environment.order - 1), None)
