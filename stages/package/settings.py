"""The settings of a job that packs a model."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import text
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Settings:
    """The name in the store that moves to the package, if any."""

    release: str | None = None


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed."""
    return Settings(text(given, "release"))
