"""A tar archive whose bytes depend on its members' names and contents only, and a reader that trusts none.

Written: plain tar (POSIX 1003.1-2001 pax), names sorted, time 0, user and group 0, mode 0644, no folders.
Read: only what could have been written here, so no links, devices, absolute names, `..` or doubled names.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline_kit.contract.digest import PREFIX
from pipeline_kit.errors import ModelError

Content = Path | bytes
MOST_MEMBERS = 100_000
_CHUNK = 1 << 20


def write_archive(target: Path, members: Mapping[str, Content]) -> None:
    """Writes an archive of files and bytes by name; whole or not at all, by a temporary file, fsync and rename.

    Raises ModelError on a name that the reader would refuse, OSError when a file cannot be read.
    """
    check_names(members, target.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for name in sorted(members):
                    _add(archive, name, members[name])
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o644)
        Path(partial).replace(target)
        _sync_folder(target.parent)
    finally:
        Path(partial).unlink(missing_ok=True)


def _add(archive: tarfile.TarFile, name: str, content: Content) -> None:
    entry = tarfile.TarInfo(name)
    if isinstance(content, bytes):
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
        return
    with content.open("rb") as file:
        entry.size = os.fstat(file.fileno()).st_size
        archive.addfile(entry, file)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class ArchiveError(ModelError):
    """An archive that is not sound, or not what it says it is."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="it is damaged or was changed: fetch it again, or make it again")


@dataclass(frozen=True, slots=True)
class Archive:
    """An open archive whose members are all regular files with safe names; `sizes` has their bytes by name."""

    label: str
    sizes: Mapping[str, int]
    _tar: tarfile.TarFile
    _entries: Mapping[str, tarfile.TarInfo]

    def read(self, name: str, *, largest: int) -> bytes:
        """A member's content. Raises ModelError where it is missing, or has more bytes than `largest`."""
        if name not in self.sizes:
            raise ArchiveError(f"{self.label} has no {name}")
        if self.sizes[name] > largest:
            raise ArchiveError(f"{self.label}: {name} has {self.sizes[name]} bytes, more than {largest}")
        with self._open(name) as source:
            content = source.read()
        if len(content) != self.sizes[name]:
            raise ArchiveError(f"{self.label} is cut off inside {name}")
        return content

    def offset(self, name: str) -> int:
        """The byte offset of a member's content in the archive's file; it is stored in one piece."""
        return self._entries[name].offset_data

    def digest(self, name: str, target: Path | None = None) -> str:
        """The digest of a member's content, which is also written to `target` if one is given (mode 0644)."""
        digest = hashlib.sha256()
        left = self.sizes[name]
        if target is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
        with self._open(name) as source, (target or Path(os.devnull)).open("wb") as written:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                written.write(chunk)
                left -= len(chunk)
        if left:
            raise ArchiveError(f"{self.label} is cut off inside {name}")
        if target is not None:
            target.chmod(0o644)
        return PREFIX + digest.hexdigest()

    def _open(self, name: str) -> IO[bytes]:
        source = self._tar.extractfile(self._entries[name])
        if source is None:
            raise ArchiveError(f"{self.label}: {name} is not a regular file")
        return source


@contextmanager
def open_archive(path: Path, label: str | None = None) -> Iterator[Archive]:
    """An archive for reading; all members are checked before any is read. Raises ModelError for an invalid archive."""
    name = label or path.name
    if not path.is_file():
        raise ModelError(f"{name} is not there", hint="run the job that makes it")
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            entries = _entries(tar, name)
            _check_end(file, tar, name)
            yield Archive(name, {member: entry.size for member, entry in entries.items()}, tar, entries)
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise ArchiveError(f"{name} is not a valid archive: {error}") from error


def unpack_archive(path: Path, folder: Path) -> None:
    """Writes every member of an archive into a folder. Raises ModelError for an invalid archive."""
    with open_archive(path) as archive:
        for name in archive.sizes:
            archive.digest(name, folder / name)


def _entries(tar: tarfile.TarFile, label: str) -> dict[str, tarfile.TarInfo]:
    entries: dict[str, tarfile.TarInfo] = {}
    for entry in tar:
        if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or entry.sparse is not None:
            raise ArchiveError(f"{label} holds {entry.name!r}, which is not a regular file")
        if entry.size < 0 or len(entries) >= MOST_MEMBERS:
            raise ArchiveError(f"{label} is not a valid archive: {entry.name!r} has {entry.size} bytes")
        if entry.name in entries:
            raise ArchiveError(f"{label} holds {entry.name!r} twice")
        entries[entry.name] = entry
    check_names(entries, label)
    return entries


def _check_end(file: IO[bytes], tar: tarfile.TarFile, label: str) -> None:
    """Raises ModelError unless the members are followed by the two zero blocks and by nothing but zeros."""
    last = max(tar.getmembers(), key=lambda entry: entry.offset_data, default=None)
    end = last.offset_data + -(-last.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE if last else 0
    if file.seek(0, os.SEEK_END) < end + 2 * tarfile.BLOCKSIZE:
        raise ArchiveError(f"{label} is cut off")
    file.seek(end)
    while chunk := file.read(_CHUNK):
        if chunk.strip(b"\0"):
            raise ArchiveError(f"{label} carries something behind its end")


def check_names(names: Mapping[str, object], label: str) -> None:
    """Raises ModelError at the first name that is not a plain relative path, or that is also a folder of another."""
    folders = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    for name in names:
        parts = name.split("/")
        unsafe = any(part in ("", ".", "..") for part in parts) or not name.isprintable() or "\\" in name
        if unsafe or ":" in parts[0] or len(name) > 4096:
            raise ArchiveError(f"{label}: {name!r} is not a plain relative path")
        if name in folders:
            raise ArchiveError(f"{label}: {name!r} is a file and a folder")
