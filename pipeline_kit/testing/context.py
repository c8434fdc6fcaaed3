"""A stage's context on a temporary folder, with fakes for everything outside."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_kit.contract.context import DataInput, GitFacts, StageContext, Upstream
from pipeline_kit.contract.digest import digest_file, digest_tree
from pipeline_kit.contract.ports import Completed, EnvironmentRecord, ProjectPython, Store, UserCall, UserReport
from pipeline_kit.contract.result import JobRecord, Outcome, OutputRecord
from pipeline_kit.contract.world import World
from pipeline_kit.descriptor.model import Dataset, Environment, Project
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import ModelError
from pipeline_kit.extensions import NO_PLUGINS, Plugins


def no_code(call: UserCall) -> UserReport:
    """Project code that does nothing and passes."""
    return UserReport(Completed(0))


@dataclass
class FakePython:
    """A project's Python that calls functions of the test instead of processes.

    `code` replaces the project's code, `processes` the commands of `run`. `calls` and `runs` list every call.
    """

    code: Callable[[UserCall], UserReport] = no_code
    processes: Callable[[Sequence[str], Path], Completed] = lambda arguments, cwd: Completed(0)
    packages: Mapping[str, str] = field(default_factory=dict)
    digest: str = "sha256:" + "e" * 64
    calls: list[UserCall] = field(default_factory=list)
    runs: list[tuple[str, ...]] = field(default_factory=list)

    def record(self) -> EnvironmentRecord:
        """A record of this interpreter with the test's packages."""
        version = ".".join(str(part) for part in sys.version_info[:3])
        return EnvironmentRecord(self.digest, version, sys.platform, dict(self.packages))

    def run(self, arguments: Sequence[str], *, cwd: Path, variables: Mapping[str, str] | None = None) -> Completed:
        """Calls `processes`."""
        self.runs.append(tuple(arguments))
        return self.processes(arguments, cwd)

    def call(self, call: UserCall, *, cwd: Path) -> UserReport:
        """Calls `code`."""
        self.calls.append(call)
        return self.code(call)


@dataclass
class FakePythons:
    """Locked environments: always the same fake, or an error."""

    python: ProjectPython = field(default_factory=FakePython)
    error: Exception | None = None
    locks: list[Path] = field(default_factory=list)

    def digest(self, lock: Path, python: str) -> str:
        """The fake's digest."""
        return self.python.record().digest

    def locked(self, lock: Path, python: str) -> ProjectPython:
        """The fake; raises `error` where it is set."""
        self.locks.append(lock)
        if self.error:
            raise self.error
        return self.python

    def interpreter(self, python: str) -> Path:
        """The interpreter of the test."""
        return Path(getattr(sys, "_base_executable", sys.executable))


@dataclass
class FakeHost:
    """A machine with the test's system packages and device."""

    packages: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"

    def system_package(self, name: str) -> str | None:
        """The version in `packages`."""
        return self.packages.get(name)

    def accelerator(self) -> str:
        """The test's device."""
        return self.device


@dataclass
class MemoryStore:
    """A store in memory."""

    objects: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def put(self, path: Path) -> str:
        """Stores the file's bytes."""
        digest = digest_file(path)
        self.objects[digest] = path.read_bytes()
        return digest

    def fetch(self, digest: str, target: Path) -> None:
        """Writes the verified bytes."""
        if digest not in self.objects:
            raise ModelError(f"the store has no object {digest}")
        target.write_bytes(self.objects[digest])
        if digest_file(target) != digest:
            target.unlink()
            raise ModelError(f"the store's object {digest} is corrupt: its content has another digest")

    def resolve(self, name: str) -> str | None:
        """The digest that the name points to."""
        return self.names.get(name)

    def point(self, name: str, digest: str) -> None:
        """Points the name to a digest."""
        self.names[name] = digest


def upstream(
    folder: Path,
    job: str,
    stage: str,
    files: Mapping[str, tuple[str, Path]],
    *,
    facts: Mapping[str, Value] | None = None,
    environment_digest: str | None = "sha256:" + "e" * 64,
) -> Upstream:
    """A passed earlier job; `files` maps an output's name to its kind and its file or folder.

    Outputs are copied into `folder`/`job`.
    """
    records: dict[str, OutputRecord] = {}
    paths: dict[str, Path] = {}
    for name, (kind, source) in files.items():
        target = folder / job / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source != target and source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source != target:
            shutil.copyfile(source, target)
        records[name] = OutputRecord(source.name, kind, digest_tree(target), target.stat().st_size)
        paths[name] = target
    record = JobRecord(
        job=job,
        stage=stage,
        outcome=Outcome.PASSED,
        reason="passed",
        environment_digest=environment_digest,
        outputs=records,
        facts=dict(facts or {}),
    )
    return Upstream(record, paths)


def stage_context(
    folder: Path,
    *,
    job: str = "job",
    settings: Mapping[str, Value] | None = None,
    datasets: Mapping[str, Dataset] | None = None,
    outputs: Mapping[str, str] | None = None,
    upstream: Mapping[str, Upstream] | None = None,
    python: ProjectPython | None = None,
    pythons: FakePythons | None = None,
    host: FakeHost | None = None,
    store: Store | None = None,
    decisions: Mapping[str, str] | None = None,
    log: Callable[[str], None] = lambda line: None,
    world: World | None = None,
    secrets: Mapping[str, str] | None = None,
    environment: Environment | None = None,
    environments: Sequence[Environment] = (),
    plugins: Plugins = NO_PLUGINS,
) -> StageContext:
    """A context with the workspace `folder`/workspace and the results in `folder`/out.

    Datasets' paths are relative to the workspace; the test writes the files.
    """
    workspace, out = folder / "workspace", folder / "out"
    for path in (workspace, out):
        path.mkdir(parents=True, exist_ok=True)
    inputs = {}
    for name, spec in (datasets or {}).items():
        path = workspace / spec.path
        inputs[name] = DataInput(spec, path, digest_file(path) if path.is_file() else "")
    return StageContext(
        job=job,
        settings=dict(settings or {}),
        project=Project(name="demo"),
        workspace=workspace,
        out=out,
        outputs={name: out / path for name, path in (outputs or {}).items()},
        datasets=inputs,
        upstream=dict(upstream or {}),
        git=GitFacts(commit="c" * 40, commit_time=1_700_000_000),
        pythons=pythons or FakePythons(python or FakePython()),
        host=host or FakeHost(),
        log=log,
        store=store,
        decisions=dict(decisions or {}),
        world=world,
        secrets=dict(secrets or {}),
        environment=environment,
        environments=tuple(environments),
        declared=dict(datasets or {}),
        plugins=plugins,
    )
