"""The facts, taken from the machine and the project. Nothing is contacted and nothing is left behind."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit import __version__
from pipeline_kit.adapters.git.repository import git, is_repository
from pipeline_kit.adapters.host import output_of
from pipeline_kit.adapters.python.environments import READY, LockedPythons
from pipeline_kit.adapters.python.interpreters import base_python, find_python
from pipeline_kit.adapters.python.pip_index import configuration_files, configured_index
from pipeline_kit.catalog import PROJECT_STAGES, Catalog, Servers, Specs
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.model import Dataset, Descriptor, Project
from pipeline_kit.descriptor.problem import DescriptorError, Problem
from pipeline_kit.descriptor.secret_variables import variable_names
from pipeline_kit.doctor.facts import (
    DatasetFacts,
    FileState,
    MachineFacts,
    PluginFacts,
    ProjectFacts,
    ServerFacts,
    ToolFacts,
)
from pipeline_kit.doctor.lock import lock_facts
from pipeline_kit.errors import KitError, UsageError
from pipeline_kit.extensions import NO_PLUGINS, installed_extensions, normalised
from pipeline_kit.plan.build import build_plan
from pipeline_kit.plan.model import Plan
from pipeline_kit.render.ownership import is_rendered
from pipeline_kit.runner.folders import user_cache
from pipeline_kit.servers.project import render_project

DOCKER = ("runs jobs in their images on this machine", "apt-get install docker.io")
INSTALLERS = ("uv", "pyenv", "brew", "apt-get", "dnf")
LOCK_SOURCES = ("uv.lock", "poetry.lock", "requirements.in", "pyproject.toml", "setup.py", "requirements.txt")
POINTER = b"version https://git-lfs.github.com/spec/v1"  # of https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
LARGE_BYTES = 50 << 20


@dataclass(frozen=True, slots=True)
class ReadProject:
    """A project's descriptor and plan, as far as they can be had."""

    descriptor: Descriptor | None = None
    plan: Plan | None = None
    problems: tuple[Problem, ...] = ()
    error: str | None = None


def read_project(root: Path) -> ReadProject:
    """Reads and plans the project; what is wrong is part of the answer."""
    descriptor = None
    try:
        descriptor = load_descriptor(root, Catalog(root))
        return ReadProject(descriptor, build_plan(descriptor, Specs(root, descriptor.plugins)))
    except DescriptorError as error:
        return ReadProject(descriptor, problems=error.problems)
    except KitError as error:
        return ReadProject(descriptor, error="\n".join(filter(None, (error.message, error.hint))))


def probe_machine(root: Path, read: ReadProject) -> MachineFacts:
    """The facts of this machine."""
    python = (read.descriptor.project if read.descriptor else Project("")).python
    interpreter = interpreter_for(python)
    cache = user_cache()
    committed = float(git(root, "log", "-1", "--format=%ct") or 0)
    return MachineFacts(
        wanted_python=python,
        python=version_of(interpreter) if interpreter else None,
        has_venv=interpreter is not None and can_make_environments(interpreter),
        git=shutil.which("git") is not None,
        installer=next((name for name in INSTALLERS if shutil.which(name)), None),
        cache=str(cache),
        cache_is_writable=os.access(existing(cache), os.W_OK),
        cache_free_bytes=shutil.disk_usage(existing(cache)).free,
        project_is_writable=os.access(root, os.W_OK),
        project_free_bytes=shutil.disk_usage(root).free,
        clock_behind_seconds=committed - time.time(),
        index=configured_index(os.environ, configuration_files(os.environ, Path(sys.prefix), Path.home())),
        tools=tuple(
            ToolFacts(name, purpose, install, shutil.which(name) is not None)
            for name, (purpose, install) in wanted_tools(root, read).items()
        ),
    )


def interpreter_for(wanted: str) -> Path | None:
    """The interpreter that the project's environment would be made with, or None."""
    try:
        return find_python(wanted)
    except KitError:
        return None


def version_of(interpreter: Path) -> str:
    """An interpreter's full version."""
    if interpreter == base_python():
        return ".".join(str(part) for part in sys.version_info[:3])
    return (output_of([str(interpreter), "-c", "import platform; print(platform.python_version())"]) or "").strip()


def can_make_environments(interpreter: Path) -> bool:
    """Whether it has what `python -m venv` needs to put pip into an environment."""
    if interpreter == base_python():
        return importlib.util.find_spec("ensurepip") is not None
    done = subprocess.run([str(interpreter), "-c", "import ensurepip, venv"], capture_output=True, check=False)
    return done.returncode == 0


