"""The settings of a job that prepares data."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import Call, call, text, texts
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Settings:
    """The project's code that prepares, and the outputs that may learn from the rows of `reference` only."""

    call: Call
    fitted: tuple[str, ...] = ()
    reference: str = "train"


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed."""
    return Settings(call(given), texts(given, "fitted"), text(given, "reference") or "train")
