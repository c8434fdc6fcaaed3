"""Results of passed jobs by key: files by digest, and one manifest for each key, written last."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from pipeline_kit.adapters.files import copy_atomically, empty_folder, write_atomically
from pipeline_kit.contract.digest import digest_file
from pipeline_kit.contract.result import JobRecord
from pipeline_kit.errors import DataError
from pipeline_kit.frozen import frozen
from pipeline_kit.report.record import from_json, to_json
from pipeline_kit.runner.folders import RESULT


@frozen
class Cache:
    """A folder with `objects/` by digest and `keys/` with the manifests; safe to delete at any time.

    Nothing is synced to the disk: what a loss of power damages is detected by its digest and made again.
    """

    root: Path

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
        manifest = {"files": digests, "result": json.loads(to_json(record))}
        write_atomically(self.manifest(record.key), json.dumps(manifest, sort_keys=True), lasting=False)

    def restore(self, key: str, out: Path) -> JobRecord | None:
        """The record stored under the key, with its files restored into `out`; None where any of it is missing."""
        try:
            manifest = json.loads(self.manifest(key).read_text())
            record = from_json(json.dumps(manifest["result"]))
            files: dict[str, str] = manifest["files"]
        except (OSError, ValueError, KeyError, TypeError, DataError):
            return None
        if self.is_in_place(files, out):
            return record
        empty_folder(out)
        for name, digest in files.items():
            target = out / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(self.object(digest), target)
            except OSError:
                return None
            if digest_file(target) != digest:
                self.object(digest).unlink(missing_ok=True)  # corrupt: never used again
                return None
        return record

    def is_in_place(self, files: dict[str, str], out: Path) -> bool:
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
