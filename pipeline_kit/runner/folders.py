"""The kit's folders inside a project: `.pipeline-kit/`, which git ignores."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline_kit.contract.result import JobRecord
from pipeline_kit.errors import DataError
from pipeline_kit.frozen import frozen
from pipeline_kit.report.record import from_json

RESULT = "result.json"
LOG = "log.txt"
JUNIT = "junit.xml"


@frozen
class Folders:
    """The kit's folders of one project."""

    root: Path

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
        """A job's record, None where it is missing. Raises DataError where it is malformed."""
        path = self.out(job) / RESULT
        try:
            return from_json(path.read_text(encoding="utf-8"), f"{RESULT} of job {job}")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise DataError(f"{RESULT} of job {job} is not UTF-8", hint="run the job again") from error


def user_cache() -> Path:
    """The user's cache folder, shared by all checkouts: PIPELINE_KIT_CACHE, else from the XDG base directories."""
    configured = os.environ.get("PIPELINE_KIT_CACHE")
    if configured:
        return Path(configured)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "pipeline-kit"
