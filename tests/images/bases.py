"""Bases in OCI layouts: one tiny layer, and a configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline_kit.contract.image_documents import write_document
from pipeline_kit.contract.oci import CONFIG, INDEX, LAYER, MANIFEST, ContentDescriptor
from pipeline_kit.images.oci.layout import TAG_ANNOTATION, Layout
from pipeline_kit.images.oci.tar_layer import LayerFile, write_layer


def base_layout(
    folder: Path,
    *,
    architecture: str = "amd64",
    environment: Sequence[str] = ("PATH=/usr/bin",),
    labels: Mapping[str, str] | None = None,
    media_type: str = LAYER,
    diff_ids: Sequence[str] | None = None,
    tag: str = "latest",
) -> Path:
    """A layout with one base."""
    layout = Layout.make(folder)
    found = base_manifest(
        layout, architecture, environment=environment, labels=labels, media_type=media_type, diff_ids=diff_ids
    )
    layout.write_index([replace(found, annotations={TAG_ANNOTATION: tag}, platform={})])
    return folder


def index_of(folder: Path, architectures: Sequence[str], *, nested: bool) -> dict[str, str]:
    """A layout with a base for each architecture; the digests of their manifests."""
    layout = Layout.make(folder)
    found = [base_manifest(layout, each) for each in architectures]
    if nested:
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [each.document() for each in found]}
        index = layout.add_bytes(write_document(document), INDEX)
        layout.write_index([replace(index, annotations={TAG_ANNOTATION: "latest"})])
    else:
        layout.write_index([replace(each, annotations={TAG_ANNOTATION: "latest"}) for each in found])
    return {architecture: each.digest for architecture, each in zip(architectures, found, strict=True)}


def base_manifest(
    layout: Layout,
    architecture: str,
    *,
    environment: Sequence[str] = ("PATH=/usr/bin",),
    labels: Mapping[str, str] | None = None,
    media_type: str = LAYER,
    diff_ids: Sequence[str] | None = None,
) -> ContentDescriptor:
    """A base in a layout that does not list it yet."""
    with (layout.folder / "layer").open("wb") as file:
        layer = write_layer({f"etc/{architecture}": LayerFile.of(b"base")}, file)
    descriptor = replace(layer.descriptor, media_type=media_type)
    layout.add_file(layout.folder / "layer", descriptor)
    config = {
        "os": "linux",
        "architecture": architecture,
        "config": {"Env": list(environment), "Labels": dict(labels or {}), "Cmd": ["sh"]},
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id] if diff_ids is None else list(diff_ids)},
        "history": [{"created_by": "base"}],
    }
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layout.add_bytes(write_document(config), CONFIG).document(),
        "layers": [descriptor.document()],
    }
    made = layout.add_bytes(write_document(document), MANIFEST)
    return replace(made, platform={"os": "linux", "architecture": architecture})
