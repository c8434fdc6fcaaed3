"""A model's package: one archive that holds the model, its code and its lock file, and proves each by digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline_kit.contract.digest import digest_bytes, digest_file, digest_json
from pipeline_kit.models.archive import Archive, ArchiveError, Content, check_names, open_archive, write_archive
from pipeline_kit.models.manifest import FileEntry, Manifest, read_manifest

MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Package:
    """A package unpacked into a folder, every digest verified."""

    manifest: Manifest
    folder: Path

    @property
    def model(self) -> Path:
        """The model's file or folder."""
        return self.folder / self.manifest.model

    @property
    def code(self) -> Path:
        """The folder that its code runs in."""
        return self.folder / self.manifest.code

    @property
    def lock(self) -> Path:
        """The lock file of its environment."""
        return self.folder / self.manifest.lock


def write_package(target: Path, manifest: Manifest, files: Mapping[str, Content]) -> Manifest:
    """Writes a package of these files, whole or not at all; returns the manifest with every file's digest and size.

    Raises ModelError where the files are not what the manifest says: no model of its digest, no lock file.
    """
    entries = {name: _entry(content) for name, content in files.items()}
    complete = replace(manifest, files=entries)
    _check_parts(complete, target.name)
    write_archive(target, {**files, MANIFEST: complete.text().encode()})
    return complete


def read_package(path: Path, label: str | None = None) -> Manifest:
    """The manifest of a package, every file's digest verified. Raises ModelError naming what differs."""
    with open_archive(path, label) as archive:
        return _verified(archive, None)


def unpack_package(path: Path, folder: Path, label: str | None = None, *, largest: int | None = None) -> Package:
    """The package unpacked into `folder`, every digest verified on the way. Raises ModelError naming what differs.

    Files of more bytes than `largest` are verified too, but stay in the archive only.
    """
    with open_archive(path, label) as archive:
        manifest = _verified(archive, folder, largest)
    (folder / manifest.code).mkdir(parents=True, exist_ok=True)
    return Package(manifest, folder)


def _verified(archive: Archive, folder: Path | None, largest: int | None = None) -> Manifest:
    text = archive.read(MANIFEST, largest=_LARGEST_MANIFEST)
    try:
        manifest = read_manifest(text.decode(), archive.label)
    except UnicodeDecodeError as error:
        raise ArchiveError(f"{archive.label}: the manifest is not UTF-8 text") from error
    _check_members(archive, manifest)
    _check_parts(manifest, archive.label)
    for name, entry in manifest.files.items():
        written = folder is not None and (largest is None or entry.size <= largest)
        digest = archive.digest(name, folder / name if folder and written else None)
        if digest != entry.digest:
            fault = f"{name} has {digest[:19]}, but the package manifest lists {entry.digest[:19]}"
            raise ArchiveError(f"{archive.label}: {fault}")
    return manifest


def _check_members(archive: Archive, manifest: Manifest) -> None:
    """Before a byte is unpacked: the members are the manifest's files, each of its size."""
    for name in manifest.files:
        if name not in archive.sizes:
            raise ArchiveError(f"{archive.label} has no {name}, which its manifest lists")
    for name, size in archive.sizes.items():
        if name == MANIFEST:
            continue
        if name not in manifest.files:
            raise ArchiveError(f"{archive.label} holds {name}, which its manifest does not list")
        if size != manifest.files[name].size:
            raise ArchiveError(f"{archive.label}: {name} has {size} bytes, not {manifest.files[name].size}")


def _check_parts(manifest: Manifest, label: str) -> None:
    for place in (manifest.code, manifest.model, manifest.lock):
        check_names({place: None}, label)
    if MANIFEST in manifest.files:
        raise ArchiveError(f"{label}: {MANIFEST} cannot be one of the files it lists")
    if manifest.lock not in manifest.files:
        raise ArchiveError(f"{label} has no lock file {manifest.lock}")
    if model_digest(manifest) != manifest.model_digest:
        raise ArchiveError(f"{label}: the model is not the one of digest {manifest.model_digest}")


def model_digest(manifest: Manifest) -> str | None:
    """The digest of the model as `digest_tree` gives it, from the files that the manifest lists; or None."""
    if manifest.model in manifest.files:
        return manifest.files[manifest.model].digest
    folder = f"{manifest.model}/"
    files = {
        name.removeprefix(folder): entry.digest for name, entry in manifest.files.items() if name.startswith(folder)
    }
    return digest_json(files) if files else None


def _entry(content: Content) -> FileEntry:
    if isinstance(content, bytes):
        return FileEntry(digest_bytes(content), len(content))
    return FileEntry(digest_file(content), content.stat().st_size)
