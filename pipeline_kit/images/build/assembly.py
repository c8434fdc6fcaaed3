"""An image's configuration and manifest, from what is in it. Pure: the same values give the same documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pipeline_kit.contract.oci import MANIFEST, ContentDescriptor
from pipeline_kit.images.build.base import Base
from pipeline_kit.images.build.content import ImageContent
from pipeline_kit.images.names import LABEL_PREFIX
from pipeline_kit.images.oci.platform import read_platform
from pipeline_kit.images.oci.root import BASE

BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # where a base has none


def config_document(content: ImageContent, base: Base, layers: Sequence[tuple[str, str]]) -> dict[str, object]:
    """The configuration; `layers` are kind and diff id of each, the base's first."""
    created = timestamp(content.created)
    values = [
        {"created": created, "created_by": f"pipeline-kit: {kind}"}
        for kind, _ in layers
        if kind != BASE or not base.history
    ]
    return {
        **read_platform(content.platform).document(),
        "created": created,
        "config": {
            "Env": environment(base, content.environment),
            "Entrypoint": list(content.entrypoint),
            "ExposedPorts": {f"{content.port}/tcp": {}},
            "Labels": labels(content, base),
            "StopSignal": "SIGTERM",
            "User": content.user,
            "WorkingDir": content.working_folder,
        },
        "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]},
        "history": [*(dict(entry) for entry in base.history), *values],
    }


def manifest_document(config: ContentDescriptor, layers: Sequence[ContentDescriptor], base: Base) -> dict[str, object]:
    """The manifest."""
    document: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.document(),
        "layers": [layer.document() for layer in layers],
    }
    if base.digest:
        document["annotations"] = base_facts(base)
    return document


def environment(base: Base, own: Mapping[str, str]) -> list[str]:
    """The container's variables: the base's, its PATH among them, and ours, which win."""
    values = {"PATH": PATH}
    for entry in base.settings.get("Env") or ():
        name, _, value = entry.partition("=")
        values[name] = value
    values.update(own)
    return [f"{name}={values[name]}" for name in sorted(values)]


def labels(content: ImageContent, base: Base) -> dict[str, str]:
    """The labels: ours, what the base is, and the base's own but for those that would speak for this image."""
    theirs = base.settings.get("Labels")
    kept = {
        str(name): str(value)
        for name, value in (theirs.items() if isinstance(theirs, dict) else ())
        if not str(name).startswith((LABEL_PREFIX, "org.opencontainers.image."))
    }
    return {**kept, **base_facts(base), **content.labels}


def base_facts(base: Base) -> dict[str, str]:
    """Digest and name of the base, as the OCI's own annotations call them."""
    facts = {BASE_DIGEST: base.digest or "", BASE_NAME: base.name}
    return {name: value for name, value in facts.items() if value}


def timestamp(seconds: int) -> str:
    """A time as RFC 3339 has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
