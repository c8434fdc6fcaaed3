"""Removes what killed runs leave: temporary files, workspaces, temporary folders."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pipeline_kit.adapters.files import TEMPORARY, is_left_over, locked, remove
from pipeline_kit.errors import InfrastructureError
from pipeline_kit.runner.folders import Folders

WRITTEN_INTO = ("out/*", "why", "report", "cache/keys", "cache/objects/*")
"""The folders below the kit's own in which files are written atomically."""


def clean_up(folders: Folders) -> None:
    """Removes what killed runs and jobs of this project left; the files of living processes stay."""
    for job in sorted(
        {path.name for path in folders.kit.glob("work/*")} | {path.name for path in folders.kit.glob("tmp/*")}
    ):
        with contextlib.suppress(InfrastructureError), locked(folders.lock(f"job-{job}"), busy="it is running"):
            clean_up_job(folders, job)
    for path in unfinished(folders.kit):
        remove(path)


def clean_up_job(folders: Folders, job: str) -> None:
    """Removes a job's workspace and temporary folder; the caller holds the job's lock."""
    remove(folders.work(job))
    remove(folders.temporary(job))


def unfinished(kit: Path) -> Iterator[Path]:
    """The temporary files of killed writers."""
    for folder in WRITTEN_INTO:
        yield from (path for path in kit.glob(f"{folder}/{TEMPORARY}*") if is_left_over(path))
