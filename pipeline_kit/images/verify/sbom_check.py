"""The bill of materials that is attached to an image: the one that was signed, and of this image."""

from __future__ import annotations

import json
from uuid import NAMESPACE_URL, uuid5

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.oci import Blobs
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import SBOM_TYPE
from pipeline_kit.images.oci.attach import LARGEST_PAYLOAD, read_payload

MOST_BILLS = 32
HINT = "scan and sign the image again"


def check_bills(image: Image, blobs: Blobs, wanted: str | None, *, told: bool) -> str | None:
    """The digest of the attached bill of materials that holds; none where none is attached.

    `wanted` is the digest in the statement, `told` whether there is a statement. Raises ModelError where bills are
    attached and none of them is the statement's or, without a statement, one is of another image.
    """
    attached = [referrer for referrer in blobs.referrers(image.digest) if referrer.artifact_type == SBOM_TYPE]
    if len(attached) > MOST_BILLS:
        what = f"{len(attached)} bills of materials are attached to {image.digest}, more than {MOST_BILLS}"
        raise ModelError(what, hint="take out those that are not yours")
    names: list[str] = []
    for blob in attached:
        content = read_payload(blobs, blob, image.digest)
        names.append(digest_bytes(content))
        if not told:
            check_bill(content, image.digest)
    if not told or not names:
        return names[0] if names else None
    if wanted is None:
        raise ModelError("a bill of materials is attached that the statement does not name", hint=HINT)
    if wanted not in names:
        what = f"the attached bill of materials is {names[0]}, the statement's {wanted}"
        raise ModelError(what, hint=HINT)
    return wanted


def check_bill(content: bytes, image: str) -> None:
    """Raises ModelError unless a bill of materials is of the image of that digest, by its serial number."""
    if len(content) > LARGEST_PAYLOAD:
        raise ModelError(f"the bill of materials has {len(content)} bytes, more than {LARGEST_PAYLOAD}", hint=HINT)
    try:
        serial = json.loads(content)["serialNumber"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"the bill of materials is none: {error!r}", hint=HINT) from error
    if serial != uuid5(NAMESPACE_URL, image).urn:
        raise ModelError(f"the bill of materials is of another image than {image}", hint=HINT)