def existing(path: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(parent for parent in (path, *path.absolute().parents) if parent.is_dir())


def wanted_tools(root: Path, read: ReadProject) -> dict[str, tuple[str, str]]:
    """The programs that would help with what this project has: purpose and installation of each."""
    plugins = read.descriptor.plugins if read.descriptor else NO_PLUGINS
    here = [words for words in Servers(plugins).values() if (root / words.file).exists()]
    tools = {name: tool for words in here for name, tool in words.tools.items()}
    if read.plan is not None and any(job.runner and job.runner.image for job in read.plan.jobs):
        tools["docker"] = DOCKER
    return tools


def probe_project(root: Path, read: ReadProject) -> ProjectFacts:
    """The facts of the project."""
    descriptor = read.descriptor
    repository, git_error = look_for_repository(root)
    tracked = frozenset((git(root, "ls-files", "-z", "--", ".") or "").split("\0")) - {""}
    shallow = (git(root, "rev-parse", "--is-shallow-repository") or "").strip() == "true"
    made = f"{PROJECT_STAGES.parent.as_posix()}/out/job/result.json"
    stages = {f"{path}/stage.yml": path.name for path in sorted((root / PROJECT_STAGES).glob("*")) if path.is_dir()}
    unseen = [stage for path, stage in stages.items() if is_ignored(root, path)]
    lock = descriptor.project.lock if descriptor else None
    return ProjectFacts(
        kit=__version__,
        declared_kit=descriptor.kit.version if descriptor else None,
        problems=read.problems,
        error=read.error,
        is_repository=repository,
        git_error=git_error,
        has_commits=git(root, "rev-parse", "--verify", "-q", "HEAD") is not None,
        is_shallow=shallow,
        kit_folder_ignored=is_ignored(root, made),
        stages_ignored=tuple(unseen),
        large_files=large_files(root, tracked),
        lock=lock_facts(lock.as_posix(), text_of(root / lock), lock_source(root)) if lock else None,
        environment=environment_made(root, descriptor) if descriptor else None,
        datasets=tuple(
            probe_dataset(root, dataset, tracked) for dataset in (descriptor.data.values() if descriptor else ())
        ),
        runs_tests=read.plan is not None and any(job.stage == "test" for job in read.plan.jobs),
    )


def look_for_repository(root: Path) -> tuple[bool, str | None]:
    """Whether the project is in a repository, and why git cannot read it."""
    try:
        return is_repository(root), None
    except UsageError as error:
        return True, f"{error.message}\n{error.hint}"


def is_ignored(root: Path, path: str) -> bool:
    """Whether git ignores a path that it does not track."""
    return git(root, "check-ignore", "--quiet", "--", path) is not None


def large_files(root: Path, tracked: frozenset[str]) -> tuple[tuple[str, int], ...]:
    """The large files that git tracks, the largest first."""
    sizes = {name: (root / name).lstat().st_size for name in tracked if (root / name).is_file()}
    return tuple(sorted(((n, s) for n, s in sizes.items() if s >= LARGE_BYTES), key=lambda each: (-each[1], each[0])))


def text_of(path: Path) -> str | None:
    """A file's text, or None."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def lock_source(root: Path) -> str | None:
    """The file that the lock file can be made from."""
    return next((name for name in LOCK_SOURCES if (root / name).is_file()), None)


def environment_made(root: Path, descriptor: Descriptor) -> bool | None:
    """Whether the locked environment is ready; None without a lock file or a Python for it."""
    pythons = LockedPythons(user_cache(), os.environ, lambda line: None)
    try:
        digest = pythons.digest(root / descriptor.project.lock, descriptor.project.python)
    except KitError:
        return None
    return (pythons.cache / "environments" / digest.removeprefix("sha256:")[:32] / READY).is_file()


def probe_dataset(root: Path, dataset: Dataset, tracked: frozenset[str]) -> DatasetFacts:
    """The facts of one dataset."""
    name = dataset.path.as_posix()
    path = root / name
    return DatasetFacts(
        name=dataset.name,
        path=name,
        exists=path.exists(),
        tracked=name in tracked or any(text.startswith(f"{name}/") for text in tracked),
        ignored=is_ignored(root, name),
        is_pointer=is_pointer(path),
        has_dvc_file=(root / f"{name}.dvc").is_file(),
    )


def is_pointer(path: Path) -> bool:
    """Whether git LFS left a pointer in the place of a file, or of any file in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return any(begins_with(file, POINTER) for file in files if file.is_file())


def begins_with(path: Path, content: bytes) -> bool:
    """Whether a file begins with these bytes."""
    with path.open("rb") as file:
        return file.read(len(content)) == content


def probe_plugins(read: ReadProject) -> PluginFacts:
    """The facts of packages with extensions, without importing them; empty if no descriptor can be read."""
    if read.descriptor is None:
        return PluginFacts({}, frozenset())
    named = read.descriptor.plugins.packages
    return PluginFacts(installed_extensions(), frozenset(normalised(name) for name in named))


def probe_servers(root: Path, read: ReadProject) -> ServerFacts:
    """The facts of the CI files and the secrets."""
    if read.plan is None or read.descriptor is None:
        return ServerFacts()
    used = {secret.name: secret for job in read.plan.jobs for secret in job.secrets}
    unset = [name for secret in used.values() for name in variable_names(secret) if not os.environ.get(name)]
    try:
        rendered = render_project(read.plan, read.descriptor).files
    except KitError as error:
        return ServerFacts(error="\n".join(filter(None, (error.message, error.hint))))
    states = {name: file_state(text_of(root / name), text) for name, text in rendered.items()}
    here = {name: state for name, state in states.items() if state is not FileState.MISSING}
    return ServerFacts(here or states, unset_secrets=tuple(unset), secrets=len(used))


def file_state(text: str | None, rendered: str) -> FileState:
    """What a CI file is."""
    if text is None:
        return FileState.MISSING
    if not is_rendered(text):
        return FileState.FOREIGN
    return FileState.RENDERED if text == rendered else FileState.DRIFTED
