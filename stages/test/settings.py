"""The settings of a job that tests and lints."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import number, texts, values
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Settings:
    """What pytest runs, which share of lines it must cover (None: no limit), and the lint commands."""

    paths: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    coverage: float | None = None
    source: tuple[str, ...] = ()
    lint: tuple[tuple[str, ...], ...] = ()


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed."""
    return Settings(
        paths=texts(given, "paths"),
        arguments=texts(given, "arguments"),
        coverage=number(given, "coverage"),
        source=texts(given, "source"),
        lint=tuple(texts({"lint": command}, "lint") for command in values(given, "lint")),
    )
