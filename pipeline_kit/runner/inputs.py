"""A job's inputs: files, datasets and earlier results, each with the digest of its full content."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePath

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
    programs: tuple[str, ...] = ()  # the executable files; their copies are executable too

    def digests(self) -> dict[str, str]:
        """Every input's digest by its name in the record and in `why`."""
        digests = dict(self.files)
        digests.update({f"data.{name}": digest for name, (_, digest) in self.datasets.items()})
        for job, upstream in self.upstream.items():
            digests.update({f"{job}.{name}": output.digest for name, output in upstream.record.outputs.items()})
        return digests


def gather(
    job: PlannedJob,
    descriptor: Descriptor,
    folders: Folders,
    project: Sequence[str] | None = None,
    store: Store | None = None,
) -> Inputs:
    """The job's inputs; `project` lists the project's files where they are known already.

    Outputs of earlier jobs that CI artifacts leave out come from the store. Raises KitError for an input that is
    missing or differs from what the earlier job recorded.
    """
    upstream = {name: read_upstream(name, folders, store) for name in job.takes}
    datasets = digest_datasets([descriptor.data[name] for name in job.datasets], folders.root)
    known = project if project is not None else project_files(folders.root)
    named = {f"data.{name}" for name in descriptor.data}
    named.update(f"{name}.{output}" for name, earlier in upstream.items() for output in earlier.record.outputs)
    selection = Selection(job, descriptor.project.lock.as_posix(), named)
    names = selected_files(selection, folders.root, known)
    refuse_outside(names, folders.root, [dataset.path for dataset in descriptor.data.values()])
    files = digest_inputs(names, folders.root)
    return Inputs(files, datasets, upstream, tuple(name for name in files if is_program(folders.root / name)))


@frozen
class Selection:
    """What decides which files a job reads: the job, the lock file, and the names of datasets and outputs."""

    job: PlannedJob
    lock: str
    named: Collection[str]


def is_program(path: Path) -> bool:
    """Whether a file is executable."""
    return path.is_file() and os.access(path, os.X_OK)


def selected_files(selection: Selection, root: Path, files: Sequence[str]) -> list[str]:
    """The project files that the job's inputs name, and the lock file where it runs the project's code."""
    job, known = selection.job, [name for name in files if name != DECISIONS]
    needed = [selection.lock] if job.spec.project_code and (root / selection.lock).is_file() else []
    settings = [name for parameter in job.spec.reads for name in names_in(job.setting(parameter))]
    for name in settings:
        refuse_unreadable(root, name)
    needed.extend(name for name in settings if is_inside(root, name))
    if job.inputs is None:
        return sorted({*known, *needed})
    selected = set(needed)
    for glob in job.inputs:
        if glob in selection.named:  # a dataset or an output of another job, not a file
            continue
        matching = [name for name in known if matches_glob(glob, name)]
        if not matching and job.inputs != job.spec.default_inputs:
            hint = "a glob is relative to the descriptor and skips files that git ignores"
            raise UsageError(f"job {job.name}: its input {glob!r} matches no file", hint=hint)
        selected.update(matching)
    return sorted(selected)


def names_in(setting: Value) -> tuple[str, ...]:
    """The names in a setting: one, or a list of them."""
    listed = (setting,) if isinstance(setting, str) or not isinstance(setting, Sequence) else setting
    return tuple(name for name in listed if isinstance(name, str))


def refuse_unreadable(root: Path, name: str) -> None:
    """Raises DataError for a broken link, or anything else but a file: it would pass for a missing one."""
    path = root / name
    if ("/" in name or name.endswith(".tar")) and (path.is_symlink() or path.exists()) and not path.is_file():
        fault = "a broken link" if path.is_symlink() and not path.exists() else "not a file"
        raise DataError(f"{name} is {fault}", hint="fetch it (git annex get, git lfs pull), or remove it")


def is_inside(root: Path, name: str) -> bool:
    """Whether the project has a file of that name; it may be a link that leads out, but the name must not."""
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts and (root / path).is_file()


def digest_inputs(names: Sequence[str], root: Path) -> dict[str, str]:
    """The digests of project files by name; a link to a folder has the digest of its target path."""
    links = {name: (root / name).readlink() for name in names if (root / name).is_dir()}
    files = [name for name in names if name not in links]
    digests = dict(zip(files, digest_files([root / name for name in files]), strict=True))
    digests.update({name: digest_bytes(link.as_posix().encode()) for name, link in links.items()})
    return {name: digests[name] for name in names}


def refuse_outside(names: Sequence[str], root: Path, data: Sequence[PurePath]) -> None:
    """Raises UsageError for a link to a file that is not of the repository: anyone's files would be the project's.

    Declared data may be kept elsewhere.
    """
    links = [root / name for name in names if (root / name).is_symlink() and not (root / name).is_dir()]
    links = [link for link in links if not any(link.is_relative_to(root / path) for path in data)]
    if not links:
        return
    repository = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    for link in links:
        if not link.resolve().is_relative_to(repository):
            hint = "copy the file into the project, or declare it as data"
            raise UsageError(f"{link.relative_to(root)} is a link that leads out of the project", hint=hint)


def digest_datasets(datasets: Sequence[Dataset], root: Path) -> dict[str, tuple[Dataset, str]]:
    """The datasets with their digests, by name. Raises DataError where one is missing or differs from its pin."""
    try:
        digests = digest_trees([root / dataset.path for dataset in datasets])
    except OSError as error:
        raise unreadable(datasets, root, error) from error
    for dataset, digest in zip(datasets, digests, strict=True):
        if dataset.digest and dataset.digest != digest:
            message = f"data.{dataset.name}: {dataset.path} is {digest}, but {dataset.digest} is declared"
            raise DataError(message, hint="restore the file, or declare the new digest if the change is intended")
    return {dataset.name: (dataset, digest) for dataset, digest in zip(datasets, digests, strict=True)}


def unreadable(datasets: Sequence[Dataset], root: Path, error: OSError) -> DataError:
    """The error for the dataset with the unreadable file."""
    path = Path(error.filename or root)
    dataset = next((candidate for candidate in datasets if path.is_relative_to(root / candidate.path)), datasets[0])
    hint = f"fetch or make it first; its path is data.{dataset.name}.path in pipeline-kit.yml"
    return DataError(f"data.{dataset.name}: {dataset.path}: {error.strerror}", hint=hint)


def read_upstream(name: str, folders: Folders, store: Store | None = None) -> Upstream:
    """An earlier job's record and verified files. Raises KitError where it did not pass or its files differ."""
    record = folders.read(name)
    if record is None:
        hint = f"run it first: pipeline-kit run {name}"
        raise UsageError(f"job {name}, whose results this job reads, has no result in this directory", hint=hint)
    if record.outcome is not Outcome.PASSED:
        raise UsageError(f"job {name}, whose results this job reads, ended {record.outcome.value}", hint=record.reason)
    files: dict[str, Path] = {}
    for output, expected in record.outputs.items():
        path = folders.out(name) / expected.path
        if not path.exists() and store is not None and expected.kind in STORED_KINDS:
            take_over(expected, path, store)
        if not path.exists():
            raise ModelError(f"{name}.{output}: {expected.path} is missing", hint=f"run job {name} again")
        digest = digest_tree(path)
        if digest != expected.digest:
            message = f"{name}.{output}: {expected.path} is {digest}, but job {name} recorded {expected.digest}"
            raise ModelError(message, hint=f"it was changed after job {name}: run that job again")
        files[output] = path
    return Upstream(record, files)
