"""Checks the SBOM attached to an image: it is the signed one, and describes this image."""

from __future__ import annotations

import json
from uuid import NAMESPACE_URL, uuid5

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.oci import Blobs
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import SBOM_TYPE
from pipeline_kit.images.oci.attach import LARGEST_PAYLOAD, read_payload

MOST_SBOMS = 32
HINT = "scan and sign the image again"


def check_sboms(image: Image, blobs: Blobs, expected: str | None, *, signed: bool) -> str | None:
    """The digest of the verified SBOM; None without an attached one.

    `expected` is the digest in the statement, `signed` whether there is a statement. Raises ModelError when SBOMs are
    attached and the statement's is missing or, without a statement, one describes another image.
    """
    attached = [referrer for referrer in blobs.referrers(image.digest) if referrer.artifact_type == SBOM_TYPE]
    if len(attached) > MOST_SBOMS:
        what = f"{len(attached)} SBOMs are attached to {image.digest}, more than {MOST_SBOMS}"
        raise ModelError(what, hint="remove those that are not yours")
    digests: list[str] = []
    for referrer in attached:
        content = read_payload(blobs, referrer, image.digest)
        digests.append(digest_bytes(content))
        if not signed:
            check_sbom(content, image.digest)
    if not signed or not digests:
        return digests[0] if digests else None
    if expected is None:
        raise ModelError("an SBOM is attached, but the signed statement names none", hint=HINT)
    if expected not in digests:
        what = f"the attached SBOM is {digests[0]}, but the signed statement names {expected}"
        raise ModelError(what, hint=HINT)
    return expected


def check_sbom(content: bytes, image: str) -> None:
    """Raises ModelError unless the SBOM's serial number is that of the image of that digest."""
    if len(content) > LARGEST_PAYLOAD:
        raise ModelError(f"the SBOM has {len(content)} bytes, more than {LARGEST_PAYLOAD}", hint=HINT)
    try:
        serial = json.loads(content)["serialNumber"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"the SBOM is not CycloneDX JSON: {error!r}", hint=HINT) from error
    if serial != uuid5(NAMESPACE_URL, image).urn:
        raise ModelError(f"the SBOM describes another image than {image}", hint=HINT)
