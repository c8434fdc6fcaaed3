"""The push: refuses what does not belong together, sends what the registry lacks, and says what is there now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.image_documents import Image, read_image
from pipeline_kit.contract.oci import Repository
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import ENVELOPE_TYPE, LABEL_REVISION, SBOM_TYPE, STATEMENT_TYPE
from pipeline_kit.images.oci.attach import Attachment, attachment
from pipeline_kit.images.oci.cleanup import remove_old_builds
from pipeline_kit.images.oci.push import Pushed, Way, push_image
from pipeline_kit.images.oci.retention import BUILD
from pipeline_kit.images.oci.source import LayoutBlobs

from .settings import settings_of

COMMIT_LETTERS = 12


def run(context: StageContext) -> StageResult:
    """Passed when the repository has the image, all that is attached to it, and the tags.

    Raises ModelError where image and attachments do not belong together, InfrastructureError where the registry fails.
    """
    settings = settings_of(context.settings)
    artifact = context.nearest("image")
    if artifact is None:
        raise ModelError("no job before this one made an image", hint="let the job need the one that builds it")
    job, _, folder = artifact
    blobs = LayoutBlobs(folder, context.the_world().registries)
    image = read_image(blobs)
    built = context.upstream[job].record.facts.get("image")
    if built != image.digest:
        raise ModelError(f"the layout holds {image.digest}, but {job} built {built}", hint=f"run {job} again")
    attached = dict(attachments(context, image))
    target = context.the_world().registries().repository(settings.repository)
    tags = tuple(dict.fromkeys((*build_tag(image), *settings.tags)))
    pushed = push_image(
        blobs,
        image,
        target,
        attachments=tuple(attached.values()),
        tags=tags,
        parallel=settings.parallel,
        elsewhere=blobs.places,
        tell=context.log,
    )
    digests: dict[str, Value] = {kind: each.manifest.digest for kind, each in attached.items()}
    facts: dict[str, Value] = {
        "image": f"{target.name}@{pushed.digest}",
        "digest": pushed.digest,
        "repository": target.name,
        "tags": list(tags),
        "attestation": digests.get("attestation"),
        "sbom": digests.get("sbom"),
    }
    return report(context, pushed, facts, swept(context, settings.keep_last, target, pushed))


def attachments(context: StageContext, image: Image) -> Iterator[tuple[str, Attachment]]:
    """The image's SBOM and its attestation, as referrers to push with it."""
    kinds = {"sbom": (SBOM_TYPE, SBOM_TYPE), "attestation": (STATEMENT_TYPE, ENVELOPE_TYPE)}
    for kind, (artifact_type, payload_type) in kinds.items():
        artifact = context.nearest(kind)
        if artifact is None:
            continue
        job, _, path = artifact
        about = context.upstream[job].record.facts.get("image")
        if about != image.digest:
            raise ModelError(f"the {kind} of {job} is of {about}, not of {image.digest}", hint=f"run {job} again")
        made = attachment(image.descriptor, path.read_bytes(), artifact_type=artifact_type, payload_type=payload_type)
        yield kind, made


def build_tag(image: Image) -> tuple[str, ...]:
    """The tag of the commit that was built; none outside of a repository."""
    commit = image.labels.get(LABEL_REVISION, "")
    return (BUILD + commit[:COMMIT_LETTERS],) if commit else ()


def swept(context: StageContext, keep: int | None, target: Repository, pushed: Pushed) -> int:
    """Removes old builds but the newest `keep`, none where that is `None`; returns how many."""
    return 0 if keep is None else remove_old_builds(target, keep, pushed.digest, context.log)


def report(context: StageContext, pushed: Pushed, facts: dict[str, Value], removed: int) -> StageResult:
    """The result, and the file that says where the image is."""
    place: Path = context.place("pushed", "pushed.json")
    place.write_text(json.dumps({"version": 1, **facts}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    there, mounted, sent = (pushed.count(way) for way in Way)
    return StageResult(
        Outcome.PASSED,
        f"{facts['image']}: {sent} blobs sent ({pushed.bytes_sent / 1e6:.1f} MB), {there} there before, "
        f"{mounted} mounted",
        measurements={
            "blobs_sent": sent,
            "blobs_there": there,
            "blobs_mounted": mounted,
            "bytes_sent": pushed.bytes_sent,
            "images_removed": removed,
        },
        outputs={"pushed": context.left("pushed", place)},
        facts=facts,
    )
