"""`pipeline-kit verify`: proves that an image holds what was judged, unchanged, and that our key says so."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from pipeline_kit.catalog import Catalog
from pipeline_kit.contract.image_documents import LARGEST_DOCUMENT
from pipeline_kit.contract.image_reference import LayoutReference, parse_image
from pipeline_kit.contract.oci import Blobs, Registries
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.errors import UsageError
from pipeline_kit.images.oci.source import LayoutBlobs
from pipeline_kit.images.verify.image import Verified, verify_image
from pipeline_kit.runner.world import world_for

DESCRIPTOR = "pipeline-kit.yml"
UNSIGNED = "by digests only: who made the image was not checked"


def execute(arguments: argparse.Namespace) -> int:
    """Verifies the image and prints what was proved; what does not hold ends with the exit code 1."""
    if bool(arguments.key) == arguments.unsigned:
        hint = "--key FILE gives the public key of who signs; --unsigned checks digests only, not who made the image"
        raise UsageError("say either by which key the image is verified, or that none is wanted", hint=hint)
    keys = [content_of(entry) for entry in arguments.key or ()]
    attestation = content_of(arguments.attestation) if arguments.attestation else None
    blobs, expected = opened(arguments)
    verified = verify_image(blobs, expected, keys=keys, attestation=attestation, unsigned=arguments.unsigned)
    if arguments.json:
        print(json.dumps(document_of(verified), indent=2))
    else:
        print("\n".join(lines_of(verified)))
        if expected is not None and expected != verified.digest:
            print(f"  the tag {expected} may lead to another image tomorrow: deploy {verified.digest}")
    return 0


def opened(arguments: argparse.Namespace) -> tuple[Blobs, str | None]:
    """Where the image's blobs come from, and the tag or digest that is wanted there. A whole layout asks no network."""
    root = arguments.directory.resolve()
    image = parse_image(arguments.image, root)
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


def document_of(verified: Verified) -> dict[str, object]:
    """What was proved, as JSON has it."""
    return {
        "image": verified.digest,
        "signed": verified.signed,
        "key": verified.key,
        "project": verified.project,
        "model": verified.model_digest,
        "package": verified.package,
        "commit": verified.commit,
        "verdict": verified.verdict,
        "kit": verified.kit,
        "sbom": verified.sbom,
        "layers": verified.layers,
        "files": verified.files,
        "ignored": list(verified.ignored),
        "statement": verified.statement.document if verified.statement else None,
    }


def lines_of(verified: Verified) -> list[str]:
    """What was proved, to be read."""
    statement = verified.statement
    lines = [
        f"verified {verified.digest}",
        f"  project {verified.project}, verdict {verified.verdict}, commit {verified.commit or 'unknown'}",
        f"  model   {verified.model_digest}",
        f"  package {verified.package}",
        f"  {verified.layers} layers and {verified.files} files of model, code and manifest are what they should be",
    ]
    if statement is not None and verified.signed:
        data = [f"{name} {digest}" for name, digest in statement.dependencies.items() if name.startswith("data/")]
        lines += [f"  {item}" for item in data]
    sbom = f"is {verified.sbom}" if verified.sbom else "is not attached"
    lines.append(f"  SBOM {sbom}")
    who = f"signed by the key {verified.key}, with pipeline-kit {verified.kit}" if verified.signed else UNSIGNED
    return [*lines, *(f"  ignored: {item}" for item in verified.ignored), f"  {who}"]
