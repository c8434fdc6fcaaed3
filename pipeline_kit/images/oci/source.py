"""Where an image is read from: a layout on disk, whole or with layers that a registry has, or a registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline_kit.contract.image_documents import Image, read_document, read_image, write_document
from pipeline_kit.contract.image_reference import LayoutReference, Reference, parse_image, parse_reference
from pipeline_kit.contract.oci import Blobs, ContentDescriptor, Registries, StoredManifest
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.oci.layout import Layout

PLACES_FILE = "pipeline-kit.json"
"""In a layout: which repositories have the layers that it does not hold. Other tools pass it over."""


def open_image(
    image: str | Reference | LayoutReference, root: Path, registries: Callable[[], Registries]
) -> tuple[Blobs, Image]:
    """An image and where its blobs come from. Relative paths count from `root`.

    `registries` is called only where a registry is needed. Raises UsageError for a text that names no image, ModelError
    if it is missing or does not match its digest, InfrastructureError where the registry fails.
    """
    result = parse_image(image, root) if isinstance(image, str) else image
    if isinstance(result, LayoutReference):
        layout = LayoutBlobs(root / result.folder, registries)
        return layout, read_image(layout, result.wanted)
    repository = registries().repository(result.name)
    return repository, read_image(repository, result.wanted)


class LayoutBlobs:
    """The blobs of a layout; those that it lacks come from the repositories that its `pipeline-kit.json` names."""

    def __init__(self, folder: Path, registries: Callable[[], Registries]) -> None:
        self.layout = Layout(folder)
        self.places = read_places(folder)
        self._registries = registries

    def manifest(self, reference: str | None = None) -> StoredManifest:
        """The manifest of a tag or digest, else of the only image."""
        return self.layout.manifest(reference)

    def blob(self, descriptor: ContentDescriptor) -> Path:
        """A local file with the blob's content, verified; fetched where the layout does not hold it."""
        place = self.places.get(descriptor.digest)
        if place is None or self.layout.path(descriptor.digest).is_file():
            return self.layout.blob(descriptor)
        return self._registries().repository(place).blob(descriptor)

    def has(self, descriptor: ContentDescriptor) -> bool:
        """Whether the blob is in the layout, or in the repository that should have it."""
        if self.layout.has(descriptor):
            return True
        place = self.places.get(descriptor.digest)
        return place is not None and self._registries().repository(place).has(descriptor)

    def referrers(self, digest: str) -> tuple[ContentDescriptor, ...]:
        """The manifests of the layout whose subject is that one."""
        return self.layout.referrers(digest)


def read_places(folder: Path) -> dict[str, str]:
    """The repositories by the digest of a blob, as the layout's file says; empty where it has none.

    Raises ModelError where the file is not what the kit writes: it must not lead to another host than it seems to.
    """
    path = folder / PLACES_FILE
    if not path.is_file():
        return {}
    label = f"{folder.name}/{PLACES_FILE}"
    layers = read_document(path.read_bytes(), label).get("layers")
    if not isinstance(layers, dict):
        raise ModelError(f"{label} names no layers", hint="build the image again")
    for digest, place in layers.items():
        Layout(folder).path(digest)
        try:
            plain = isinstance(place, str) and parse_reference(place).name == place
        except UsageError:
            plain = False
        if not plain:
            raise ModelError(f"{label}: {place!r} is not a repository name", hint="build the image again")
    return dict(layers)


def places_document(places: Mapping[str, str]) -> bytes:
    """The bytes of a layout's file of places."""
    return write_document({"layers": dict(places)}) + b"\n"
