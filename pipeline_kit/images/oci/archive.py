"""An image as one tar: an OCI layout that also has the `manifest.json` by which every Docker engine loads it.

Engines before 25 read no OCI layout; newer ones, and other tools, find one. Source: Docker Image Specification 1.2.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.oci import Blobs, ContentDescriptor
from pipeline_kit.images.oci.layout import INDEX_FILE, LAYOUT_MARK, MARK, TAG_ANNOTATION, index_document
from pipeline_kit.images.oci.tar_layer import LayerFile, write_layer

DOCKER_FILE = "manifest.json"


def as_archive(blobs: Blobs, image: Image, target: Path, *, names: Sequence[str] = (), tag: str = "latest") -> None:
    """Writes the image with all its layers to `target`; `names` such as `fraud:1.0` are what an engine will call it.

    Raises ModelError where a blob is not its digest's, InfrastructureError where one cannot be had.
    """
    listed = replace(image.descriptor, annotations={TAG_ANNOTATION: tag})
    docker = [
        {
            "Config": blob_path(image.config_descriptor),
            "RepoTags": list(names) or None,
            "Layers": [blob_path(layer) for layer in image.layers],
        }
    ]
    files = {
        MARK: LayerFile.of(LAYOUT_MARK),
        INDEX_FILE: LayerFile.of(index_document([listed])),
        DOCKER_FILE: LayerFile.of(json.dumps(docker, sort_keys=True).encode()),
        blob_path(image.descriptor): LayerFile.of(image.stored.content),
    }
    for layer in (image.config_descriptor, *image.layers):
        files[blob_path(layer)] = LayerFile.of(blobs.blob(layer))
    with target.open("wb") as file:
        write_layer(files, file)


def blob_path(descriptor: ContentDescriptor) -> str:
    """Where a layout has a blob."""
    return f"blobs/{descriptor.digest.replace(':', '/')}"
