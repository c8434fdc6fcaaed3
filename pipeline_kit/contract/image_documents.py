"""The JSON documents of an image, read without trust and written with one set of bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline_kit.contract.oci import DOCKER_MANIFEST, MANIFEST, Blobs, ContentDescriptor, StoredManifest
from pipeline_kit.errors import ModelError

LARGEST_DOCUMENT = 4 << 20
"""Bytes of a manifest, as registries limit it (OCI Distribution Specification 1.1)."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image's manifest and configuration, read and verified; its layers are still to be read.

    `manifest` is the manifest's own document, `config` the configuration's.
    """

    stored: StoredManifest
    config_descriptor: ContentDescriptor
    layers: tuple[ContentDescriptor, ...]
    manifest: Mapping[str, Any]
    config: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The manifest's digest: what the image is called by."""
        return self.stored.digest

    @property
    def descriptor(self) -> ContentDescriptor:
        """What points to the image."""
        return ContentDescriptor(self.stored.media_type, self.stored.digest, len(self.stored.content))

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of its configuration."""
        config = self.config.get("config")
        labels = config.get("Labels") if isinstance(config, dict) else None
        return {str(name): str(value) for name, value in labels.items()} if isinstance(labels, dict) else {}


def read_image(blobs: Blobs, reference: str | None = None) -> Image:
    """The image of a tag or digest. Raises ModelError if it is not an image, or a digest does not match."""
    stored = blobs.manifest(reference)
    if stored.media_type not in (MANIFEST, DOCKER_MANIFEST):
        raise ModelError(f"{stored.digest} is not an image of one platform but {stored.media_type}")
    document = read_document(stored.content, f"manifest {stored.digest}")
    config = read_descriptor(document.get("config"), f"the config of manifest {stored.digest}")
    layers = document.get("layers")
    if not isinstance(layers, list):
        raise ModelError(f"manifest {stored.digest} has no layers")
    if config.size > LARGEST_DOCUMENT:
        raise ModelError(f"config {config.digest} has {config.size} bytes, more than {LARGEST_DOCUMENT}")
    content = blobs.blob(config).read_bytes()
    return Image(
        stored,
        config,
        tuple(read_descriptor(layer, f"a layer of manifest {stored.digest}") for layer in layers),
        document,
        read_document(content, f"config {config.digest}"),
    )


def read_document(content: bytes, label: str) -> dict[str, Any]:
    """A JSON object. Raises ModelError with its label if it is not one; duplicate keys are refused."""
    if len(content) > LARGEST_DOCUMENT:
        raise ModelError(f"{label} has {len(content)} bytes, more than {LARGEST_DOCUMENT}")
    try:
        document = json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{label} is not the JSON of an image: {error}") from error
    if not isinstance(document, dict):
        raise ModelError(f"{label} is not a JSON object")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("duplicate key in an object")
    return document


def read_descriptor(document: object, label: str) -> ContentDescriptor:
    """A content descriptor. Raises ModelError with its label if it is not one."""
    if not isinstance(document, dict):
        raise ModelError(f"{label} is not a content descriptor")
    media_type, digest, size = (document.get(name) for name in ("mediaType", "digest", "size"))
    if not isinstance(media_type, str) or not isinstance(digest, str) or type(size) is not int or size < 0:
        raise ModelError(f"{label} is not a content descriptor: media type, digest or size is missing")
    annotations, platform = document.get("annotations") or {}, document.get("platform") or {}
    artifact_type = document.get("artifactType")
    if not isinstance(annotations, dict) or not isinstance(platform, dict):
        raise ModelError(f"{label} is not a content descriptor: its annotations or its platform are not an object")
    return ContentDescriptor(
        media_type,
        digest,
        size,
        {str(name): str(value) for name, value in annotations.items()},
        artifact_type if isinstance(artifact_type, str) else None,
        {str(name): str(value) for name, value in platform.items() if isinstance(value, str)},
    )


def write_document(document: Mapping[str, object]) -> bytes:
    """The document's bytes: sorted keys, no spaces, UTF-8, no NaN."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()
