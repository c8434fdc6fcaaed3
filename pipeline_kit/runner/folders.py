"""The kit's folders inside a project: `.pipeline-kit/`, which git ignores."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline_kit.adapters.own_files import read_regular, refuse_links
from pipeline_kit.contract.result import JobRecord
from pipeline_kit.contract.untrusted_json import MOST_BYTES
from pipeline_kit.descriptor.server_words import ServerWords
from pipeline_kit.errors import DataError
from pipeline_kit.frozen import frozen
from pipeline_kit.report.record import from_json, to_json
from pipeline_kit.runner.origin import Origin, origin_here

RESULT = "result.json"
LOG = "log.txt"
JUNIT = "junit.xml"
OWN = ("out", "work", "tmp", "replay", "locks", "why", "cache", "cache/objects", "report")
"""The folders in the kit's own in which it makes, replaces and removes files."""


@frozen
class Folders:
    """The kit's folders of one project; `origin` decides which results in them count."""

    root: Path
    origin: Origin

    @property
    def kit(self) -> Path:
        """The folder of all the others."""
        return self.root / ".pipeline-kit"

    def out(self, job: str) -> Path:
        """A job's results. `result.json` is written last: without it the job has not finished."""
        return self.kit / "out" / job

    def work(self, job: str) -> Path:
        """A job's workspace while it runs."""
        return self.kit / "work" / job

    def temporary(self, job: str) -> Path:
        """A job's temporary files."""
        return self.kit / "tmp" / job

    def replay(self, job: str) -> Path:
        """The project in which a job is replayed."""
        return self.kit / "replay" / job

    def lock(self, name: str) -> Path:
        """A lock file."""
        return self.kit / "locks" / name

    def why(self, job: str) -> Path:
        """Why a job ran or did not, the last time."""
        return self.kit / "why" / f"{job}.json"

    @property
    def cache(self) -> Path:
        """Results of jobs by key."""
        return self.kit / "cache"

    @property
    def report(self) -> Path:
        """The last run's report."""
        return self.kit / "report"

    def read(self, job: str) -> JobRecord | None:
        """A job's record, None where it is missing.

        Raises DataError where it is malformed, is of another job, or does not count here: another machine, pipeline or
        commit made it, or something changed it.
        """
        record = read_record(self.out(job), job)
        reason = self.origin.complaint(record) if record else None
        if reason:
            raise DataError(f"{RESULT} of job {job} does not count here: {reason}", hint="run the job again")
        return record

    def write(self, record: JobRecord) -> None:
        """Writes a job's `result.json`, which ends the job."""
        from pipeline_kit.adapters.files import write_atomically

        text = to_json(self.origin.mark(record))
        write_atomically(self.out(record.job) / RESULT, text, lasting=not record.cached)


def read_record(folder: Path, job: str) -> JobRecord | None:
    """The record of a job in a folder, whoever made it; None where it is missing.

    Raises DataError where it is malformed, or of another job.
    """
    name = f"{RESULT} of job {job}"
    try:
        record = from_json(read_regular(folder / RESULT, MOST_BYTES), name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}", hint="run the job again") from error
    if record.job != job:
        raise DataError(f"{name} is of job {record.job}", hint="run the job again")
    return record


def folders_of(root: Path, servers: Iterable[ServerWords] = ()) -> Folders:
    """The kit's folders of a project, and the origin of its results: the pipeline of a CI server, or this machine.

    Raises UsageError where the folder, or one inside it, is a link.
    """

    def commit() -> str | None:
        from pipeline_kit.adapters.git.repository import head

        return head(root)

    folders = Folders(root, origin_here(servers, os.environ, commit, user_cache()))
    refuse_links(folders.kit, OWN)
    return folders


def user_cache() -> Path:
    """The user's cache folder, shared by all checkouts: PIPELINE_KIT_CACHE, else from the XDG base directories."""
    configured = os.environ.get("PIPELINE_KIT_CACHE")
    if configured:
        return Path(configured)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "pipeline-kit"
