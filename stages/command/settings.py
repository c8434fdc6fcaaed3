"""The settings of a job that runs a function or a command of the project."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import Call, call
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Settings:
    """The project's code that runs."""

    call: Call


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed."""
    return Settings(call(given))
