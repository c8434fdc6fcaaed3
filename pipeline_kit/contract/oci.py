"""Images as the Open Container Initiative describes them: descriptors, media types, and the ports to registries.

Source: the OCI Image Specification 1.1 and the OCI Distribution Specification 1.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Protocol

from pipeline_kit.frozen import frozen

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"

OnBytes = Callable[[int], None]
"""Called with the number of bytes that were moved since the last call; negative where they must be sent again."""


@frozen
class ContentDescriptor:
    """What points to a blob or a manifest: its media type, digest (`sha256:<hex>`) and size in bytes."""

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str | None = None
    platform: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """The descriptor as JSON has it; what is empty is left out."""
        result: dict[str, object] = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        if self.artifact_type:
            result["artifactType"] = self.artifact_type
        if self.platform:
            result["platform"] = dict(self.platform)
        if self.annotations:
            result["annotations"] = dict(self.annotations)
        return result


@frozen
class StoredManifest:
    """A manifest as a registry or a layout keeps it: the very bytes, what they are, and their digest."""

    content: bytes
    media_type: str
    digest: str


class Blobs(Protocol):
    """Where an image's blobs come from: a layout on disk, or a repository of a registry behind a cache."""

    def manifest(self, reference: str | None = None) -> StoredManifest:
        """The manifest of a tag or digest; without one the only image of a layout, or the tag `latest`.

        Raises ModelError if it is missing or does not match the digest.
        """

    def blob(self, descriptor: ContentDescriptor) -> Path:
        """A local file with the blob's content, its digest and size verified.

        Raises ModelError where the bytes are others, InfrastructureError where they cannot be had.
        """

    def has(self, descriptor: ContentDescriptor) -> bool:
        """Whether the blob is there, without reading it."""

    def referrers(self, digest: str) -> tuple[ContentDescriptor, ...]:
        """The manifests whose subject is that manifest: signatures, statements, SBOMs."""


class Repository(Blobs, Protocol):
    """One repository of a registry. Every method raises InfrastructureError where the registry fails after retries."""

    name: str
    """Such as `registry.example/team/fraud`: host and path, without tag or digest."""

    def push_blob(self, descriptor: ContentDescriptor, source: Path, on_bytes: OnBytes) -> None:
        """Uploads a blob in chunks; an interrupted upload is resumed."""

    def mount_blob(self, digest: str, other: str) -> bool:
        """Whether the registry took the blob over from another of its repositories (the path, without host)."""

    def push_manifest(self, manifest: StoredManifest, tag: str | None = None) -> None:
        """Writes a manifest by its digest, and then, where a tag is given, moves the tag to it."""

    def attach(self, manifest: StoredManifest, subject: ContentDescriptor) -> None:
        """Writes a manifest whose subject is another, listed by the referrers API or its fallback tag."""

    def tags(self) -> tuple[str, ...]:
        """All tags."""

    def delete_manifest(self, digest: str) -> None:
        """Removes a manifest; a missing one is not an error."""


class Registries(Protocol):
    """The registries that this job may talk to, with its credentials and its word on insecure hosts."""

    def repository(self, name: str) -> Repository:
        """A repository by host and path. Sends no request yet."""
