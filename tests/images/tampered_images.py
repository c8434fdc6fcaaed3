"""Ways to change an image: its bytes, its documents, and what it holds, each with what is said of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import write_document
from pipeline_kit.contract.oci import LAYER_GZIP
from pipeline_kit.images.names import CODE, MANIFEST_FILE, MODEL, SBOM_TYPE, STATEMENT_TYPE
from pipeline_kit.images.verify.content_check import packaged_manifest
from tests.images.signing import Change, Signed, bill_of
from tests.scan.pictures import Entry

Tamper = Callable[[Signed], None]
MODEL_FILE, CODE_FILE = f"{MODEL}/model.json", f"{CODE}/model/serving.py"
OTHER_MODEL = b'{"threshold": 0.9}'
OTHER = "sha256:" + "a" * 64
BYTES = "other bytes than its digest"


def path_of(case: Signed, kind: str) -> Path:
    return case.layout.path(case.layer(kind).digest)


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    content = change(path.read_bytes())
    path.unlink()  # it may be a hard link to another's file
    path.write_bytes(content)


def manifest_of(case: Signed) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(packaged_manifest(case.image, case.layout))
    return found


def text_of(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, indent=2).encode() + b"\n"


def layers_cut(case: Signed) -> None:
    """The manifest without its last layer, the configuration as it was."""
    case.rebuild(manifest=lambda document: document["layers"].pop())


def layers_turned(case: Signed) -> None:
    """The manifest's layers in another order, the configuration as it was."""
    case.rebuild(manifest=lambda document: document["layers"].reverse())


def unlabelled_layers_turned(case: Signed) -> None:
    def change(document: dict[str, Any]) -> None:
        document["layers"].reverse()
        for each in document["layers"]:
            del each["annotations"]

    case.rebuild(manifest=change)


def layer_field(name: str, value: Any) -> Tamper:
    return lambda case: case.rebuild(manifest=lambda document: document["layers"][2].update({name: value}))


def gzip_of_another(case: Signed) -> None:
    """A layer that is inflated to something else than the configuration says."""
    import gzip

    content = gzip.compress(path_of(case, "code").read_bytes(), mtime=0)
    old = case.layer("model")
    new = case.layout.add_bytes(content, LAYER_GZIP, **old.annotations)
    case.with_layers([new if each == old else each for each in case.image.layers])


def broken_gzip(case: Signed) -> None:
    old = case.layer("model")
    new = case.layout.add_bytes(b"no gzip at all", LAYER_GZIP, **old.annotations)
    case.with_layers([new if each == old else each for each in case.image.layers])


def other_manifest(change: Change) -> Tamper:
    """The package's manifest in the image changed."""

    def tamper(case: Signed) -> None:
        document = manifest_of(case)
        change(document)
        case.with_layer([Entry(MANIFEST_FILE, text_of(document))])

    return tamper


def judged(status: str) -> Tamper:
    """An image of a model that did not pass, whose labels and manifest agree on that."""

    def tamper(case: Signed) -> None:
        document = manifest_of(case)
        document["verdict"].update(status=status, decision=None)
        content = text_of(document)
        case.with_layer([Entry(MANIFEST_FILE, content)])
        case.labelled(package_digest=digest_bytes(content), verdict=status)

    return tamper


def doubled_manifest(case: Signed) -> None:
    content = text_of(manifest_of(case)).replace(b'"version": 1', b'"version": 1, "version": 1')
    case.with_layer([Entry(MANIFEST_FILE, content)])


def doubled_key(case: Signed) -> None:
    case.replace_manifest(case.image.stored.content.replace(b'"schemaVersion":2', b'"schemaVersion":2,"layers":[]'))


def doubled_config(case: Signed) -> None:
    content = write_document(case.image.config).replace(b'"os":"linux"', b'"os":"linux","os":"other"')
    pointer = case.layout.add_bytes(content, case.image.config_descriptor.media_type)
    case.rebuild(manifest=lambda document: document.update(config=pointer.document()))


def entry(path: str, content: bytes = b"", kind: str = "file", target: str = "") -> Tamper:
    """One more layer with one entry."""
    return lambda case: case.with_layer([Entry(path, content, kind=kind, target=target)])


def linked_model(case: Signed) -> None:
    """A hard link to a file beside it, in the model's own layer."""
    entries = [Entry(f"{MODEL}/other", OTHER_MODEL), Entry(MODEL_FILE, kind="hard", target=f"{MODEL}/other")]
    case.instead("model", entries)


