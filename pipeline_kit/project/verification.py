"""Proves that an image holds what was judged, unchanged, and that a key says so."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.catalog import Catalog
from pipeline_kit.contract.image_documents import LARGEST_DOCUMENT
from pipeline_kit.contract.image_reference import LayoutReference, parse_image
from pipeline_kit.contract.oci import Blobs, Registries
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.organisation import DESCRIPTOR
from pipeline_kit.errors import UsageError
from pipeline_kit.images.oci.source import LayoutBlobs
from pipeline_kit.images.verify.image import Verified, verify_image
from pipeline_kit.runner.world import world_for


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """The image by name or folder, and the files of the keys that may have signed it.

    With `unsigned` digests are checked, and not who made the image.
    """

    directory: Path
    image: str
    keys: Sequence[Path] = ()
    attestation: Path | None = None
    unsigned: bool = False


def verify(request: VerifyRequest) -> tuple[Verified, str | None]:
    """What is proved of the image, and the requested tag or digest. Raises KitError where it does not hold."""
    keys = [content_of(key) for key in request.keys]
    attestation = content_of(request.attestation) if request.attestation else None
    blobs, expected = source_of(request.image, request.directory.resolve())
    verified = verify_image(blobs, expected, keys=keys, attestation=attestation, unsigned=request.unsigned)
    return verified, expected


def source_of(name: str, root: Path) -> tuple[Blobs, str | None]:
    """Where the image's blobs come from, and the tag or digest to expect there; a whole layout needs no network."""
    image = parse_image(name, root)
    if isinstance(image, LayoutReference):
        return LayoutBlobs(image.folder, lambda: registries(root)), image.wanted
    return registries(root).repository(image.name), image.wanted


def registries(root: Path) -> Registries:
    """The registries as the project here speaks to them, where there is one."""
    descriptor = load_descriptor(root, Catalog(root)) if (root / DESCRIPTOR).is_file() else None
    return world_for(descriptor, dict(os.environ)).registries()


def content_of(path: Path) -> bytes:
    """A file's content. Raises UsageError where it cannot be read, or is larger than a key or an attestation can be."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_DOCUMENT + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > LARGEST_DOCUMENT:
        raise UsageError(f"{path} is too large", hint=f"at most {LARGEST_DOCUMENT} bytes")
    return content
