"""A job's workspace: a copy of its declared inputs and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.adapters.files import empty_folder
from pipeline_kit.contract.context import DataInput
from pipeline_kit.contract.digest import digest_trees
from pipeline_kit.errors import DataError, UsageError
from pipeline_kit.runner.inputs import Inputs


def make_workspace(inputs: Inputs, root: Path, workspace: Path) -> dict[str, DataInput]:
    """Copies files and datasets into the workspace; the datasets with their paths there.

    Every copy is verified against the digest in the job's key, to detect a concurrent edit. Raises DataError for the
    file that changed or vanished.
    """
    empty_folder(workspace)
    copied: dict[str, tuple[Path, str]] = {}
    for name, digest in inputs.files.items():
        if (root / name).is_dir():
            copy_link(root / name, workspace / name, root)
        else:
            copied[name] = (copy(root / name, workspace / name, name), digest)
    datasets: dict[str, DataInput] = {}
    for name, (spec, digest) in inputs.datasets.items():
        target = workspace / spec.path
        if not target.exists():
            copied[f"data.{name}"] = (copy(root / spec.path, target, f"data.{name}"), digest)
        datasets[name] = DataInput(spec, target, digest)
    verify(copied)
    return datasets


def copy_link(source: Path, target: Path, root: Path) -> None:
    """Copies a link to a folder of the project. Raises UsageError where it leads out of the project."""
    text = source.readlink()
    if text.is_absolute() or not source.resolve().is_relative_to(root):
        hint = "copy the folder into the project, or declare it as data"
        raise UsageError(f"{source.relative_to(root)} is a link that leads out of the project", hint=hint)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(text)


def copy(source: Path, target: Path, name: str) -> Path:
    """Copies a file or folder; of a link to a file its content, so that no link leads out of the workspace."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
            shutil.copymode(source, target)
    except FileNotFoundError as error:
        raise DataError(f"{name} vanished while the job started", hint="run it again") from error
    return target


def verify(copied: Mapping[str, tuple[Path, str]]) -> None:
    """Raises DataError for the first copy whose digest differs from its original's."""
    digests = digest_trees([target for target, _ in copied.values()])
    for (name, (_, digest)), now in zip(copied.items(), digests, strict=True):
        if now != digest:
            raise DataError(f"{name} changed while the job started", hint="run it again")
