"""What the descriptor must know of a CI server: its `server.yml` as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from pipeline_kit.descriptor.cron import CronDays
from pipeline_kit.descriptor.grammar import Grammar
from pipeline_kit.descriptor.parameter import Parameter
from pipeline_kit.frozen import frozen


@frozen
class ServerWords:
    """A server's names and limits: data that is read without importing the server's code.

    `runner` and `secret` describe the key that a runner class and a secret have under the server's name.
    """

    name: str
    title: str  # as messages call it
    file: str  # the CI file, relative to the repository's root
    comment: str  # what a line of comment in that file begins with
    runner: Parameter | None = None
    secret: Parameter | None = None
    secret_example: str = ""  # `{NAME}` is the secret's own name in capitals
    grammars: Mapping[str, Grammar] = field(default_factory=dict)
    reserved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # job names, by the language they belong to
    variables: tuple[str, ...] = ()  # regular expressions of variables that the server sets itself
    tokens: tuple[str, ...] = ()  # regular expressions of those that hold a token, which no job's code may see
    pipeline: tuple[str, ...] = ()  # the variables that name a pipeline, all of them set in each of its jobs
    most_needs: int | None = None
    most_components: int | None = None
    cron_days: CronDays | None = None
    tools: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # what runs its file locally: purpose, install
