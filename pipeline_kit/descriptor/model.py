"""The checked descriptor as values: what every other part of the kit reads. No raw dictionary passes beyond here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from pathlib import PurePosixPath

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.extensions import NO_PLUGINS, Plugins
from pipeline_kit.frozen import frozen


@frozen
class Position:
    """A place in a file: line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def __lt__(self, other: Position) -> bool:
        return (self.file, self.line, self.column) < (other.file, other.line, other.column)


class EventKind(Enum):
    """What starts a pipeline."""

    MERGE_REQUEST = "merge_request"
    PUSH = "push"
    TAG = "tag"
    SCHEDULE = "schedule"
    MANUAL = "manual"


@frozen
class EventPattern:
    """One entry of a job's `events`: a kind, and a name or glob where the kind has names.

    Written `merge_request`, `push` (any branch), `branch:main`, `branch:release/*`, `tag`, `tag:v*`,
    `schedule`, `schedule:nightly`, `manual`. `pattern` is `*` where any name will do.
    """

    kind: EventKind
    pattern: str = "*"

    def __str__(self) -> str:
        if self.kind is EventKind.PUSH:
            return "push" if self.pattern == "*" else f"branch:{self.pattern}"
        return self.kind.value if self.pattern == "*" else f"{self.kind.value}:{self.pattern}"


class When(Enum):
    """Whether a job starts by itself or waits for a person."""

    AUTO = "auto"
    MANUAL = "manual"


class SecretType(Enum):
    """The shapes of a secret that every server has."""

    TEXT = "text"
    USERNAME_PASSWORD = "username_password"
    FILE = "file"


@frozen
class Secret:
    """A reference to a secret, never its value: by server, what holds it there."""

    name: str
    type: SecretType
    servers: Mapping[str, Value] = field(default_factory=dict)


@frozen
class Runner:
    """A runner class: the image a job runs in, and by server how it chooses where the job runs."""

    name: str
    image: str | None = None
    servers: Mapping[str, Value] = field(default_factory=dict)


@frozen
class Schedule:
    """A named time table: five cron fields, an IANA time zone, and the branch whose head it runs."""

    name: str
    cron: str
    timezone: str = "UTC"
    branch: str = "main"


class ColumnType(Enum):
    """What a dataset's column holds."""

    NUMBER = "number"
    INTEGER = "integer"
    CATEGORY = "category"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"


@frozen
class Column:
    """What is declared of a column; `missing` is the largest share (0 to 1) of empty cells."""

    name: str
    type: ColumnType
    minimum: float | None = None
    maximum: float | None = None
    missing: float = 0.0
    values: tuple[str, ...] = ()
    unique: bool = False


@frozen
class Dataset:
    """A declared dataset: its file, the column to predict, the column that names a row.

    Without `id` a row's name is its number, from 0. `digest` pins the full content.
    """

    name: str
    path: PurePosixPath
    target: str | None = None
    id: str | None = None
    columns: tuple[Column, ...] = ()
    minimum_rows: int = 1
    digest: str | None = None


@frozen
class Environment:
    """A place that a release goes to; `order` is its place in the chain, from 0."""

    name: str
    order: int
    namespace: str | None = None
    secrets: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    approval: When = When.AUTO
    settings: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  # by job: what differs there


@frozen
class Job:
    """A job as the layers resolved it, before the plan: common keys, and the stage's own in `settings`.

    `settings` has every parameter of the stage, defaults applied and durations in seconds. `None` in
    `events` means: the intersection of the needs' events.
    """

    name: str
    stage: str
    position: Position
    needs: tuple[str, ...] = ()
    events: tuple[EventPattern, ...] | None = None
    changes: tuple[str, ...] = ()
    when: When = When.AUTO
    inputs: tuple[str, ...] | None = None
    outputs: Mapping[str, PurePosixPath] = field(default_factory=dict)
    runner: str | None = None
    timeout_seconds: int = 3600
    secrets: tuple[str, ...] = ()
    environment: str | None = None
    lock: str | None = None
    matrix: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Value] = field(default_factory=dict)


@frozen
class Project:
    """The project: its name, the Python it runs on ("3.11" or ">=3.11"), its lock file."""

    name: str
    python: str = ">=3.11"
    lock: PurePosixPath = field(default=PurePosixPath("requirements.lock"))


@frozen
class Kit:
    """How CI gets the kit: a pinned version from an index, all of it by hash from a lock file, or an image."""

    version: str
    lock: PurePosixPath | None = None
    index: str | None = None
    image: str | None = None


@frozen
class Organisation:
    """The organisation's file that this descriptor builds on, vendored beside it and pinned by digest."""

    source: str
    digest: str


@frozen
class StoreAddress:
    """Where models are kept between jobs: a kind of store, its address, its settings, and the secrets it needs."""

    kind: str
    address: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


@frozen
class Report:
    """That CI's pipelines end with a job that gathers one report: its runner class, the secret to comment with."""

    runner: str | None = None
    comment: str | None = None


@frozen
class NeedsLimit:
    """The most jobs that one job may need, and the server whose limit that is."""

    count: int
    owner: str


@frozen
class Descriptor:
    """One project's descriptor, all layers merged and checked. `digest` is of its canonical form."""

    project: Project
    kit: Kit
    jobs: Mapping[str, Job]
    data: Mapping[str, Dataset] = field(default_factory=dict)
    runners: Mapping[str, Runner] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    environments: Mapping[str, Environment] = field(default_factory=dict)
    organisation: Organisation | None = None
    report: Report | None = None
    store: StoreAddress | None = None
    plugins: Plugins = NO_PLUGINS
    needs_limit: NeedsLimit | None = None  # of the CI servers, for one job
    insecure: tuple[str, ...] = ()  # hosts, with their ports, that may be spoken to without verified TLS
    digest: str = ""
