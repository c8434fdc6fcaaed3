"""What a stage is handed: values that are resolved and verified, and ports for everything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.contract.ports import Host, ProjectPython, Pythons, Store
from pipeline_kit.contract.result import JobRecord, Output
from pipeline_kit.descriptor.model import Dataset, Environment, Project, Secret
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.extensions import NO_PLUGINS, Plugins
from pipeline_kit.frozen import frozen

if TYPE_CHECKING:
    from pipeline_kit.contract.world import World


@frozen
class GitFacts:
    """The commit that is built, and whether files differ from it. `commit` is None outside a repository."""

    commit: str | None = None
    dirty: bool = False
    branch: str | None = None
    commit_time: int = 0  # seconds since 1970, of the commit; dates whatever must be dated


@frozen
class DataInput:
    """A declared dataset as this job has it: its file in the workspace, and the digest of the full content."""

    spec: Dataset
    path: Path
    digest: str


@frozen
class Upstream:
    """A job before this one: its record, and its outputs' files, their digests verified."""

    record: JobRecord
    files: Mapping[str, Path] = field(default_factory=dict)


@frozen
class StageContext:
    """Everything a stage's `run` may use.

    `workspace` is a copy of the job's declared inputs; `out` is the folder that becomes the job's results.
    `upstream` has the job's needs and whoever makes what it consumes, nearest last.
    """

    job: str
    settings: Mapping[str, Value]
    project: Project
    workspace: Path
    out: Path
    outputs: Mapping[str, Path]  # declared by the descriptor: name to file in `out`
    datasets: Mapping[str, DataInput]
    upstream: Mapping[str, Upstream]
    git: GitFacts
    pythons: Pythons
    host: Host
    log: Callable[[str], None]
    store: Store | None = None
    decisions: Mapping[str, str] = field(default_factory=dict)  # evidence digest to a person's recorded reason
    secrets: Mapping[str, str] = field(default_factory=dict)  # variable to value
    declared_secrets: tuple[Secret, ...] = ()  # the job's, and its environment's
    variables: Mapping[str, str] = field(default_factory=dict)
    world: World | None = None  # what a stage that changes or asks the world opens; see `the_world`
    environment: Environment | None = None  # of the job
    environments: tuple[Environment, ...] = ()  # all of them, in the order of their chain
    declared: Mapping[str, Dataset] = field(default_factory=dict)  # every dataset; its files may be absent
    plugins: Plugins = NO_PLUGINS  # whose rules, metrics, strategies and targets the stage may use

    def the_world(self) -> World:
        """The world beyond the project. A context without one is a fault of the kit."""
        if self.world is None:
            raise TypeError("this context has no world")
        return self.world

    def python(self) -> ProjectPython:
        """The project's locked environment."""
        return self.pythons.locked(self.workspace / self.project.lock, self.project.python)

    def place(self, output: str, default: str) -> Path:
        """Where an output goes: to the path that the descriptor gives it, else to the stage's own."""
        path = self.outputs.get(output, self.out / default)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def left(self, kind: str, path: Path) -> Output:
        """A file in `out` as an output of that kind."""
        return Output(path.relative_to(self.out).as_posix(), kind)

    def nearest(self, kind: str) -> tuple[str, str, Path] | None:
        """Job, output and file of the nearest output of that kind, or None."""
        for job, upstream in reversed(list(self.upstream.items())):
            for name, output in upstream.record.outputs.items():
                if output.kind == kind:
                    return job, name, upstream.files[name]
        return None
