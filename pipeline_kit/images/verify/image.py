"""The proof of an image: that it holds what was judged, that nothing in it was changed, and that our key says so.

The manifest's digest binds the configuration and every layer, and the signed statement binds that digest; so without
reading a layer (`deep=False`) all is bound already. Reading them proves that the statement is true as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import Image, read_image
from pipeline_kit.contract.image_reference import DIGEST, Reference
from pipeline_kit.contract.oci import Blobs
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.names import (
    LABEL_MODEL_DIGEST,
    LABEL_PACKAGE_DIGEST,
    LABEL_REVISION,
    LABEL_TITLE,
    LABEL_VERDICT,
    STATEMENT_TYPE,
)
from pipeline_kit.images.oci.attach import read_payload
from pipeline_kit.images.verify.content_check import check_contents, check_documents, check_layers
from pipeline_kit.images.verify.package_facts import refuse_unpassed
from pipeline_kit.images.verify.sbom_check import check_sboms
from pipeline_kit.images.verify.signature import Opened, open_envelope, unverified_payload
from pipeline_kit.images.verify.statement_check import (
    Statement,
    check_against_image,
    check_against_package,
    read_statement,
)

MOST_ATTESTATIONS = 32
NEEDED = (LABEL_TITLE, LABEL_MODEL_DIGEST, LABEL_PACKAGE_DIGEST, LABEL_VERDICT)


@dataclass(frozen=True, slots=True)
class Verified:
    """What was proved of an image. `key` is the id of the key that signed; none where only digests were checked.

    `layers` and `files` count what was read, and are 0 where only the documents were; `sbom` is the digest of the
    attached and verified SBOM, `statement` what was signed, or declared without a signature.
    """

    digest: str
    project: str
    model_digest: str
    package: str
    commit: str | None
    verdict: str
    key: str | None
    kit: str | None = None
    layers: int = 0
    files: int = 0
    sbom: str | None = None
    statement: Statement | None = None
    ignored: tuple[str, ...] = ()  # why attestations that are attached too were not believed

    @property
    def signed(self) -> bool:
        """Whether a key that was given has signed what the image is."""
        return self.key is not None


def verify_image(
    blobs: Blobs,
    reference: str | None,
    *,
    keys: Sequence[bytes],
    attestation: bytes | None = None,
    deep: bool = True,
    unsigned: bool = False,
) -> Verified:
    """What is proved of the image of a tag or digest, by public keys in PEM; `attestation` where none is attached.

    With `unsigned` and no keys, only digests are checked. Raises ModelError with the fault, UsageError without keys
    or for an invalid one, InfrastructureError where a registry fails.
    """
    if not keys and not unsigned:
        raise UsageError("a public key is needed to verify the image", hint="give public keys, or ask for digests only")
    image = read_image(blobs, reference)
    check_identity(image, reference)
    diff_ids = check_documents(image)
    check_kit(image)
    key, signed, ignored = accepted(image, blobs, keys, attestation)
    listed = signed.byproducts.get("sbom") if signed else None
    sbom = check_sboms(image, blobs, listed, signed=signed is not None)
    layers = files = 0
    if deep:
        check_layers(image, blobs, diff_ids)
        facts = check_contents(image, blobs)
        if signed is not None:
            check_against_package(signed, image, facts)
        layers, files = len(image.layers), len(facts.places()) + 1
    labels = image.labels
    return Verified(
        image.digest,
        labels[LABEL_TITLE],
        labels[LABEL_MODEL_DIGEST],
        labels[LABEL_PACKAGE_DIGEST],
        labels.get(LABEL_REVISION),
        labels[LABEL_VERDICT],
        key,
        signed.kit if signed else None,
        layers,
        files,
        sbom,
        signed,
        ignored,
    )


def verify_pushed(
    blobs: Blobs,
    image: Reference | str,
    attestation: bytes | None = None,
    keys: Sequence[bytes] = (),
    *,
    deep: bool = True,
    unsigned: bool = False,
) -> Verified:
    """What is proved of an image in a registry; the attestation is found among its referrers where none is given.

    Raises as `verify_image`.
    """
    expected = image.wanted if isinstance(image, Reference) else image
    return verify_image(blobs, expected, keys=keys, attestation=attestation, deep=deep, unsigned=unsigned)


def check_identity(image: Image, reference: str | None) -> None:
    """Raises ModelError unless the manifest's bytes have its digest and the requested one."""
    result = digest_bytes(image.stored.content)
    if result != image.digest:
        raise ModelError(f"the image's manifest has the digest {result}, not {image.digest}", hint="it was changed")
    if reference is not None and DIGEST.fullmatch(reference) and reference != result:
        raise ModelError(f"asked for {reference}, the registry gave {result}", hint="do not trust this registry")


def check_kit(image: Image) -> None:
    """Raises ModelError where the image does not say which model and package it holds."""
    missing = [label for label in NEEDED if label not in image.labels]
    if missing:
        raise ModelError(f"the image has no label {missing[0]}", hint="another tool made it; build it with the kit")


def accepted(
    image: Image, blobs: Blobs, keys: Sequence[bytes], attestation: bytes | None
) -> tuple[str | None, Statement | None, tuple[str, ...]]:
    """The key that signed and the statement, the first that holds, and why others before it did not.

    Raises ModelError where none holds.
    """
    refused: list[ModelError] = []
    given = [attestation] if attestation is not None else attached_envelopes(image, blobs, refused)
    for content in given:
        try:
            opened = open_envelope(content, keys) if keys else Opened(unverified_payload(content), "")
            statement = read_statement(opened.payload)
            check_against_image(statement, image)
        except ModelError as error:
            refused.append(error)
        else:
            return opened.key or None, statement, tuple(model_error.message for model_error in refused)
    if len(refused) == 1:
        raise refused[0]
    if refused:
        first = refused[0]
        raise ModelError(f"none of {len(refused)} attestations holds; of one, {first.message}", hint=first.hint)
    if keys:
        hint = "let a job of the stage sign come before the push, or give the file: --attestation FILE"
        raise ModelError(f"no attestation is attached to {image.digest}", hint=hint)
    refuse_unpassed({"status": image.labels[LABEL_VERDICT], "decision": "unknown"}, "the image's")
    return None, None, ()


def attached_envelopes(image: Image, blobs: Blobs, refused: list[ModelError]) -> Iterator[bytes]:
    """The attestations that are attached to the image; those that cannot be read go to `refused`."""
    referrers = [referrer for referrer in blobs.referrers(image.digest) if referrer.artifact_type == STATEMENT_TYPE]
    if len(referrers) > MOST_ATTESTATIONS:
        what = f"{len(referrers)} attestations are attached to {image.digest}, more than {MOST_ATTESTATIONS}"
        raise ModelError(what, hint="take out those that are not yours")
    for blob in referrers:
        try:
            yield read_payload(blobs, blob, image.digest)
        except ModelError as error:
            refused.append(error)
