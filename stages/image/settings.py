"""The settings of a job that builds an image."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.image_reference import SCRATCH
from pipeline_kit.contract.settings import flag, text, texts
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import UsageError
from pipeline_kit.frozen import frozen


@frozen
class Settings:
    """What the image runs and is built on, by which builder, and whose layers are taken over.

    Paths are relative to the project.
    """

    entrypoint: tuple[str, ...]
    served: bool = True  # by a module of the project's code, whose requests must be described
    base: str = SCRATCH
    docker: bool = False  # the builder is a Docker engine
    dockerfile: str | None = None
    repository: str | None = None
    reuse: str | None = None
    whole: bool = False
    platform: str | None = None
    serving_lock: str | None = None
    data: str | None = None
    version: str | None = None
    compressed: bool = False


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed. Raises UsageError for settings that do not go together."""
    serve = text(given, "serve")
    return Settings(
        entrypoint=entrypoint(serve, texts(given, "command")),
        served=serve is not None,
        base=text(given, "base") or SCRATCH,
        docker=text(given, "builder") == "docker",
        dockerfile=text(given, "dockerfile"),
        repository=text(given, "repository"),
        reuse=text(given, "reuse"),
        whole=flag(given, "whole"),
        platform=text(given, "platform"),
        serving_lock=text(given, "serving_lock"),
        data=text(given, "data"),
        version=text(given, "version"),
        compressed=text(given, "compression") == "gzip",
    )


def entrypoint(serve: str | None, command: tuple[str, ...]) -> tuple[str, ...]:
    """What the container runs. Raises UsageError unless exactly one of the two ways to say so is taken."""
    if (serve is None) == (not command):
        raise UsageError(
            "exactly one of serve and command says what the image runs", hint="such as serve: model.serving"
        )
    return command if serve is None else ("python3", "-m", serve)
