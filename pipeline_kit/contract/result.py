"""What a job ends with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import Category
from pipeline_kit.frozen import frozen


class Outcome(Enum):
    """How a job ended, on every executor."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    SKIPPED = "skipped"
    WAITING = "waiting"


@frozen
class Case:
    """One checked thing, a row of the job's JUnit report; `failure` is None where it held."""

    name: str
    group: str = ""
    seconds: float = 0.0
    failure: str | None = None
    detail: str = ""
    skipped: str | None = None


@frozen
class Output:
    """A file or folder that a stage made, relative to the job's folder, and its kind."""

    path: str
    kind: str


@frozen
class StageResult:
    """What a stage returns: an outcome with one sentence of reason, and what it measured and made.

    A failed gate, red tests or bad data are results; an exception is for what stopped the stage from knowing.
    `measurements` are flat and finite (a number that is not is left out and named in the reason);
    `facts` is any JSON that consumers read.
    """

    outcome: Outcome
    reason: str
    category: Category | None = None
    measurements: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()
    facts: Mapping[str, Value] = field(default_factory=dict)


@frozen
class OutputRecord:
    """An output as `result.json` records it: path in the job's folder, kind, SHA-256 digest, bytes."""

    path: str
    kind: str
    digest: str
    size: int


@frozen
class JobRecord:
    """A job's `result.json` (schema version 1): the whole truth that later jobs and people read.

    Digests are `sha256:<hex>`; `inputs` maps each declared input to the digest of its full content.
    """

    job: str
    stage: str
    outcome: Outcome
    reason: str
    category: Category | None = None
    cause: str | None = None  # the line that names the failure's cause
    seconds: float = 0.0
    cached: bool = False
    key: str = ""  # the cache key: of stage, settings, environment, upstream and inputs
    commit: str | None = None
    environment_digest: str | None = None
    measurements: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, OutputRecord] = field(default_factory=dict)
    facts: Mapping[str, Value] = field(default_factory=dict)
    origin: str = ""  # the pipeline of a CI server, or the seal of the machine that made it
