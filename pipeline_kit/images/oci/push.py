"""An image on its way into a repository: blobs at once, then the manifest, what is attached to it, and last the tags.

At any moment the repository has the old image under its tag, or the new one, whole: a tag moves only when all that it
leads to is there. What is there already is not sent, nor read.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.oci import EMPTY, Blobs, ContentDescriptor, Repository
from pipeline_kit.errors import InfrastructureError
from pipeline_kit.images.oci.attach import EMPTY_CONTENT, Attachment

Told = Callable[[str], None]
ROUNDS = 4
"""How often attachments are listed and those attached that are missing."""
STEP = 10
"""Per cent between two lines of progress."""


class Way(Enum):
    """How a blob got into the repository."""

    THERE = "there"
    MOUNTED = "mounted"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did: how each blob came, and the bytes that were sent."""

    digest: str
    ways: Mapping[str, Way]
    bytes_sent: int

    def count(self, way: Way) -> int:
        """How many blobs came that way."""
        return sum(item is way for item in self.ways.values())


@dataclass
class Meter:
    """Adds up the bytes that several threads send, and says so in lines of ten per cent."""

    total: int
    tell: Told
    sent: int = 0
    shown: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, count: int) -> None:
        """Some bytes were sent, or must be sent again."""
        with self.lock:
            self.sent += count
            share = 100 * self.sent // self.total if self.total else 100
            if share >= self.shown + STEP:
                self.shown = share - share % STEP
                self.tell(f"sent {self.sent / 1e6:.1f} of {self.total / 1e6:.1f} MB")


def push_image(
    blobs: Blobs,
    image: Image,
    target: Repository,
    *,
    attachments: Sequence[Attachment] = (),
    tags: Sequence[str] = (),
    parallel: int = 4,
    elsewhere: Mapping[str, str] | None = None,
    tell: Told = lambda line: None,
) -> Pushed:
    """Pushes the image and its attachments into the repository; called again, it resumes.

    `elsewhere` names repositories that are known to have blobs, by digest. Raises InfrastructureError where the
    registry fails, ModelError where a blob is not what its digest says.
    """
    expected = list({layer.digest: layer for layer in (image.config_descriptor, *image.layers)}.values())
    missing = [blob for blob in expected if not target.has(blob)]
    ways = dict.fromkeys((blob.digest for blob in expected), Way.THERE)
    sources = elsewhere or {}
    mounted = {blob.digest for blob in missing if mount(target, blob, sources.get(blob.digest))}
    ways.update(dict.fromkeys(mounted, Way.MOUNTED))
    unsent = [blob for blob in missing if blob.digest not in mounted]
    meter = Meter(sum(blob.size for blob in unsent), tell)
    with ThreadPoolExecutor(max(1, min(parallel, len(unsent) or 1))) as pool:
        for digest in pool.map(lambda each: send(blobs, target, each, meter), unsent):
            ways[digest] = Way.SENT
    target.push_manifest(image.stored)
    attach_all(target, image, attachments)
    for tag in tags:
        target.push_manifest(image.stored, tag)
    return Pushed(image.digest, ways, sum(blob.size for blob in unsent))


def mount(target: Repository, descriptor: ContentDescriptor, source: str | None) -> bool:
    """Whether another repository of the same registry has given the blob."""
    if source is None:
        return False
    host, _, path = source.partition("/")
    same = host == target.name.partition("/")[0]
    return same and source != target.name and target.mount_blob(descriptor.digest, path)


def send(blobs: Blobs, target: Repository, descriptor: ContentDescriptor, meter: Meter) -> str:
    """Uploads one blob, verified before the first byte leaves."""
    target.push_blob(descriptor, blobs.blob(descriptor), meter)
    return descriptor.digest


def attach_all(target: Repository, image: Image, attachments: Sequence[Attachment]) -> None:
    """Attaches what is not attached yet, until the registry lists all of it.

    Where a tag replaces the registry's own list, another push may write it at the same instant.
    """
    for _ in range(ROUNDS):
        listed = {referrer.digest for referrer in target.referrers(image.digest)} if attachments else set()
        missing = [attachment for attachment in attachments if attachment.manifest.digest not in listed]
        if not missing:
            return
        for item in missing:
            attach(target, image, item)
    raise InfrastructureError(
        f"{target.name} does not list what is attached to {image.digest}", hint="push it again when no other push runs"
    )


def attach(target: Repository, image: Image, what: Attachment) -> None:
    """Brings a payload and the manifest that attaches it."""
    empty = ContentDescriptor(EMPTY, EMPTY_DIGEST, len(EMPTY_CONTENT))
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-") as folder:
        for descriptor, content in ((empty, EMPTY_CONTENT), (what.descriptor, what.payload)):
            path = Path(folder) / descriptor.digest.removeprefix("sha256:")
            path.write_bytes(content)
            if not target.has(descriptor):
                target.push_blob(descriptor, path, lambda count: None)
    target.attach(what.manifest, image.descriptor)


EMPTY_DIGEST = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
"""Of the two bytes of an empty object (OCI Image Specification 1.1)."""
