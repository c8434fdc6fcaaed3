"""Checks an image's content against its own claims: layers, package manifest, model and code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from pipeline_kit.contract.digest import PREFIX
from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.oci import CONFIG, Blobs, ContentDescriptor
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import (
    APP,
    CODE,
    LABEL_MODEL_DIGEST,
    LABEL_PACKAGE_DIGEST,
    LABEL_REVISION,
    LABEL_TITLE,
    LABEL_VERDICT,
    LAYER_DIFF,
    MANIFEST_FILE,
    MODEL,
)
from pipeline_kit.images.names import CONFIG as CONFIG_FOLDER
from pipeline_kit.images.oci.files import BROKEN, COPY_BYTES, ImageFile, image_files, inflated, inflation_limit
from pipeline_kit.images.verify.package_facts import LARGEST_MANIFEST, PackageFacts, read_facts, refuse_unpassed

DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
MOST_LAYERS = 512
CHANGED = "the image was changed, or another tool made it"


@dataclass(frozen=True, slots=True)
class Contents:
    """What an image's final state has of the package: the manifest's bytes, and the digests of model and code files."""

    manifest: bytes
    files: Mapping[str, str]


def check_documents(image: Image) -> tuple[str, ...]:
    """The diff ids of the layers. Raises ModelError where manifest and configuration do not go together."""
    media_type = image.manifest.get("mediaType", image.stored.media_type)
    if media_type != image.stored.media_type:
        raise ModelError(
            f"the image's manifest says it is a {media_type}, not a {image.stored.media_type}", hint=CHANGED
        )
    if image.config_descriptor.media_type not in (CONFIG, DOCKER_CONFIG):
        raise ModelError(f"the image's config is a {image.config_descriptor.media_type}", hint=CHANGED)
    if len(image.layers) > MOST_LAYERS:
        raise ModelError(f"the image has {len(image.layers)} layers, more than {MOST_LAYERS}", hint=CHANGED)
    rootfs = image.config.get("rootfs")
    diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(diff_ids, list) or not all(isinstance(diff_id, str) for diff_id in diff_ids):
        raise ModelError("the image's config has no diff ids", hint=CHANGED)
    if len(diff_ids) != len(image.layers):
        what = f"the image's config has {len(diff_ids)} diff ids of {len(image.layers)} layers"
        raise ModelError(what, hint=CHANGED)
    for number, (layer, diff_id) in enumerate(zip(image.layers, diff_ids, strict=True)):
        if layer.annotations.get(LAYER_DIFF, diff_id) != diff_id:
            raise ModelError(f"layer {number} is annotated with another diff id than {diff_id}", hint=CHANGED)
    return tuple(diff_ids)


def check_layers(image: Image, blobs: Blobs, diff_ids: tuple[str, ...]) -> None:
    """Raises ModelError where a layer is missing, has other bytes, or is not what the configuration says."""
    for number, (layer, expected) in enumerate(zip(image.layers, diff_ids, strict=True)):
        diff_id = diff_id_of(blobs, layer)
        if diff_id != expected:
            raise ModelError(
                f"layer {number} has the diff id {diff_id}, the image's config says {expected}", hint=CHANGED
            )


def diff_id_of(blobs: Blobs, layer: ContentDescriptor) -> str:
    """The digest of a layer's tar; the blob's own is verified on the way. Raises ModelError where it is broken."""
    path = blobs.blob(layer)
    if not layer.media_type.endswith("gzip"):
        return layer.digest
    try:
        with path.open("rb") as file, inflated(file, layer.digest) as content:
            return digest_and_size(content)[0]
    except BROKEN as error:
        raise ModelError(f"layer {layer.digest} cannot be inflated: {error}", hint=CHANGED) from error


def check_contents(image: Image, blobs: Blobs) -> PackageFacts:
    """The facts of the package that the image holds. Raises ModelError where it holds anything else than that."""
    contents = read_contents(image, blobs)
    facts = read_facts(contents.manifest, f"{MANIFEST_FILE} of the image")
    check_labels(image, facts)
    refuse_unpassed(facts.verdict, "the package's")
    places = facts.places()
    for path in sorted({*places, *contents.files}):
        if path not in contents.files:
            raise ModelError(f"the image has no {path}, which its package lists", hint=CHANGED)
        if path not in places:
            raise ModelError(f"the image has {path}, which its package does not list", hint=CHANGED)
        if contents.files[path] != places[path].digest:
            what = "model" if path.startswith(f"{MODEL}/") else "code"
            fault = f"{contents.files[path]}, not {places[path].digest}"
            raise ModelError(f"{path} of the image is not the {what} of its package: {fault}", hint=CHANGED)
    return facts


def check_labels(image: Image, facts: PackageFacts) -> None:
    """Raises ModelError where a label says otherwise than the package in the image."""
    expected = {
        LABEL_PACKAGE_DIGEST: facts.digest,
        LABEL_MODEL_DIGEST: facts.model_digest,
        LABEL_TITLE: facts.project,
        LABEL_REVISION: facts.commit,
        LABEL_VERDICT: str(facts.verdict.get("status")),
    }
    for label, value in expected.items():
        message = image.labels.get(label)
        if message != value:
            raise ModelError(f"the image's label {label} says {message}, its {MANIFEST_FILE} {value}", hint=CHANGED)


def read_contents(image: Image, blobs: Blobs) -> Contents:
    """What the image's final state has of the package, in one pass. Raises ModelError for other than regular files."""
    manifest: bytes | None = None
    files: dict[str, str] = {}
    left = most_bytes(image)
    for entry in image_files(image, blobs):
        if entry.path in (APP, CODE, MODEL, CONFIG_FOLDER):
            if entry.kind != "folder":
                raise ModelError(f"{entry.path} of the image is a {entry.kind}, not a folder", hint=CHANGED)
        elif entry.path == MANIFEST_FILE:
            manifest = manifest_in(entry)
        elif entry.path.startswith((f"{CODE}/", f"{MODEL}/")) and entry.kind != "folder":
            check_plain(entry)
            left -= entry.size
            if left < 0:
                raise ModelError("the image's files have more bytes than its layers", hint="it is hostile")
            files[entry.path] = digest_of(entry)
    if manifest is None:
        raise ModelError(f"the image has no {MANIFEST_FILE}: the kit has not built it", hint=CHANGED)
    return Contents(manifest, files)


