"""The signature: refuses what does not belong together, states what the image is, and signs that."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_bytes, digest_file
from pipeline_kit.contract.image_documents import Image, read_image, write_document
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import MANIFEST_FILE
from pipeline_kit.images.oci.source import LayoutBlobs
from pipeline_kit.images.verify.content_check import check_contents, check_documents, check_labels, packaged_manifest
from pipeline_kit.images.verify.package_facts import LARGEST_MANIFEST, PackageFacts, read_facts, refuse_unpassed
from pipeline_kit.images.verify.sbom_check import check_sbom
from pipeline_kit.images.verify.signature import open_envelope, public_of, sign
from pipeline_kit.images.verify.statement import statement
from pipeline_kit.images.verify.statement_check import check_against_image, read_statement
from pipeline_kit.models.archive import open_archive
from pipeline_kit.models.package import MANIFEST

from .key import signing_key
from .settings import settings_of


def run(context: StageContext) -> StageResult:
    """Passed when the statement is signed, and its signature was verified.

    Raises ModelError where image, package, SBOM and findings do not belong together or the verdict did not
    pass, UsageError without a usable key.
    """
    settings = settings_of(context.settings)
    blobs, image = built_image(context)
    facts = judged_package(context)
    check_documents(image)
    check_labels(image, facts)
    held = digest_bytes(packaged_manifest(image, blobs))
    if held != facts.digest:
        what = f"{MANIFEST_FILE} of the image is {held}, the package's is {facts.digest}"
        raise ModelError(what, hint="build the image again from this package")
    if all(blobs.layout.has(layer) for layer in image.layers):  # else a registry has some, and verify reads them there
        check_contents(image, blobs)
    attached = attachments(context, image)
    payload = write_document(statement(image, facts, attached))
    private, passphrase = signing_key(settings, context.secrets)
    envelope = sign(payload, private, passphrase)
    opened = open_envelope(envelope, [public_of(private, passphrase)])
    check_against_image(read_statement(opened.payload), image)
    signed = {"image": image.digest, "model": facts.model_digest, "package": facts.digest, "key": opened.key}
    return report(context, envelope, {**signed, **attached})


def built_image(context: StageContext) -> tuple[LayoutBlobs, Image]:
    """The image of the job before this one. Raises ModelError where it is not the one that the job says it built."""
    artifact = context.nearest("image")
    if artifact is None:
        raise ModelError("no job before this one made an image", hint="let the job need the one that builds it")
    job, _, folder = artifact
    blobs = LayoutBlobs(folder, lambda: context.the_world().registries())
    image = read_image(blobs)
    built = context.upstream[job].record.facts.get("image")
    if built != image.digest:
        raise ModelError(f"the layout holds {image.digest}, but {job} built {built}", hint=f"run {job} again")
    return blobs, image


def judged_package(context: StageContext) -> PackageFacts:
    """The package's facts. Raises ModelError if it is missing, or its verdict did not pass."""
    package = context.nearest("package")
    if package is None:
        raise ModelError("no job before this one made a package", hint="let the job need a package, after a gate")
    with open_archive(package[2]) as archive:
        content = archive.read(MANIFEST, largest=LARGEST_MANIFEST)
    facts = read_facts(content, f"{MANIFEST} of {package[2].name}")
    refuse_unpassed(facts.verdict, "the package's")
    return facts


def attachments(context: StageContext, image: Image) -> dict[str, str]:
    """The digests of SBOM and findings. Raises ModelError for one of another image."""
    digests: dict[str, str] = {}
    for kind in ("sbom", "findings"):
        nearest = nearest_of_an_image(context, kind)
        if nearest is None:
            context.log(f"no {kind} before this job: the statement names none")
            continue
        job, about, path = nearest
        if about != image.digest:
            raise ModelError(f"the {kind} of {job} is of {about}, not of {image.digest}", hint=f"run {job} again")
        if kind == "sbom":
            check_sbom(path.read_bytes(), image.digest)
        digests[kind] = digest_file(path)
    return digests


def nearest_of_an_image(context: StageContext, kind: str) -> tuple[str, Value, Path] | None:
    """Job, image and file of the nearest output of that kind that is of an image: a scan may be of the source too."""
    for job, upstream in reversed(list(context.upstream.items())):
        about = upstream.record.facts.get("image")
        for name, output in upstream.record.outputs.items():
            if output.kind == kind and about is not None:
                return job, about, upstream.files[name]
    return None


def report(context: StageContext, envelope: bytes, signed: dict[str, Value]) -> StageResult:
    """The result, and the envelope."""
    place: Path = context.place("attestation", "attestation.json")
    place.write_bytes(envelope)
    facts: dict[str, Value] = {**signed, "attestation": digest_bytes(envelope)}
    context.log(json.dumps(facts, indent=1, sort_keys=True))
    return StageResult(
        Outcome.PASSED,
        f"signed {signed['image']} with the model {signed['model']} by the key {signed['key']}",
        measurements={"bytes": len(envelope)},
        outputs={"attestation": context.left("attestation", place)},
        facts=facts,
    )
