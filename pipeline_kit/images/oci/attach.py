"""What is attached to an image in a registry: a manifest whose subject is the image, with one payload.

Source: OCI Image Specification 1.1, "Guidelines for Artifact Usage".
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import read_descriptor, read_document, write_document
from pipeline_kit.contract.oci import EMPTY, MANIFEST, Blobs, ContentDescriptor, StoredManifest
from pipeline_kit.errors import ModelError

EMPTY_CONTENT = b"{}"
LARGEST_PAYLOAD = 64 << 20


@dataclass(frozen=True, slots=True)
class Attachment:
    """A manifest to attach, and its payload: `descriptor` points to the payload's blob."""

    manifest: StoredManifest
    descriptor: ContentDescriptor
    payload: bytes


def attachment(subject: ContentDescriptor, payload: bytes, *, artifact_type: str, payload_type: str) -> Attachment:
    """What attaches a payload to the subject; the same payload gives the same bytes."""
    descriptor = ContentDescriptor(payload_type, digest_bytes(payload), len(payload))
    empty = ContentDescriptor(EMPTY, digest_bytes(EMPTY_CONTENT), len(EMPTY_CONTENT))
    plain = ContentDescriptor(subject.media_type, subject.digest, subject.size)
    content = write_document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": artifact_type,
            "config": empty.document(),
            "layers": [descriptor.document()],
            "subject": plain.document(),
        }
    )
    return Attachment(StoredManifest(content, MANIFEST, digest_bytes(content)), descriptor, payload)


def read_payload(blobs: Blobs, referrer: ContentDescriptor, subject: str) -> bytes:
    """The payload of an attached manifest, verified. Raises ModelError where it is attached to something else."""
    stored = blobs.manifest(referrer.digest)
    label = f"attached manifest {referrer.digest}"
    document = read_document(stored.content, label)
    text = document.get("subject")
    if not isinstance(text, dict) or text.get("digest") != subject:
        raise ModelError(f"{label} is not attached to {subject}")
    layers = document.get("layers")
    if not isinstance(layers, list) or len(layers) != 1:
        raise ModelError(f"{label} has not exactly one payload")
    descriptor = read_descriptor(layers[0], f"the payload of {label}")
    if descriptor.size > LARGEST_PAYLOAD:
        raise ModelError(f"the payload of {label} has {descriptor.size} bytes, more than {LARGEST_PAYLOAD}")
    return blobs.blob(descriptor).read_bytes()
