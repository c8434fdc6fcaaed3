"""Removes old builds from a repository: only images that the kit has made and that no other tag leads to.

Attachments of a removed image stay in the registry, unlisted: they are small, and the registry's claim on what belongs
to what must not remove more than one image.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pipeline_kit.contract.image_documents import read_document, read_image
from pipeline_kit.contract.oci import Repository
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import LABEL_COMMIT_TIME
from pipeline_kit.images.oci.retention import BUILD, TaggedImage, removable

SECONDS = re.compile(r"[0-9]{1,12}")


def remove_old_builds(target: Repository, keep_last: int, pushed: str, log: Callable[[str], None]) -> int:
    """Removes old builds and returns their number; 0 if a tag cannot be read. `pushed` is the digest of this push.

    Raises InfrastructureError where the registry fails.
    """
    try:
        kept = {pushed, *held(target)}
        ours = list(builds(target))
        old = removable([build for build in ours if build.digest not in kept], keep_last)
        if old:  # once more: a release may have set its tag meanwhile, on a build that counted as one to keep
            kept |= set(held(target))
            old = removable([build for build in ours if build.digest not in kept], keep_last)
    except ModelError as error:
        log(f"no old build is removed: {error.message}")
        return 0
    for build in old:
        log(f"removing {', '.join(build.tags)}: {build.digest}")
        target.delete_manifest(build.digest)
    return len(old)


def held(target: Repository) -> Iterator[str]:
    """The digests that tags of people and releases lead to, through an index too.

    Raises ModelError where such a tag leads nowhere: what it held cannot be known.
    """
    for tag in target.tags():
        if not tag.startswith(BUILD):
            yield from led_to(target, tag)


def led_to(target: Repository, reference: str, depth: int = 4) -> Iterator[str]:
    """The manifest of a tag or digest, and where it is an index, those it lists."""
    stored = target.manifest(reference)
    yield stored.digest
    listed = read_document(stored.content, f"manifest {stored.digest}").get("manifests")
    for entry in listed if isinstance(listed, list) else ():
        digest = entry.get("digest") if isinstance(entry, dict) else None
        if not isinstance(digest, str):
            raise ModelError(f"index {stored.digest} lists something other than an image manifest")
        yield digest
        if "index" in str(entry.get("mediaType")) or "manifest.list" in str(entry.get("mediaType")):
            if depth == 0:
                raise ModelError(f"index {stored.digest} nests too deep")
            yield from led_to(target, digest, depth - 1)


def builds(target: Repository) -> Iterator[TaggedImage]:
    """The images that build tags lead to, each with all of these; only those whose labels the kit has written."""
    tags: dict[str, list[str]] = {}
    for tag in target.tags():
        if tag.startswith(BUILD):
            try:
                tags.setdefault(target.manifest(tag).digest, []).append(tag)
            except ModelError:  # it is gone: another process cleans up too
                continue
    for digest, names in tags.items():
        try:
            created = read_image(target, digest).labels.get(LABEL_COMMIT_TIME, "")
        except ModelError:  # an index, or an artefact: none of the kit's
            continue
        if SECONDS.fullmatch(created):
            yield TaggedImage(digest, tuple(names), int(created))
