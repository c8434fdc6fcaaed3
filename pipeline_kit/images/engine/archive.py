"""What `docker save` writes, as an OCI layout: the same configuration and layers, each layer with its kind.

Every engine writes a `manifest.json` that names the configuration and the layers; those from version 25 on write an
`index.json` beside it, which describes the same blobs. Source: Docker Image Specification 1.2.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from pipeline_kit.contract.digest import PREFIX
from pipeline_kit.contract.image_documents import LARGEST_DOCUMENT, read_document, write_document
from pipeline_kit.contract.oci import CONFIG, LAYER, LAYER_GZIP, MANIFEST, ContentDescriptor
from pipeline_kit.errors import ModelError
from pipeline_kit.images.build.layer_plan import DEPENDENCIES
from pipeline_kit.images.build.layers import LATEST
from pipeline_kit.images.names import CODE, LAYER_DIFF, LAYER_KIND, MODEL, PACKAGES
from pipeline_kit.images.names import CONFIG as CONFIG_FOLDER
from pipeline_kit.images.oci.files import BROKEN, open_layer
from pipeline_kit.images.oci.layout import TAG_ANNOTATION, Layout
from pipeline_kit.images.oci.root import BASE

DOCKER_FILE = "manifest.json"
COPY_BYTES = 1 << 20
GZIP_START = b"\x1f\x8b"
KINDS = {PACKAGES: DEPENDENCIES, CODE: "code", MODEL: "model", CONFIG_FOLDER: "config"}


def as_layout(archive: Path, folder: Path) -> ContentDescriptor:
    """Makes a layout of the archive's only image, tagged `latest`; what points to it.

    Raises ModelError where the archive is broken or its layers are not those of its configuration.
    """
    layout = Layout.make(folder)
    with opened(archive) as tar:
        listed = entry_of(tar)
        config_bytes = content_of(tar, str(listed.get("Config")))
        config = read_document(config_bytes, "the configuration that the engine wrote")
        diff_ids = (config.get("rootfs") or {}).get("diff_ids") or []
        names = listed.get("Layers") or []
        if len(names) != len(diff_ids) or not names:
            raise ModelError(f"the engine wrote {len(names)} layers, not {len(diff_ids)}", hint="build the image again")
        layers = [
            adopt(tar, str(name), str(diff_id), layout, archive.parent)
            for name, diff_id in zip(names, diff_ids, strict=True)
        ]
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layout.add_bytes(config_bytes, CONFIG).document(),
        "layers": [layer.document() for layer in layers],
    }
    image = layout.add_bytes(write_document(document), MANIFEST)
    platform = {name: str(config[key]) for name, key in PLATFORM.items() if config.get(key)}
    layout.write_index([replace(image, annotations={TAG_ANNOTATION: LATEST}, platform=platform)])
    return image


PLATFORM = {"architecture": "architecture", "os": "os", "variant": "variant"}


@contextmanager
def opened(archive: Path) -> Iterator[tarfile.TarFile]:
    """The archive. Raises ModelError for an incomplete tar."""
    try:
        with tarfile.open(archive, "r:") as tar:
            yield tar
    except BROKEN as error:
        raise ModelError(f"the engine's archive is broken: {error}", hint="build the image again") from error


def entry_of(tar: tarfile.TarFile) -> dict[str, Any]:
    """What the archive says of its only image."""
    try:
        listed = json.loads(content_of(tar, DOCKER_FILE))
    except ValueError as error:
        raise ModelError(f"the engine's {DOCKER_FILE} is not JSON: {error}") from error
    if not isinstance(listed, list) or len(listed) != 1 or not isinstance(listed[0], dict):
        raise ModelError(f"the engine's {DOCKER_FILE} lists no image, or several", hint="save one image")
    return listed[0]


def content_of(tar: tarfile.TarFile, name: str) -> bytes:
    """The bytes of a document in the archive."""
    with member(tar, name) as file:
        content = file.read(LARGEST_DOCUMENT + 1)
    if len(content) > LARGEST_DOCUMENT:
        raise ModelError(f"{name} of the engine's archive is too large", hint="build the image again")
    return content


def member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    """A file of the archive; a layer that an image has twice is a link to the first."""
    try:
        file = tar.extractfile(posixpath.normpath(name))
    except KeyError:
        file = None
    if file is None:
        raise ModelError(f"the engine's archive has no file {name}", hint="build the image again")
    return file


def adopt(tar: tarfile.TarFile, name: str, diff_id: str, layout: Layout, scratch: Path) -> ContentDescriptor:
    """Puts a layer into the layout, its content the one that the configuration names."""
    partial = scratch / "layer.partial"
    hashed, size = hashlib.sha256(), 0
    with member(tar, name) as source, partial.open("wb") as target:
        while piece := source.read(COPY_BYTES):
            hashed.update(piece)
            size += target.write(piece)
    digest = PREFIX + hashed.hexdigest()
    with partial.open("rb") as file:
        packed = file.read(len(GZIP_START)) == GZIP_START
    result = inflated_digest(partial) if packed else digest
    if result != diff_id:
        raise ModelError(f"layer {name} is {result}, and its configuration names {diff_id}", hint="build it again")
    descriptor = ContentDescriptor(LAYER_GZIP if packed else LAYER, digest, size)
    layout.add_file(partial, descriptor)
    partial.unlink()
    return replace(descriptor, annotations={LAYER_DIFF: diff_id, LAYER_KIND: kind_of(layout, descriptor)})


def inflated_digest(path: Path) -> str:
    """The digest of what a gzip file holds."""
    with gzip.open(path, "rb") as file:
        return PREFIX + hashlib.file_digest(file, "sha256").hexdigest()


def kind_of(layout: Layout, layer: ContentDescriptor) -> str:
    """What a layer holds: its folder of the application; `base` where it touches none, the code's where several."""
    names = set()
    with open_layer(layout, layer) as tar:
        for entry in tar:
            path = posixpath.normpath("/" + entry.name).lstrip("/")
            if not entry.isdir():
                names |= {kind for folder, kind in KINDS.items() if path.startswith(f"{folder}/")}
    if not names:
        return BASE
    return names.pop() if len(names) == 1 else "code"