def of_another(case: Signed) -> None:
    """The attestation of an image before this one, on this one."""
    before = case.envelope()
    case.rebuild(lambda config: config["config"].update(Entrypoint=["python3", "-m", "other"]))
    case.attach({STATEMENT_TYPE: [before]})


def given(**values: Any) -> Tamper:
    def tamper(case: Signed) -> None:
        for name, value in values.items():
            setattr(case, name, value)

    return tamper


CHANGED_IMAGES: dict[str, tuple[Tamper, str]] = {
    # Bytes on disk: no digest fits any more.
    "a byte of the model": (lambda case: case.flip(case.layer("model").digest, b'"threshold"'), BYTES),
    "a byte of the code": (lambda case: case.flip(case.layer("code").digest, b"import http"), BYTES),
    "a byte of manifest.json": (lambda case: case.flip(case.layer("config").digest, b'"model_digest"'), BYTES),
    "a byte of the dependencies": (lambda case: case.flip(case.layer("dependencies").digest, b"VALUE"), BYTES),
    "a byte of a tar's header": (lambda case: case.flip(case.layer("model").digest), BYTES),
    "a byte of the config": (lambda case: case.flip(case.image.config_descriptor.digest, b"linux"), BYTES),
    "a byte of the image's manifest": (lambda case: case.flip(case.image.digest, b"layers"), BYTES),
    "a layer cut off": (lambda case: rewrite(path_of(case, "code"), lambda old: old[:-1]), r"has \d+ bytes, not"),
    "a byte more in a layer": (lambda case: rewrite(path_of(case, "code"), lambda old: old + b"x"), "bytes, not"),
    "a layer gone": (lambda case: path_of(case, "dependencies").unlink(), "has no blob"),
    "a byte of the SBOM": (
        lambda case: rewrite(case.attached(SBOM_TYPE), lambda old: b"x" + old[1:]),
        BYTES,
    ),
    "a byte of the attestation": (
        lambda case: rewrite(case.attached(STATEMENT_TYPE), lambda old: b"x" + old[1:]),
        BYTES,
    ),
    # Another image in its place, with the attestation of the true one.
    "another model": (lambda case: case.instead("model", [Entry(MODEL_FILE, OTHER_MODEL)]), "the attestation is of"),
    "another entry point": (of_another, "the attestation is of"),
    "a layer dropped": (lambda case: case.with_layers(case.image.layers[1:]), "the attestation is of"),
    "a layer added": (entry("etc/cron.d/evil", b"* * * * * root"), "the attestation is of"),
    "layers in another order": (lambda case: case.with_layers(case.image.layers[::-1]), "the attestation is of"),
    "a label": (lambda case: case.labelled(version="9"), "the attestation is of"),
    "an annotation": (lambda case: case.rebuild(manifest=lambda it: it.update(annotations={"a": "b"})), "is of sha256"),
    # Manifest and configuration that do not go together.
    "a layer dropped, not its diff id": (layers_cut, "has 4 diff ids of 3 layers"),
    "layers turned, not their diff ids": (layers_turned, "annotated with another diff id"),
    "a size that lies": (layer_field("size", 3), "the attestation is of"),
    "a size below zero": (layer_field("size", -1), "is not a content descriptor"),
    "a manifest with a duplicate key": (doubled_key, "duplicate key in an object"),
    "a config with a duplicate key": (doubled_config, "duplicate key in an object"),
    "a manifest of another type": (
        lambda case: case.rebuild(manifest=lambda it: it.update(mediaType="application/x-other")),
        "says it is a application/x-other",
    ),
    "a config of another type": (
        lambda case: case.rebuild(manifest=lambda it: it["config"].update(mediaType="text/plain")),
        "the image's config is a text/plain",
    ),
    "a config that is too large": (
        lambda case: case.rebuild(manifest=lambda it: it["config"].update(size=1 << 30)),
        "has 1073741824 bytes, more than",
    ),
    "thousands of layers": (
        lambda case: case.rebuild(manifest=lambda it: it.update(layers=it["layers"] * 500)),
        "has 2000 layers",
    ),
    "no diff ids": (lambda case: case.rebuild(lambda it: it.pop("rootfs")), "has no diff ids"),
    "no labels": (lambda case: case.rebuild(lambda it: it["config"].pop("Labels")), "the image has no label"),
    "another digest asked for": (given(reference=OTHER), "holds no image sha256:aaa"),
}

