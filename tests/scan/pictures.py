"""Small images on disk, made by hand: any entries in any layers, honest or not."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline_kit.contract.image_documents import Image, read_image, write_document
from pipeline_kit.contract.oci import CONFIG, LAYER, LAYER_GZIP, MANIFEST
from pipeline_kit.images.names import LABEL_MODEL_DIGEST, LABEL_MODEL_VERSION, LABEL_TITLE, LAYER_KIND, USER
from pipeline_kit.images.oci.layout import TAG_ANNOTATION, Layout

CREATED = "2024-05-06T07:08:09Z"
MODEL_DIGEST = "sha256:" + hashlib.sha256(b"model").hexdigest()


@dataclass(frozen=True)
class Entry:
    """An entry of a layer: a file unless `kind` says folder, link, hard or device."""

    path: str
    content: bytes = b""
    mode: int = 0o644
    kind: str = "file"
    target: str = ""


@dataclass(frozen=True)
class Layer:
    """Entries with the kind that the manifest tells of their layer; none where it is empty."""

    entries: Sequence[Entry]
    kind: str = ""
    zipped: bool = False
    raw: bytes | None = None


TYPES = {
    "file": tarfile.REGTYPE,
    "folder": tarfile.DIRTYPE,
    "link": tarfile.SYMTYPE,
    "hard": tarfile.LNKTYPE,
    "device": tarfile.CHRTYPE,
}


@dataclass
class Picture:
    """An image of layers, with a configuration that is fine unless the test changes it."""

    layers: Sequence[Layer]
    config: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(
        default_factory=lambda: {
            LABEL_TITLE: "fraud",
            LABEL_MODEL_DIGEST: MODEL_DIGEST,
            LABEL_MODEL_VERSION: "7",
        }
    )

    def write(self, folder: Path) -> tuple[Layout, Image]:
        """The layout with the image, and the image as it is read back."""
        layout = Layout.make(folder)
        described = []
        for layer in self.layers:
            content = tar_of(layer.entries) if layer.raw is None else layer.raw
            media_type = LAYER_GZIP if layer.zipped else LAYER
            notes = {LAYER_KIND: layer.kind} if layer.kind else {}
            content = gzip.compress(content, mtime=0) if layer.zipped else content
            described.append(layout.add_bytes(content, media_type, **notes))
        settings = {"User": USER, "Labels": dict(self.labels), "Env": ["PORT=8000"], **self.config}
        history = settings.pop("history", [])
        config = {"created": CREATED, "architecture": "amd64", "os": "linux", "config": settings, "history": history}
        config["rootfs"] = {"type": "layers", "diff_ids": [each.digest for each in described]}
        pointer = layout.add_bytes(write_document(config), CONFIG)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": pointer.document(),
            "layers": [each.document() for each in described],
        }
        stored = layout.add_bytes(write_document(manifest), MANIFEST)
        layout.write_index([replace(stored, annotations={TAG_ANNOTATION: "latest"})])
        return layout, read_image(layout)


def tar_of(entries: Sequence[Entry]) -> bytes:
    """A tar of the entries, in their order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for each in entries:
            member = tarfile.TarInfo(each.path)
            member.type, member.mode, member.linkname = TYPES[each.kind], each.mode, each.target
            member.size = len(each.content)
            archive.addfile(member, io.BytesIO(each.content))
    return buffer.getvalue()


def text(document: Any) -> bytes:
    """A JSON document's bytes."""
    return json.dumps(document).encode()
