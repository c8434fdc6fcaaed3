"""Finds what is left of an earlier run on this machine: records of jobs, and files by digest."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.adapters.files import remove
from pipeline_kit.adapters.own_files import read_regular
from pipeline_kit.contract.digest import digest_tree
from pipeline_kit.contract.ports import Store
from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.contract.untrusted_json import MOST_BYTES
from pipeline_kit.errors import DataError, ModelError
from pipeline_kit.report.record import from_json
from pipeline_kit.runner.cache import Cache
from pipeline_kit.runner.folders import RESULT, Folders


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where to search: folders of jobs' results (such as downloaded artifacts; nearest first), the cache, the store."""

    results: tuple[Path, ...]
    cache: Cache
    store: Store | None = None

    def records(self, job: str) -> Iterator[JobRecord]:
        """Every passed record of a job, nearest first."""
        for record in (*self.downloaded(job), *self.cache.records()):
            if record.job == job and record.outcome is Outcome.PASSED:
                yield record

    def downloaded(self, job: str) -> Iterator[JobRecord]:
        """The records of a job in the folders; whoever made them, what is taken of them is known by its digest."""
        for folder in self.results:
            with contextlib.suppress(OSError, DataError):
                yield from_json(read_regular(folder / job / RESULT, MOST_BYTES), f"{job}/{RESULT}")

    def upstream(self, job: str, inputs: Mapping[str, str]) -> JobRecord | None:
        """The record of a job whose outputs are exactly those in `inputs`, or None."""
        for record in self.records(job):
            if all(inputs.get(f"{job}.{name}") == output.digest for name, output in record.outputs.items()):
                return record
        return None

    def restore(self, record: JobRecord, folders: Folders) -> list[str]:
        """Puts a job's outputs and record into its folder; returns a line for each missing output."""
        out = folders.out(record.job)
        missing: list[str] = []
        kept = self.cache.restore(record.key, out) if record.key else None
        if kept is not None and kept.outputs == record.outputs:
            folders.write(record)
            return missing
        for name, output in record.outputs.items():
            places = [folder / record.job / output.path for folder in self.results]
            if not self.copy(output.digest, [*places, self.cache.object(output.digest)], out / output.path):
                missing.append(f"{record.job}.{name}: {output.digest} is not in the results, the cache or the store")
        if not missing:
            folders.write(record)
        return missing

    def copy(self, digest: str, places: list[Path], target: Path) -> bool:
        """Copies a file or folder with this digest from one of the places or the store; whether one has it."""
        target.parent.mkdir(parents=True, exist_ok=True)
        for place in places:
            if place.exists() and digest_tree(place) == digest:
                remove(target)
                shutil.copytree(place, target) if place.is_dir() else shutil.copyfile(place, target)
                return True
        try:
            if self.store is not None:
                self.store.fetch(digest, target)
                return True
        except ModelError:
            return False
        return False


@dataclass(frozen=True, slots=True)
class ReadingStore:
    """The store of a replay: it is read, and never written to."""

    store: Store

    def put(self, path: Path) -> str:
        """The file's digest."""
        return digest_tree(path)

    def fetch(self, digest: str, target: Path) -> None:
        """Writes the object to `target`, verified."""
        self.store.fetch(digest, target)

    def resolve(self, name: str) -> str | None:
        """The digest that the name points to now; it may have moved since the recorded run."""
        return self.store.resolve(name)

    def point(self, name: str, digest: str) -> None:
        """Does nothing."""
