"""What a job reads: files, datasets and earlier results, each by the digest of its full content."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pipeline_kit.adapters.git.repository import project_files
from pipeline_kit.contract.context import Upstream
from pipeline_kit.contract.digest import digest_bytes, digest_files, digest_tree, digest_trees
from pipeline_kit.contract.freshness import DECISIONS
from pipeline_kit.contract.ports import Store
from pipeline_kit.contract.result import Outcome
from pipeline_kit.contract.spec import STORED_KINDS
from pipeline_kit.descriptor.model import Dataset, Descriptor
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError, ModelError, UsageError
from pipeline_kit.frozen import frozen
from pipeline_kit.plan.globs import matches_glob
from pipeline_kit.plan.model import PlannedJob
from pipeline_kit.runner.carry import take_over
from pipeline_kit.runner.folders import Folders


@frozen
class Inputs:
    """A job's inputs: project files by relative path, datasets by name, earlier jobs by name; with digests."""

    files: Mapping[str, str]
    datasets: Mapping[str, tuple[Dataset, str]]
    upstream: Mapping[str, Upstream]
    programs: tuple[str, ...] = ()  # the files that may be executed: a copy of them may be too

    def digests(self) -> dict[str, str]:
        """Every input's digest by the name that the record and `why` use."""
        found = dict(self.files)
        found.update({f"data.{name}": digest for name, (_, digest) in self.datasets.items()})
        for job, upstream in self.upstream.items():
            found.update({f"{job}.{name}": output.digest for name, output in upstream.record.outputs.items()})
        return found


def gather(
    job: PlannedJob,
    descriptor: Descriptor,
    folders: Folders,
    project: Sequence[str] | None = None,
    store: Store | None = None,
) -> Inputs:
    """The job's inputs; `project` has all files of the project where they are known.

    What an earlier job made and artifacts have left out comes from the store.

    Raises KitError naming what is missing, or is not what its maker reported.
    """
    upstream = {name: read_upstream(name, folders, store) for name in job.takes}
    datasets = digest_datasets([descriptor.data[name] for name in job.datasets], folders.root)
    known = project if project is not None else project_files(folders.root)
    named = {f"data.{name}" for name in descriptor.data}
    named.update(f"{name}.{output}" for name, each in upstream.items() for output in each.record.outputs)
    wanted = Wanted(job, descriptor.project.lock.as_posix(), named)
    files = digest_inputs(wanted_files(wanted, folders.root, known), folders.root)
    return Inputs(files, datasets, upstream, tuple(name for name in files if is_program(folders.root / name)))


@frozen
class Wanted:
    """What decides which files a job reads: the job, the lock file, and what its inputs name that is no file."""

    job: PlannedJob
    lock: str
    named: Collection[str]


def is_program(path: Path) -> bool:
    """Whether a file may be executed."""
    return path.is_file() and os.access(path, os.X_OK)


def wanted_files(wanted: Wanted, root: Path, files: Sequence[str]) -> list[str]:
    """The project files that the job's inputs name, and the lock file where it runs the project's code."""
    job, known = wanted.job, [name for name in files if name != DECISIONS]
    needed = [wanted.lock] if job.spec.project_code and (root / wanted.lock).is_file() else []
    settings = [name for each in job.spec.reads for name in names_in(job.setting(each))]
    for name in settings:
        refuse_unreadable(root, name)
    needed.extend(name for name in settings if is_inside(root, name))
    if job.inputs is None:
        return sorted({*known, *needed})
    found = set(needed)
    for glob in job.inputs:
        if glob in wanted.named:  # a dataset or an output of another job; `train.py` is neither
            continue
        matching = [name for name in known if matches_glob(glob, name)]
        if not matching and job.inputs != job.spec.default_inputs:
            hint = "globs are relative to the descriptor; files that git ignores do not count"
            raise UsageError(f"job {job.name}: its input {glob!r} matches no file", hint=hint)
        found.update(matching)
    return sorted(found)


