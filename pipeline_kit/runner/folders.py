"""Where the kit keeps what it makes inside a project: `.pipeline-kit/`, which git ignores."""

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
        """The folder that holds all the others."""
        return self.root / ".pipeline-kit"

    def out(self, job: str) -> Path:
        """A job's results; `result.json` in it is written last, so a folder without one is of a job not done."""
        return self.kit / "out" / job

    def work(self, job: str) -> Path:
        """A job's workspace while it runs."""
        return self.kit / "work" / job

    def temporary(self, job: str) -> Path:
        """Where a job keeps what it needs for a moment."""
        return self.kit / "tmp" / job

    def replay(self, job: str) -> Path:
        """Where a job is run again in the state of another run: a project of its own."""
        return self.kit / "replay" / job

    def lock(self, name: str) -> Path:
        """A lock file."""
        return self.kit / "locks" / name

    def why(self, job: str) -> Path:
        """What made a job run or not, the last time."""
        return self.kit / "why" / f"{job}.json"

    @property
    def cache(self) -> Path:
        """Results of jobs by their key."""
        return self.kit / "cache"

    @property
    def report(self) -> Path:
        """The last run's report."""
        return self.kit / "report"

    def read(self, job: str) -> JobRecord | None:
        """A job's record, or none where it has left none. Raises DataError when it is damaged."""
        path = self.out(job) / RESULT
        try:
            return from_json(path.read_text(encoding="utf-8"), f"{job}'s {RESULT}")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise DataError(f"{job}'s {RESULT} is damaged", hint="run its job again") from error


def user_cache() -> Path:
    """The user's cache folder, shared by all checkouts: PIPELINE_KIT_CACHE, else by the XDG base directories."""
    named = os.environ.get("PIPELINE_KIT_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "pipeline-kit"
