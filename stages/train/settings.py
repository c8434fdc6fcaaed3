"""The settings of a job that trains."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import Call, call, number
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen

DEFAULT_INTERVAL_SECONDS = 30.0


@frozen
class Settings:
    """The project's code that trains, and how often its checkpoints are looked at."""

    call: Call
    checkpoint_interval_seconds: float = DEFAULT_INTERVAL_SECONDS


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed."""
    return Settings(call(given), number(given, "checkpoint_interval") or DEFAULT_INTERVAL_SECONDS)
