"""A layer: a tar whose bytes depend on the paths, contents and executability of its files only.

Source: OCI Image Specification 1.1, "Image Layer Filesystem Changeset".

Plain tar (POSIX 1003.1-2001 pax, extended headers only where a name needs one), names sorted, every parent folder
once, time 0, owner 0:0, modes 0755 and 0644. Digest and diff id are found while it is written, in one pass.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import posixpath
import tarfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pipeline_kit.contract.digest import PREFIX
from pipeline_kit.contract.oci import LAYER, LAYER_GZIP, ContentDescriptor
from pipeline_kit.errors import ModelError
from pipeline_kit.images.oci.files import WHITEOUT

COPY_BYTES = 1 << 20
GZIP_LEVEL = 6
FORMAT = 1
"""Of what is written here: a change of the bytes that the same files give needs another number, for the keys."""


@dataclass(frozen=True, slots=True)
class LayerFile:
    """A file of a layer: its bytes, how its content is opened, and whether it may be executed."""

    size: int
    opener: Callable[[], IO[bytes]]
    executable: bool = False

    @classmethod
    def of(cls, content: Path | bytes, *, executable: bool = False) -> LayerFile:
        """A file on disk, or bytes."""
        if isinstance(content, bytes):
            return cls(len(content), lambda: io.BytesIO(content), executable)
        return cls(content.stat().st_size, lambda: content.open("rb"), executable)


@dataclass(frozen=True, slots=True)
class WrittenLayer:
    """A layer that was written: what points to it, and the digest of its tar before compression."""

    descriptor: ContentDescriptor
    diff_id: str


def write_layer(files: Mapping[str, LayerFile], target: IO[bytes] | None, *, compressed: bool = False) -> WrittenLayer:
    """Writes the layer of these files by their path in the image; without a target only its digest is found.

    Raises ModelError for a path that leads out of the image, hides a file of another layer, or is a file and a folder.
    """
    folders = folders_of(files)
    outer = Counted(target)
    with ExitStack() as stack:
        within: IO[bytes] = cast(IO[bytes], outer)
        if compressed:  # no name and no time in its header
            packed = gzip.GzipFile("", "wb", GZIP_LEVEL, within, mtime=0)
            within = cast(IO[bytes], stack.enter_context(packed))
        inner = Counted(within) if compressed else outer
        archive = tarfile.TarFile(
            fileobj=cast(IO[bytes], inner), mode="w", format=tarfile.PAX_FORMAT, copybufsize=COPY_BYTES
        )
        for path in sorted({*files, *folders}):
            add(archive, path, files.get(path))
        archive.close()
    media_type = LAYER_GZIP if compressed else LAYER
    return WrittenLayer(ContentDescriptor(media_type, outer.digest, outer.size), inner.digest)


def add(archive: tarfile.TarFile, path: str, file: LayerFile | None) -> None:
    """Adds a file, or a folder without content."""
    entry = tarfile.TarInfo(path)
    if file is None:
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(entry)
        return
    entry.size, entry.mode = file.size, 0o755 if file.executable else 0o644
    with file.opener() as content:
        try:
            archive.addfile(entry, content)
        except OSError as error:
            if error.errno is not None:
                raise
            raise ModelError(f"{path} has changed while it was read", hint="build the image again") from error


def folders_of(paths: Iterable[str]) -> set[str]:
    """The folders that the files need. Raises ModelError for a path that no layer may have."""
    paths = set(paths)
    for path in paths:
        parts = path.split("/")
        if "\0" in path or any(part in ("", ".", "..") for part in parts):
            raise ModelError(f"{path!r} is not a path in an image", hint="it must be relative and stay inside")
        if any(part.startswith(WHITEOUT) for part in parts):
            raise ModelError(
                f"{path!r} would remove a file of the layers below", hint=f"{WHITEOUT} has a meaning there"
            )
    folders: set[str] = set()
    for path in paths:
        folder = posixpath.dirname(path)
        while folder and folder not in folders:
            folders.add(folder)
            folder = posixpath.dirname(folder)
    both = sorted(paths & folders)
    if both:
        raise ModelError(f"{both[0]} would be a file and a folder of the image", hint="rename one of them")
    return folders


class Counted:
    """A file that is written to, its digest and size found on the way; without a target nothing is kept."""

    def __init__(self, target: IO[bytes] | None) -> None:
        self._target = target
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, content: bytes) -> int:
        """Takes bytes."""
        self._hash.update(content)
        self.size += len(content)
        if self._target is not None:
            self._target.write(content)
        return len(content)

    def tell(self) -> int:
        """How much was written."""
        return self.size

    def flush(self) -> None:
        """Nothing is held back here."""

    @property
    def digest(self) -> str:
        """The digest of what was written so far."""
        return PREFIX + self._hash.hexdigest()
