"""The image that a job releases: by digest, signed by our key, and verified in the environment before."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline_kit.contract.image_documents import Image, read_image
from pipeline_kit.contract.image_reference import Reference, parse_reference
from pipeline_kit.contract.oci import Registries, Repository
from pipeline_kit.deploy.job import ReleaseJob
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.names import LABEL_COMMIT_TIME
from pipeline_kit.images.verify.image import Verified, verify_pushed


@dataclass(frozen=True, slots=True)
class VerifiedImage:
    """An image by digest, where its blobs are, and what was proved of it."""

    reference: Reference
    blobs: Repository
    image: Image
    verified: Verified

    @property
    def commit_time(self) -> int:
        """When its commit was made, in seconds since 1970; 0 where that is not known."""
        label = self.image.labels.get(LABEL_COMMIT_TIME, "")
        return int(label) if label.isdecimal() and len(label) <= 12 else 0


def verified_image(job: ReleaseJob, registries: Registries, log: Callable[[str], None]) -> VerifiedImage:
    """The image that the job names, or else the one that was pushed before it.

    Raises ModelError if it does not verify, belongs to another project, or was not verified in the environment before;
    UsageError if no image or no key is named.
    """
    reference = reference_of(job)
    refuse_unverified_before(job, reference, log)
    blobs = registries.repository(reference.name)
    keys = keys_of(job)
    verified = verify_pushed(blobs, reference, keys=keys, deep=job.settings.read_layers, unsigned=not keys)
    if verified.project != job.project:
        message = f"the image belongs to the project {verified.project}, not to {job.project}"
        raise ModelError(message, hint="deploy it from that project")
    who = f"signed by the key {verified.key}" if verified.signed else "not signed"
    log(f"{reference} verified: model {verified.model_digest}, verdict {verified.verdict}, {who}")
    return VerifiedImage(reference, blobs, read_image(blobs, reference.digest), verified)


def reference_of(job: ReleaseJob) -> Reference:
    """The image by digest, without a tag: tags move."""
    named = job.settings.image
    if named is None:
        if job.pushed is None:
            raise UsageError("no job before this one pushed an image", hint="let it need a push, or name the `image`")
        named = str(read_json(job.pushed).get("image"))
    reference = parse_reference(named)
    if reference.digest is None:
        hint = "write the digest, such as registry.example/team/fraud@sha256:..."
        raise UsageError(f"{named} has no digest", hint=hint)
    return reference.at(reference.digest)


def keys_of(job: ReleaseJob) -> tuple[bytes, ...]:
    """The public keys that may have signed the image; empty if the job releases unsigned images."""
    names = job.settings.key
    if bool(names) == job.settings.unsigned:
        hint = "`key: [release.pub]` names files with public keys; `unsigned: true` accepts an image of any builder"
        raise UsageError("set either `key` or `unsigned: true`", hint=hint)
    return tuple(content_of(job.workspace / name, name) for name in names)


def content_of(path: Path, name: str) -> bytes:
    """A key's file. Raises UsageError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the key {name} cannot be read: {error.strerror}", hint="it is a file of the project"
        ) from error


def refuse_unverified_before(job: ReleaseJob, reference: Reference, log: Callable[[str], None]) -> None:
    """Raises ModelError unless the environment before this one has verified this very image."""
    before = job.before
    if before is None:
        return
    released: Mapping[str, Any] = read_json(job.released) if job.released else {}
    if released.get("environment") != before.name:
        what = f"no job before this one has released to {before.name}"
        raise ModelError(what, hint=f"let it need the job that releases to {before.name}")
    verified = str(released.get("image")).rpartition("@")[2]
    if verified != reference.digest:
        message = f"{before.name} has verified the image {verified}, not {reference.digest}"
        raise ModelError(message, hint=f"release it to {before.name} first")
    revision = released.get("revision")
    log(f"{before.name} verified the image as its revision {revision}; whether it still serves it is not checked")


def read_json(path: Path) -> Mapping[str, Any]:
    """The JSON object that an earlier job wrote. Raises ModelError if it is not one."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path.name} cannot be read: {error}", hint="run the job that makes it again") from error
    if not isinstance(document, dict):
        raise ModelError(f"{path.name} is not a JSON object", hint="run the job that makes it again")
    return document