def most_bytes(image: Image) -> int:
    """How many bytes the files of an image can have; hard links to one large file, many times over, have more."""
    return sum(
        inflation_limit(layer.size) if layer.media_type.endswith("gzip") else layer.size for layer in image.layers
    )


def packaged_manifest(image: Image, blobs: Blobs) -> bytes:
    """The package's manifest in the image; of the layers no more are read than that takes. Raises ModelError."""
    for entry in image_files(image, blobs):
        if entry.path == MANIFEST_FILE:
            return manifest_in(entry)
    raise ModelError(f"the image has no {MANIFEST_FILE}: the kit has not built it", hint=CHANGED)


def manifest_in(entry: ImageFile) -> bytes:
    """The bytes of the manifest. Raises ModelError unless it is a file of at most the limit."""
    check_plain(entry)
    if entry.size > LARGEST_MANIFEST:
        raise ModelError(f"{entry.path} of the image has {entry.size} bytes", hint=f"at most {LARGEST_MANIFEST}")
    return entry.read(entry.size)


def check_plain(entry: ImageFile) -> None:
    """Raises ModelError for a link, a device or a pipe where the package has a file."""
    if entry.kind != "file":
        raise ModelError(f"{entry.path} of the image is a {entry.kind}, and the package has a file there", hint=CHANGED)


def digest_of(entry: ImageFile) -> str:
    """The digest of a file's content. Raises ModelError where the layer is broken."""
    try:
        with entry.open() as content:
            digest, size = digest_and_size(content)
    except BROKEN as error:
        raise ModelError(f"{entry.path} of the image cannot be read: {error}", hint=CHANGED) from error
    if size != entry.size:
        raise ModelError(f"{entry.path} of the image is cut off", hint=CHANGED)
    return digest


def digest_and_size(content: IO[bytes]) -> tuple[str, int]:
    """The digest of a stream, and its bytes."""
    h_a_s_h, size = hashlib.sha256(), 0
    while piece := content.read(COPY_BYTES):
        h_a_s_h.update(piece)
        size += len(piece)
    return PREFIX + h_a_s_h.hexdigest(), size
