"""The settings of a job that tests an image."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import number, text, whole
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Settings:
    """How the image runs, how many rows it must predict and how exactly, and how many requests are timed."""

    in_engine: bool = False
    requests: int = 32
    tolerance: float = 0.0
    start_seconds: float = 30.0
    latency_requests: int = 50


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed."""
    return Settings(
        in_engine=text(given, "runs") == "engine",
        requests=whole(given, "requests", 32),
        tolerance=number(given, "tolerance", 0.0),
        start_seconds=number(given, "start_seconds", 30.0),
        latency_requests=whole(given, "latency_requests", 50),
    )
