"""Results of passed jobs by key: files by digest, and one manifest for each key, written last.

A manifest has the seal of the machine that wrote it: a cache that came with a repository or an archive is empty here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline_kit.adapters.files import copy_atomically, empty_folder, write_atomically
from pipeline_kit.adapters.own_files import read_regular
from pipeline_kit.contract.digest import digest_file
from pipeline_kit.contract.result import JobRecord
from pipeline_kit.contract.untrusted_json import DIGEST, MOST_BYTES, Fields, is_plain_path, parse_json
from pipeline_kit.errors import DataError
from pipeline_kit.frozen import frozen
from pipeline_kit.report.record import record_of, to_json
from pipeline_kit.runner.folders import RESULT
from pipeline_kit.runner.origin import Machine


@frozen
class Kept:
    """A manifest: the record, and the digest of each of its files by name."""

    record: JobRecord
    files: Mapping[str, str]


@frozen
class Cache:
    """A folder with `objects/` by digest and `keys/` with the manifests; safe to delete at any time.

    Nothing is synced to the disk: what a loss of power damages is detected by its digest and made again.
    """

    root: Path
    machine: Machine

    def keep(self, record: JobRecord, out: Path) -> None:
        """Stores a job's folder under its key."""
        files = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
        digests: dict[str, str] = {}
        for name, path in sorted(files.items()):
            if name == RESULT:
                continue
            digests[name] = digest_file(path)
            target = self.object(digests[name])
            if not target.exists():
                copy_atomically(path, target, lasting=False)
        content = {"files": digests, "result": json.loads(to_json(record))}
        manifest = {**content, "seal": self.machine.seal(json.dumps(content, sort_keys=True))}
        write_atomically(self.manifest(record.key), json.dumps(manifest, sort_keys=True), lasting=False)

    def restore(self, key: str, out: Path) -> JobRecord | None:
        """The record stored under the key, with its files restored into `out`; None where any of it is missing."""
        kept = self.read(self.manifest(key))
        if kept is None or kept.record.key != key:
            return None
        if self.is_in_place(kept.files, out):
            return kept.record
        empty_folder(out)
        for name, digest in kept.files.items():
            target = out / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(self.object(digest), target)
            except OSError:
                return None
            if digest_file(target) != digest:
                self.object(digest).unlink(missing_ok=True)  # corrupt: never used again
                return None
        return kept.record

    def records(self) -> Iterator[JobRecord]:
        """Every record that this machine stored, newest first."""
        for path in sorted(self.root.glob("keys/*.json"), key=lambda path: -path.lstat().st_mtime):
            if kept := self.read(path):
                yield kept.record

    def read(self, path: Path) -> Kept | None:
        """A manifest; None where it is missing, malformed, or another machine's."""
        try:
            manifest = Fields.of(parse_json(read_regular(path, MOST_BYTES), path.name), path.name)
            content = {key: manifest.mapping(key).values for key in ("files", "result")}
            if manifest.text("seal") != self.machine.seal(json.dumps(content, sort_keys=True)):
                return None
            files = manifest.mapping("files")
            digests = {name: files.text(name, DIGEST, "a digest") for name in files.values}
            record = record_of(manifest.mapping("result"))
        except (OSError, DataError):
            return None
        return Kept(record, digests) if all(is_plain_path(name) for name in digests) else None

    def is_in_place(self, files: Mapping[str, str], out: Path) -> bool:
        """Whether the folder has exactly these files already."""
        there = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} - {RESULT}
        return there == set(files) and all(digest_file(out / name) == digest for name, digest in files.items())

    def object(self, digest: str) -> Path:
        """The path of a file."""
        hexadecimal = digest.removeprefix("sha256:")
        return self.root / "objects" / hexadecimal[:2] / hexadecimal[2:]

    def manifest(self, key: str) -> Path:
        """The path of a key's manifest."""
        return self.root / "keys" / f"{key.removeprefix('sha256:')}.json"