HELD: dict[str, tuple[Tamper, str]] = {
    "another model": (
        lambda case: case.instead("model", [Entry(MODEL_FILE, OTHER_MODEL)]),
        f"{MODEL_FILE} of the image is not the model of its package",
    ),
    "another model in a layer above": (entry(MODEL_FILE, OTHER_MODEL), "is not the model of its package"),
    "other code": (entry(CODE_FILE, b"import os\n"), f"{CODE_FILE} of the image is not the code of its package"),
    "code that shadows a library": (entry(f"{CODE}/json.py", b"x = 1\n"), "which its package does not list"),
    "a model beside the model": (entry(f"{MODEL}/more.bin", b"x"), "which its package does not list"),
    "a model without its code": (entry(f"{CODE}/model/.wh.serving.py"), f"the image has no {CODE_FILE}"),
    "a whiteout over the model": (entry(f"{MODEL}/.wh.model.json"), f"the image has no {MODEL_FILE}"),
    "a whiteout over the model's folder": (entry("app/.wh.model"), f"the image has no {MODEL_FILE}"),
    "an opaque folder over the model": (entry(f"{MODEL}/.wh..wh..opq"), f"the image has no {MODEL_FILE}"),
    "a whiteout over manifest.json": (entry("app/config/.wh.manifest.json"), f"the image has no {MANIFEST_FILE}"),
    "a link in place of the model": (
        entry(MODEL_FILE, kind="link", target="/etc/passwd"),
        "is a link, and the package has a file there",
    ),
    "a link in place of manifest.json": (entry(MANIFEST_FILE, kind="link", target="/tmp/m"), "is a link, and"),
    "a link in place of the model's folder": (entry(MODEL, kind="link", target="/tmp"), "is a link, not a folder"),
    "a link in place of the application": (entry("app", kind="link", target="/tmp"), "app of the image is a link"),
    "a hard link in place of the model": (linked_model, "is not the model of its package"),
    "a hard link to a lower layer": (
        entry(MODEL_FILE, kind="hard", target=CODE_FILE),
        "is not the model of its package",
    ),
    "a hard link to nothing": (entry(MODEL_FILE, kind="hard", target="nowhere"), "is a hard link to nothing"),
    "a device in place of the model": (entry(MODEL_FILE, kind="device"), "is a other, and the package has a file"),
    "a folder in place of the model": (entry(MODEL_FILE, kind="folder"), f"the image has no {MODEL_FILE}"),
    "a path that leads out": (entry("../../etc/x", b"x"), "leads out of the image"),
    "another manifest.json": (other_manifest(lambda it: it.update(seed=8)), "the image's label .*package.digest says"),
    "a model that failed": (judged("FAIL"), "verdict is FAIL"),
    "a model that nobody decided": (judged("UNDECIDED"), "the package's verdict is UNDECIDED"),
    "a manifest.json with a duplicate key": (doubled_manifest, "duplicate key in an object"),
    "a manifest.json of another model": (
        other_manifest(lambda it: it.update(model_digest=OTHER)),
        "lists another model than that of sha256:aaa",
    ),
    "a manifest.json that is none": (entry(MANIFEST_FILE, b"{}"), "is not a package manifest"),
    "a label of another model": (
        lambda case: case.labelled(model_digest=OTHER),
        "label .*model.digest says sha256:aaa",
    ),
    "a label of another package": (lambda case: case.labelled(package_digest=OTHER), "package.digest says sha256:aaa"),
    "a label of another commit": (lambda case: case.labelled(revision="d" * 40), "revision says ddd"),
    "a label of another project": (lambda case: case.labelled(title="other"), "title says other"),
    "a label of another verdict": (lambda case: case.labelled(verdict="UNDECIDED"), "verdict says UNDECIDED"),
    "a label of a verdict that failed": (lambda case: case.labelled(verdict="FAIL"), "the image's verdict is FAIL"),
    "a layer dropped": (lambda case: case.with_layers(case.image.layers[:2]), f"the image has no {MANIFEST_FILE}"),
    "layers turned, not their diff ids": (unlabelled_layers_turned, "layer 0 has the diff id"),
    "a layer that is something else inflated": (gzip_of_another, "layer 2 has the diff id"),
    "a layer that is no gzip": (broken_gzip, "cannot be inflated"),
    "a size that lies": (layer_field("size", 3), "has 10240 bytes, not 3"),
    "another algorithm": (layer_field("digest", "sha512:" + "a" * 128), "is not a SHA-256 digest"),
    "another media type": (layer_field("mediaType", "application/zip"), "is a application/zip"),
    "an SBOM of another image": (
        lambda case: case.attach({SBOM_TYPE: [bill_of(OTHER)]}),
        "describes another image",
    ),
    "an SBOM that is none": (
        lambda case: case.attach({SBOM_TYPE: [b"[]"]}),
        "the SBOM is not CycloneDX JSON",
    ),
}
