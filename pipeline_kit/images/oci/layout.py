"""An OCI layout on disk: blobs by digest, and an index of the images in it. Source: OCI Image Specification 1.1."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline_kit.contract.digest import digest_bytes, digest_file
from pipeline_kit.contract.image_documents import LARGEST_DOCUMENT, read_descriptor, read_document
from pipeline_kit.contract.oci import INDEX, ContentDescriptor, StoredManifest
from pipeline_kit.errors import ModelError

TAG_ANNOTATION = "org.opencontainers.image.ref.name"
MARK = "oci-layout"
INDEX_FILE = "index.json"
LAYOUT_MARK = b'{"imageLayoutVersion": "1.0.0"}'


class Layout:
    """A folder with an OCI layout. Every read is verified by digest and size; every write is whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def make(cls, folder: Path) -> Layout:
        """An empty layout in a folder, or the one that is there."""
        (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        layout = cls(folder)
        if not (folder / MARK).exists():
            layout._write(folder / INDEX_FILE, index_document(()))
            layout._write(folder / MARK, LAYOUT_MARK)
        return layout

    def path(self, digest: str) -> Path:
        """Where a blob is, or would be. Raises ModelError for an invalid digest."""
        algorithm, _, hexadecimal = digest.partition(":")
        if algorithm != "sha256" or len(hexadecimal) != 64 or set(hexadecimal) - set("0123456789abcdef"):
            raise ModelError(f"{self.folder.name}: {digest!r} is not a SHA-256 digest")
        return self.folder / "blobs" / "sha256" / hexadecimal

    def has(self, descriptor: ContentDescriptor) -> bool:
        """Whether a blob of that digest and size is there; its content is not read."""
        path = self.path(descriptor.digest)
        return path.is_file() and path.stat().st_size == descriptor.size

    def blob(self, descriptor: ContentDescriptor) -> Path:
        """The file of a blob, verified. Raises ModelError where it is missing or has other bytes."""
        path = self.path(descriptor.digest)
        if not path.is_file():
            raise ModelError(f"{self.folder.name} has no blob {descriptor.digest}", hint="the layout is not complete")
        size = path.stat().st_size
        if size != descriptor.size or digest_file(path) != descriptor.digest:
            fault = f"{size} bytes, not {descriptor.size}" if size != descriptor.size else "other bytes than its digest"
            raise ModelError(f"{self.folder.name}: blob {descriptor.digest} has {fault}", hint="it was changed")
        return path

    def add_bytes(self, content: bytes, media_type: str, **more: str) -> ContentDescriptor:
        """Keeps bytes as a blob; `more` are annotations."""
        digest = digest_bytes(content)
        path = self.path(digest)
        if not path.is_file() or path.stat().st_size != len(content):
            self._write(path, content)
        return ContentDescriptor(media_type, digest, len(content), dict(more))

    def add_file(self, source: Path, descriptor: ContentDescriptor) -> ContentDescriptor:
        """Keeps a file whose digest is known, by a hard link where the disk has them."""
        target = self.path(descriptor.digest)
        if not self.has(descriptor):
            target.unlink(missing_ok=True)
            partial = target.with_name(f".{target.name}.{os.getpid()}")
            try:
                try:
                    os.link(source, partial)
                except OSError:
                    shutil.copyfile(source, partial)
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
        return descriptor

    def index(self) -> tuple[ContentDescriptor, ...]:
        """The manifests that the layout lists. Raises ModelError for anything but a layout."""
        for name in (MARK, INDEX_FILE):
            if not (self.folder / name).is_file():
                raise ModelError(f"{self.folder} is not an OCI layout: {name} is missing")
        path = self.folder / INDEX_FILE
        if path.stat().st_size > LARGEST_DOCUMENT:
            raise ModelError(f"{path.name} of {self.folder.name} is too large")
        document = read_document(path.read_bytes(), f"{self.folder.name}/{INDEX_FILE}")
        manifests = document.get("manifests")
        if not isinstance(manifests, list):
            raise ModelError(f"{self.folder.name}/{INDEX_FILE} lists no manifests")
        return tuple(read_descriptor(manifest, f"{self.folder.name}/{INDEX_FILE}") for manifest in manifests)

    def write_index(self, manifests: Sequence[ContentDescriptor]) -> None:
        """Lists these manifests and no others; a tag is the annotation of its name."""
        self._write(self.folder / INDEX_FILE, index_document(manifests))

    def manifest(self, reference: str | None = None) -> StoredManifest:
        """The manifest of a tag or digest, else the only one that is not a referrer. Raises ModelError."""
        listed = self.index()
        if reference is None:
            blobs = [blob for blob in listed if blob.artifact_type is None]
        else:
            blobs = [blob for blob in listed if reference in (blob.digest, blob.annotations.get(TAG_ANNOTATION))]
        if len({blob.digest for blob in blobs}) != 1:
            tags = ", ".join(sorted(blob.annotations.get(TAG_ANNOTATION, blob.digest) for blob in listed)) or "none"
            what = f"no image {reference}" if reference else f"{len(blobs)} images, not one"
            raise ModelError(f"{self.folder} holds {what}", hint=f"it lists: {tags}")
        return self.stored(blobs[0])

    def stored(self, descriptor: ContentDescriptor) -> StoredManifest:
        """A listed manifest's bytes, verified."""
        content = self.blob(descriptor).read_bytes()
        return StoredManifest(content, descriptor.media_type, descriptor.digest)

    def referrers(self, digest: str) -> tuple[ContentDescriptor, ...]:
        """The listed manifests whose subject is that one."""
        entries = []
        for blob in self.index():
            if blob.artifact_type is not None:
                subject = read_document(self.stored(blob).content, blob.digest).get("subject")
                if isinstance(subject, dict) and subject.get("digest") == digest:
                    entries.append(blob)
        return tuple(entries)

    def _write(self, path: Path, content: bytes) -> None:
        handle, partial = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).chmod(0o644)
            Path(partial).replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                Path(partial).unlink()


def index_document(manifests: Sequence[ContentDescriptor]) -> bytes:
    """The bytes of an index of these manifests."""
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest.document() for manifest in manifests]}
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
