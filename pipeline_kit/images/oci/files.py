"""The files of an image as its container sees them: read out of the layers, nothing unpacked, hostile layers refused.

Source: OCI Image Specification 1.1, "Image Layer Filesystem Changeset" (whiteouts, opaque folders, hard links).
"""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import IO, cast

from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.oci import DOCKER_LAYER_GZIP, LAYER, LAYER_GZIP, Blobs, ContentDescriptor
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import LAYER_KIND

DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
MOST_ENTRIES = 2_000_000
COPY_BYTES = 1 << 20
LARGEST_READ = 64 << 20
"""Bytes that a tar may ask for at once: its extended headers are held in memory, and a gzip bomb inflates them."""

LARGEST_LAYER = 64 << 30
"""Bytes of a layer once it is inflated."""

MOST_INFLATION = 100
ALWAYS_INFLATED = 1 << 30
"""Bytes up to which any layer inflates; above, to so many times its size: text reaches 10, a bomb of zeros 1000."""

READABLE = (LAYER, DOCKER_LAYER, LAYER_GZIP, DOCKER_LAYER_GZIP)
BROKEN = (tarfile.TarError, zlib.error, EOFError, ValueError, gzip.BadGzipFile, UnicodeError)


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One entry of an image: `kind` is file, folder, link (symbolic) or other (a device, a pipe).

    `path` has no slash before it. `layer` counts from the lowest, `layer_kind` is what the manifest says of it (base,
    dependencies, code, model, config) or empty. `opener` gives the content while the iteration is at this file.
    """

    path: str
    kind: str
    mode: int
    uid: int = 0
    gid: int = 0
    size: int = 0
    target: str = ""
    layer: int = 0
    layer_kind: str = ""
    opener: Callable[[], IO[bytes]] | None = None

    def open(self) -> IO[bytes]:
        """The content, readable while the iteration is at this entry; only a file has one."""
        if self.opener is None:
            raise ModelError(f"{self.path} of the image has no content: it is a {self.kind}")
        return self.opener()

    def read(self, limit: int) -> bytes:
        """The first bytes of the content. Raises ModelError where the layer is broken."""
        with self.open() as file:
            try:
                return file.read(min(limit, self.size))
            except BROKEN as error:
                raise ModelError(f"{self.path} of the image cannot be read: {error}") from error


@dataclass(slots=True)
class Shadow:
    """What the layers above hide: paths they have, folders they emptied, and paths that are not folders there."""

    seen: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)  # the path and all below it
    opaque: set[str] = field(default_factory=set)  # all below it

    def covers(self, path: str) -> bool:
        """Whether an entry of a lower layer is not in the image."""
        if path in self.seen or path in self.hidden:
            return True
        while path:
            path = path.rpartition("/")[0]
            if path in self.hidden or path in self.opaque:
                return True
        return False


def image_files(image: Image, blobs: Blobs) -> Iterator[ImageFile]:
    """Every entry of the image that is in its final state, layer by layer, the highest first.

    Raises ModelError for a layer that is broken, too large to be true, or leads out of the image.
    """
    shadow = Shadow()
    pending: dict[str, ImageFile] = {}  # hard links to what a lower layer holds, by what they lead to
    for number in reversed(range(len(image.layers))):
        descriptor = image.layers[number]
        with open_layer(blobs, descriptor) as archive:
            yield from layer_files(archive, descriptor, number, shadow, pending)
    if pending:
        path = next(iter(pending.values())).path
        raise ModelError(f"{path} of the image is a hard link to nothing", hint="the layers are not whole")


@contextmanager
def open_layer(blobs: Blobs, descriptor: ContentDescriptor) -> Iterator[tarfile.TarFile]:
    """The tar of a layer, verified by its digest. Raises ModelError for anything else, or another compression."""
    if descriptor.media_type not in READABLE:
        hint = f"readable are {', '.join(READABLE)}"
        raise ModelError(f"layer {descriptor.digest} is a {descriptor.media_type}", hint=hint)
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(blobs.blob(descriptor).open("rb"))
        try:
            if descriptor.media_type.endswith("gzip"):
                file = stack.enter_context(inflated(file, descriptor.digest))
            bounded = cast(IO[bytes], Bounded(file, descriptor.digest))
            archive = stack.enter_context(tarfile.open(fileobj=bounded, mode="r:"))
        except BROKEN as error:
            raise ModelError(
                f"layer {descriptor.digest} is not a tar: {error}", hint="build the image again"
            ) from error
        yield archive


@contextmanager
def inflated(file: IO[bytes], digest: str) -> Iterator[IO[bytes]]:
    """The content of a gzip file, in a temporary file: hard links jump back, and inflating again costs seconds each."""
    limit = inflation_limit(file.seek(0, io.SEEK_END))
    file.seek(0)
    with tempfile.TemporaryFile() as target, gzip.GzipFile(fileobj=file) as source:
        written = 0
        while piece := source.read(COPY_BYTES):
            written += target.write(piece)
            if written > limit:
                raise ModelError(f"layer {digest} inflates to more than {limit} bytes", hint="it is hostile")
        target.seek(0)
        yield cast(IO[bytes], target)


def inflation_limit(size: int) -> int:
    """How many bytes a gzip file of that size may hold."""
    return min(LARGEST_LAYER, max(ALWAYS_INFLATED, MOST_INFLATION * size))


class Bounded:
    """A file that refuses to read more at once than any honest layer asks for."""

    def __init__(self, file: IO[bytes], digest: str) -> None:
        self._file = file
        self._digest = digest

    def read(self, size: int = -1) -> bytes:
        """Some bytes. Raises ModelError for a header of many megabytes."""
        if size < 0 or size > LARGEST_READ:
            raise ModelError(f"layer {self._digest} asks for {size} bytes of header", hint="it is hostile or broken")
        return self._file.read(size)

    def seekable(self) -> bool:
        """Whether it can be moved in; always."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Moves to an offset."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The offset."""
        return self._file.tell()


def layer_files(
    archive: tarfile.TarFile,
    descriptor: ContentDescriptor,
    number: int,
    shadow: Shadow,
    pending: dict[str, ImageFile],
) -> Iterator[ImageFile]:
    """The entries of one layer that nothing above hides; what this one hides is added to `shadow` afterwards."""
    members = final_members(archive, descriptor.digest)
    kind = descriptor.annotations.get(LAYER_KIND, "")
    below = Shadow()
    for path, member in members.items():
        folder, _, name = path.rpartition("/")
        if name == OPAQUE:
            below.opaque.add(folder)
        elif name.startswith(WHITEOUT):
            below.hidden.add(f"{folder}/{name[len(WHITEOUT) :]}".lstrip("/"))
        else:
            if path in pending:
                yield from linked(pending.pop(path), archive, member)
            if not shadow.covers(path):
                content = resolved(members, member, descriptor.digest)
                entry = replace(entry_of(path, member, content, archive), layer=number, layer_kind=kind)
                if content is None:
                    pending[clean_path(member.linkname, descriptor.digest)] = entry
                else:
                    yield entry
            if not member.isdir():
                below.hidden.add(path)
            below.seen.add(path)
    shadow.seen |= below.seen
    shadow.hidden |= below.hidden
    shadow.opaque |= below.opaque


def final_members(archive: tarfile.TarFile, digest: str) -> dict[str, tarfile.TarInfo]:
    """The members by path, in the order of the tar; the last one of a repeated path. Raises ModelError."""
    tar_infos: dict[str, tarfile.TarInfo] = {}
    last = -1
    for number, member in enumerate(listed(archive, digest)):
        if number >= MOST_ENTRIES:
            raise ModelError(f"layer {digest} has more than {MOST_ENTRIES} entries", hint="it is hostile or broken")
        if member.offset <= last or member.size < 0:
            raise ModelError(f"layer {digest}: its tar runs backwards at {member.name!r}", hint="it is hostile")
        last = member.offset
        if member.issparse():  # a few bytes that say they are a file of terabytes; no builder of images writes one
            raise ModelError(f"layer {digest} has a sparse file: {member.name!r}", hint="it is hostile")
        path = clean_path(member.name, digest)
        if path:
            tar_infos.pop(path, None)
            tar_infos[path] = member
    return tar_infos


def listed(archive: tarfile.TarFile, digest: str) -> Iterator[tarfile.TarInfo]:
    """The members as the tar has them. Raises ModelError where it breaks off."""
    try:
        yield from archive
    except BROKEN as error:
        raise ModelError(f"layer {digest} is not a complete tar: {error}", hint="build the image again") from error


def clean_path(name: str, digest: str) -> str:
    """The path inside the image, `.` and slashes before it taken off. Raises ModelError for one that leads out."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in name:
        raise ModelError(f"layer {digest}: the path {name!r} leads out of the image", hint="the layer is hostile")
    return "/".join(parts)


