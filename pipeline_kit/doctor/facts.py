"""What the checks look at, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from pipeline_kit.descriptor.problem import Problem


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """A program that helps: what for, how it is installed, and whether it is here."""

    name: str
    purpose: str
    install: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """This machine. `python` is the version of the interpreter that fits `wanted_python`, or None.

    `index` is the host of pip's index where one is configured; `installer` the program that installs others here.
    """

    wanted_python: str
    python: str | None
    has_venv: bool
    git: bool
    installer: str | None
    cache: str
    cache_is_writable: bool
    cache_free_bytes: int
    project_is_writable: bool
    project_free_bytes: int
    clock_behind_seconds: float
    index: str | None
    tools: tuple[ToolFacts, ...]


@dataclass(frozen=True, slots=True)
class LockFacts:
    """The lock file. `made_for` is the Python that it says it was made for, `source` the file it can be made from."""

    path: str
    exists: bool
    unpinned: tuple[str, ...] = ()
    without_hash: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    made_for: str | None = None
    source: str | None = None

    @property
    def has_hashes(self) -> bool:
        """Whether any requirement has one: pip then asks for all of them."""
        return bool(self.names) and len(self.without_hash) < len(self.names)


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """A declared dataset's file or folder; `is_pointer` where git LFS has left a pointer in its place."""

    name: str
    path: str
    exists: bool
    tracked: bool
    ignored: bool
    is_pointer: bool = False
    has_dvc_file: bool = False


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """The project.

    `environment` is whether its locked environment has been made here, None if unknown; `git_error` why git cannot
    read the repository, with the fix on a second line.
    """

    kit: str
    declared_kit: str | None
    problems: tuple[Problem, ...]
    error: str | None
    is_repository: bool
    has_commits: bool
    is_shallow: bool
    kit_folder_ignored: bool
    stages_ignored: tuple[str, ...]
    large_files: tuple[tuple[str, int], ...]
    lock: LockFacts | None
    environment: bool | None
    datasets: tuple[DatasetFacts, ...]
    runs_tests: bool
    git_error: str | None = None


@dataclass(frozen=True, slots=True)
class PluginFacts:
    """The installed packages with extensions, each with what it adds, and those that the descriptor names."""

    installed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    named: frozenset[str] = frozenset()


class FileState(Enum):
    """What a CI file is."""

    MISSING = "missing"
    RENDERED = "rendered"
    DRIFTED = "drifted"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The CI files by path, what could not be rendered, and the variables of the secrets that are not set here."""

    files: Mapping[str, FileState] = field(default_factory=dict)
    error: str | None = None
    unset_secrets: tuple[str, ...] = ()
    secrets: int = 0
