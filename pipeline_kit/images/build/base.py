"""The base of an image: nothing at all, or an image in an OCI layout or a registry, whose layers stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline_kit.contract.image_documents import Image, read_descriptor, read_document, read_image
from pipeline_kit.contract.image_reference import SCRATCH, LayoutReference, Reference, parse_image
from pipeline_kit.contract.oci import (
    DOCKER_INDEX,
    DOCKER_LAYER_GZIP,
    INDEX,
    LAYER,
    LAYER_GZIP,
    Blobs,
    ContentDescriptor,
    Registries,
    StoredManifest,
)
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.oci.files import DOCKER_LAYER
from pipeline_kit.images.oci.layout import TAG_ANNOTATION, Layout
from pipeline_kit.images.oci.platform import Platform, choose

LAYER_TYPES = {LAYER: LAYER, LAYER_GZIP: LAYER_GZIP, DOCKER_LAYER: LAYER, DOCKER_LAYER_GZIP: LAYER_GZIP}
"""What a base's layers may be, and what the same bytes are called in an OCI manifest."""


@dataclass(frozen=True, slots=True)
class Base:
    """A base whose manifest and configuration were read and verified; its layers are opened only where they must be.

    `name` is a registry reference or empty: a folder's path would make the image another one on another machine.
    `place` is the repository that has its blobs.
    """

    digest: str | None = None
    name: str = ""
    layers: tuple[ContentDescriptor, ...] = ()
    diff_ids: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)  # the `config` of its configuration
    history: tuple[Mapping[str, Any], ...] = ()
    blobs: Blobs | None = None
    place: str | None = None


def open_base(text: str, platform: Platform, root: Path, registries: Callable[[], Registries]) -> Base:
    """The base of that text. Raises UsageError without an image for the platform, ModelError for an invalid one."""
    if text == SCRATCH:
        return Base()
    image = parse_image(text, root)
    if isinstance(image, LayoutReference):
        layout = Layout(root / image.folder)
        return read_base(text, layout, from_layout(layout, image, platform), platform)
    repository = registries().repository(image.name)
    stored = repository.manifest(image.wanted)
    if stored.media_type in (INDEX, DOCKER_INDEX):
        stored = repository.manifest(choose(listed(stored), platform, text).digest)
    return read_base(text, repository, stored, platform, image)


def from_layout(layout: Layout, wanted: LayoutReference, platform: Platform) -> StoredManifest:
    """The manifest of a platform in a layout, whose index may itself list one image of each platform, or an index."""
    blobs = [
        blob
        for blob in layout.index()
        if blob.artifact_type is None
        and (wanted.wanted is None or wanted.wanted in (blob.digest, blob.annotations.get(TAG_ANNOTATION)))
    ]
    if not blobs:
        raise ModelError(
            f"{layout.folder} holds no image {wanted.wanted or ''}".rstrip(), hint="name the tag: oci:FOLDER:TAG"
        )
    chosen = blobs[0] if len(blobs) == 1 else choose(blobs, platform, str(wanted))
    stored = layout.stored(chosen)
    if stored.media_type in (INDEX, DOCKER_INDEX):
        stored = layout.stored(choose(listed(stored), platform, str(wanted)))
    return stored


def listed(index: StoredManifest) -> list[ContentDescriptor]:
    """The manifests that an index lists."""
    manifests = read_document(index.content, f"index {index.digest}").get("manifests")
    if not isinstance(manifests, list):
        raise ModelError(f"index {index.digest} lists no manifests")
    return [read_descriptor(manifest, f"index {index.digest}") for manifest in manifests]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Blobs of which one manifest has been chosen."""

    blobs: Blobs
    stored: StoredManifest

    def manifest(self, reference: str | None = None) -> StoredManifest:
        """The chosen one."""
        return self.stored

    def blob(self, descriptor: ContentDescriptor) -> Path:
        """As the blobs have it."""
        return self.blobs.blob(descriptor)

    def has(self, descriptor: ContentDescriptor) -> bool:
        """As the blobs have it."""
        return self.blobs.has(descriptor)

    def referrers(self, digest: str) -> tuple[ContentDescriptor, ...]:
        """As the blobs have it."""
        return self.blobs.referrers(digest)


def read_base(
    text: str, blobs: Blobs, stored: StoredManifest, platform: Platform, reference: Reference | None = None
) -> Base:
    """The base that a manifest is. Raises ModelError where manifest and configuration do not belong together."""
    image = read_image(Chosen(blobs, stored))
    config = image.config
    if not platform.fits(config.get("architecture"), config.get("os"), config.get("variant")):
        what = f"{config.get('os')}/{config.get('architecture')}"
        raise UsageError(
            f"the base {text} is for {what}, not for {platform}", hint="name another base, or the platform"
        )
    diff_ids = layer_digests(image, text)
    name = "" if reference is None else f"{reference.name}{f':{reference.tag}' if reference.tag else ''}"
    return Base(
        digest=image.digest,
        name=name,
        layers=tuple(layer_of(layer, text) for layer in image.layers),
        diff_ids=diff_ids,
        settings=settings_of(config, text),
        history=history_of(config, len(diff_ids)),
        blobs=blobs,
        place=None if reference is None else reference.name,
    )


def layer_digests(image: Image, text: str) -> tuple[str, ...]:
    """The diff ids of the configuration, one a layer."""
    rootfs = image.config.get("rootfs")
    diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if (
        not isinstance(diff_ids, list)
        or len(diff_ids) != len(image.layers)
        or not all(isinstance(x, str) for x in diff_ids)
    ):
        raise ModelError(
            f"the base {text} does not say what its layers are: its configuration has no diff ids for them"
        )
    return tuple(diff_ids)


def layer_of(descriptor: ContentDescriptor, text: str) -> ContentDescriptor:
    """A layer of the base under its OCI media type. Raises ModelError for one that not every tool could read."""
    if descriptor.media_type not in LAYER_TYPES:
        hint = "copy it with gzip first: skopeo copy --dest-compress-format gzip docker://BASE oci:FOLDER:latest"
        raise ModelError(f"a layer of the base {text} is a {descriptor.media_type}", hint=hint)
    return ContentDescriptor(LAYER_TYPES[descriptor.media_type], descriptor.digest, descriptor.size)


def settings_of(config: Mapping[str, Any], text: str) -> dict[str, Any]:
    """How the base's containers run."""
    result = config.get("config") or {}
    environment = result.get("Env") or [] if isinstance(result, dict) else None
    if not isinstance(environment, list) or not all(isinstance(entry, str) for entry in environment):
        raise ModelError(f"the base {text} has no configuration of a container that can be read")
    return dict(result)


def history_of(config: Mapping[str, Any], layers: int) -> tuple[Mapping[str, Any], ...]:
    """The history of the base where it has an entry for each layer, else none."""
    history = config.get("history")
    if not isinstance(history, list) or not all(isinstance(entry, dict) for entry in history):
        return ()
    own = [entry for entry in history if entry.get("empty_layer") is not True]
    return tuple(history) if len(own) == layers else ()