def resolved(members: dict[str, tarfile.TarInfo], member: tarfile.TarInfo, digest: str) -> tarfile.TarInfo | None:
    """The member that has the content: of a hard link what it leads to, none where a lower layer has that."""
    hops = 0
    while member.islnk():
        target = members.get(clean_path(member.linkname, digest))
        hops += 1
        if target is None:
            return None
        if hops > len(members):
            raise ModelError(f"layer {digest}: hard links lead in a circle at {member.name!r}")
        member = target
    return member


def entry_of(
    path: str, member: tarfile.TarInfo, content: tarfile.TarInfo | None, archive: tarfile.TarFile
) -> ImageFile:
    """The entry of one member; modes and owners of a hard link are those of its content."""
    real = content or member
    kinds = {"file": real.isreg() or content is None, "folder": real.isdir(), "link": real.issym()}
    what = next((name for name, holds in kinds.items() if holds), "other")
    opener = opener_of(archive, real) if what == "file" and content is not None else None
    size = real.size if what == "file" else 0
    return ImageFile(path, what, real.mode, real.uid, real.gid, size, real.linkname, opener=opener)


def linked(waiting: ImageFile, archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[ImageFile]:
    """A hard link of a layer above, now that its content has been found."""
    yield replace(
        waiting,
        mode=member.mode,
        uid=member.uid,
        gid=member.gid,
        size=member.size,
        target="",
        opener=opener_of(archive, member),
    )


def opener_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    """What opens a regular member."""

    def opened() -> IO[bytes]:
        file = archive.extractfile(member)
        if file is None:
            raise ModelError(f"{member.name} of the image has no content")
        return file

    return opened
