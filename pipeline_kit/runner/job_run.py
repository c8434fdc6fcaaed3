"""The state of a running job."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_kit.adapters.python.environments import LockedPythons
from pipeline_kit.catalog import Catalog
from pipeline_kit.contract.context import DataInput, GitFacts
from pipeline_kit.contract.ports import Store
from pipeline_kit.contract.result import JobRecord, StageResult
from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.plan.model import PlannedJob
from pipeline_kit.runner.folders import Folders
from pipeline_kit.runner.inputs import Inputs
from pipeline_kit.runner.log import Log
from pipeline_kit.runner.redaction import Redactor


@dataclass(slots=True)
class JobRun:
    """A running job: each phase adds what the next ones need; `record` ends it."""

    job: PlannedJob
    descriptor: Descriptor
    catalog: Catalog
    folders: Folders
    show: Callable[[str], None]
    use_cache: bool = False
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    secrets: Mapping[str, str] = field(default_factory=dict)
    mask: Redactor = field(default_factory=lambda: Redactor(()))
    log: Log = field(init=False)
    pythons: LockedPythons = field(init=False)
    git: GitFacts = field(default_factory=GitFacts)
    files: tuple[str, ...] | None = None  # of the project; set together with `git`
    look: Callable[[], tuple[GitFacts, tuple[str, ...]]] | None = None  # reads both
    inputs: Inputs | None = None
    parts: Mapping[str, Value] = field(default_factory=dict)
    environment: str | None = None
    datasets: Mapping[str, DataInput] = field(default_factory=dict)
    store: Store | None = None  # replaces the project's own
    shared: bool = False  # on a CI server: the store passes on what artifacts leave out
    result: StageResult | None = None
    record: JobRecord | None = None
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.log = Log(self.show, self.mask)

    @property
    def out(self) -> Path:
        """The job's folder of results."""
        return self.folders.out(self.job.name)