def names_in(setting: Value) -> tuple[str, ...]:
    """The names that a setting holds: one, or a list of them."""
    listed = (setting,) if isinstance(setting, str) or not isinstance(setting, Sequence) else setting
    return tuple(each for each in listed if isinstance(each, str))


def refuse_unreadable(root: Path, name: str) -> None:
    """Raises DataError where something of that name is there and is no file: it would look as if it were not there."""
    path = root / name
    if ("/" in name or name.endswith(".tar")) and (path.is_symlink() or path.exists()) and not path.is_file():
        what = "a link that leads nowhere" if path.is_symlink() and not path.exists() else "no file"
        raise DataError(f"{name} is {what}", hint="fetch it (git annex get, git lfs pull), or remove it")


def is_inside(root: Path, name: str) -> bool:
    """Whether there is a file of that name in the project; a link that leads out of it counts, a way out does not."""
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts and (root / path).is_file()


def digest_inputs(names: Sequence[str], root: Path) -> dict[str, str]:
    """The digests of project files by name; of a link to a folder that of the link itself."""
    links = {name: (root / name).readlink() for name in names if (root / name).is_dir()}
    files = [name for name in names if name not in links]
    digests = dict(zip(files, digest_files([root / name for name in files]), strict=True))
    digests.update({name: digest_bytes(link.as_posix().encode()) for name, link in links.items()})
    return {name: digests[name] for name in names}


def digest_datasets(datasets: Sequence[Dataset], root: Path) -> dict[str, tuple[Dataset, str]]:
    """The datasets and their digests by name. Raises DataError where one is missing or not the pinned one."""
    try:
        digests = digest_trees([root / each.path for each in datasets])
    except OSError as error:
        raise unreadable(datasets, root, error) from error
    for dataset, digest in zip(datasets, digests, strict=True):
        if dataset.digest and dataset.digest != digest:
            message = f"data.{dataset.name}: {dataset.path} is {digest}, but {dataset.digest} is declared"
            raise DataError(message, hint="restore the file, or declare the new digest if the change is meant")
    return {each.name: (each, digest) for each, digest in zip(datasets, digests, strict=True)}


def unreadable(datasets: Sequence[Dataset], root: Path, error: OSError) -> DataError:
    """The error for the dataset that holds the file which cannot be read."""
    path = Path(error.filename or root)
    dataset = next((each for each in datasets if path.is_relative_to(root / each.path)), datasets[0])
    hint = f"fetch or make it first; its place is data.{dataset.name}.path in pipeline-kit.yml"
    return DataError(f"data.{dataset.name}: {dataset.path}: {error.strerror}", hint=hint)


def read_upstream(name: str, folders: Folders, store: Store | None = None) -> Upstream:
    """An earlier job's record and verified files. Raises KitError where it has not passed or its files differ."""
    record = folders.read(name)
    if record is None:
        hint = f"run it first: pipeline-kit run {name}"
        raise UsageError(f"job {name}, whose results this job takes, has left no result here", hint=hint)
    if record.outcome is not Outcome.PASSED:
        raise UsageError(f"job {name}, whose results this job takes, ended {record.outcome.value}", hint=record.reason)
    files: dict[str, Path] = {}
    for output, expected in record.outputs.items():
        path = folders.out(name) / expected.path
        if not path.exists() and store is not None and expected.kind in STORED_KINDS:
            take_over(expected, path, store)
        if not path.exists():
            raise ModelError(f"{name}.{output}: {expected.path} is missing", hint=f"run job {name} again")
        found = digest_tree(path)
        if found != expected.digest:
            message = f"{name}.{output}: {expected.path} is {found}, but the job reported {expected.digest}"
            raise ModelError(message, hint=f"something changed it after job {name}: run that again")
        files[output] = path
    return Upstream(record, files)
