"""A signed image on disk, and the ways to change it: what the tests of `verify` start from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import Image, read_image, write_document
from pipeline_kit.contract.oci import CONFIG, EMPTY, LAYER, MANIFEST, ContentDescriptor
from pipeline_kit.images.names import ENVELOPE_TYPE, LAYER_DIFF, LAYER_KIND, SBOM_TYPE, STATEMENT_TYPE
from pipeline_kit.images.oci.attach import EMPTY_CONTENT, attachment
from pipeline_kit.images.oci.layout import TAG_ANNOTATION, Layout
from pipeline_kit.images.verify.content_check import packaged_manifest
from pipeline_kit.images.verify.image import Verified, verify_image
from pipeline_kit.images.verify.package_facts import read_facts
from pipeline_kit.images.verify.signature import KeyPair, make_keys, sign
from pipeline_kit.images.verify.statement import statement
from tests.images.building import BuildWorld, build, image_context, make_package
from tests.scan.pictures import Entry, tar_of

OURS, THEIRS = make_keys(), make_keys()
Change = Callable[[dict[str, Any]], None]


def bill_of(image: str) -> bytes:
    """An SBOM as short as one can be."""
    return json.dumps({"bomFormat": "CycloneDX", "serialNumber": uuid5(NAMESPACE_URL, image).urn}).encode()


def make_layout(folder: Path, model: bytes = b'{"threshold": 0.5}') -> Path:
    """The layout of an image that the stage `image` has built, without attachments."""
    package = folder / "package.tar"
    make_package(
        package,
        model=model,
        data={"train": "sha256:" + "d" * 64},
        metrics={"test": {"f1": 0.97}},
        parameters={"c": 1.0, "deep": {"layers": [1, 2]}},
        seed=7,
        kit="0.4",
    )
    context = image_context(folder, package, BuildWorld(folder / "world"))
    build(context)
    return context.out / "image"


@dataclass
class Signed:
    """A signed image in a layout of its own, and what it is verified with; a test changes either."""

    folder: Path
    pair: KeyPair = OURS
    keys: list[bytes] = field(default_factory=lambda: [OURS.public])
    attestation: bytes | None = None
    reference: str | None = None
    unsigned: bool = False
    deep: bool = True

    @classmethod
    def copy(cls, source: Path, folder: Path) -> Signed:
        """A copy of a layout, signed, with its SBOM."""
        shutil.copytree(source, folder)
        found = cls(folder)
        found.sign()
        return found

    @property
    def layout(self) -> Layout:
        return Layout(self.folder)

    @property
    def image(self) -> Image:
        return read_image(self.layout)

    def verify(self) -> Verified:
        return verify_image(
            self.layout,
            self.reference,
            keys=[] if self.unsigned else self.keys,
            attestation=self.attestation,
            deep=self.deep,
            unsigned=self.unsigned,
        )

    def statement(self) -> dict[str, Any]:
        """What the kit states of the image."""
        image = self.image
        facts = read_facts(packaged_manifest(image, self.layout), "manifest.json")
        return statement(image, facts, {"sbom": digest_bytes(bill_of(image.digest)), "findings": "sha256:" + "f" * 64})

    def envelope(self, change: Change = lambda document: None, pair: KeyPair | None = None) -> bytes:
        """The statement, changed and then signed."""
        document = self.statement()
        change(document)
        return sign(write_document(document), (pair or self.pair).private)

    def sign(self) -> None:
        """Attaches a statement and an SBOM, and nothing else."""
        self.attach({STATEMENT_TYPE: [self.envelope()], SBOM_TYPE: [bill_of(self.image.digest)]})

    def attach(self, payloads: Mapping[str, Sequence[bytes]]) -> None:
        """Attaches these payloads to the image and drops all others."""
        image = self.image
        self.layout.add_bytes(EMPTY_CONTENT, EMPTY)
        listed = [each for each in self.layout.index() if each.artifact_type is None]
        for kind, contents in payloads.items():
            payload_type = ENVELOPE_TYPE if kind == STATEMENT_TYPE else kind
            for content in contents:
                made = attachment(image.descriptor, content, artifact_type=kind, payload_type=payload_type)
                self.layout.add_bytes(content, payload_type)
                listed.append(replace(self.layout.add_bytes(made.manifest.content, MANIFEST), artifact_type=kind))
        self.layout.write_index(listed)

    def attached(self, kind: str) -> Path:
        """The file of the payload of that kind."""
        found = next(each for each in self.layout.referrers(self.image.digest) if each.artifact_type == kind)
        document = json.loads(self.layout.blob(found).read_bytes())
        return self.layout.path(document["layers"][0]["digest"])

    def layer(self, kind: str) -> ContentDescriptor:
        """The layer of that kind."""
        return next(each for each in self.image.layers if each.annotations[LAYER_KIND] == kind)

    def flip(self, digest: str, around: bytes = b"") -> None:
        """Changes one byte of a blob: the first of `around`, where that is given."""
        path = self.layout.path(digest)
        content = bytearray(path.read_bytes())
        content[content.index(around)] ^= 1
        path.write_bytes(content)

    def added(self, entries: Sequence[Entry], kind: str = "config", **more: str) -> ContentDescriptor:
        """A layer of these entries, in the layout and in no image yet."""
        content = tar_of(entries)
        return self.layout.add_bytes(content, LAYER, **{LAYER_KIND: kind, LAYER_DIFF: digest_bytes(content), **more})

    def with_layer(self, entries: Sequence[Entry], kind: str = "config") -> None:
        """The image with one more layer on top."""
        self.with_layers([*self.image.layers, self.added(entries, kind)])

    def instead(self, kind: str, entries: Sequence[Entry]) -> None:
        """The image with the layer of that kind replaced."""
        old, new = self.layer(kind), self.added(entries, kind)
        self.with_layers([new if each == old else each for each in self.image.layers])

    def with_layers(self, layers: Sequence[ContentDescriptor]) -> None:
        """The image with these layers, the configuration adapted as a careful attacker would."""
        diff_ids = [each.annotations[LAYER_DIFF] for each in layers]
        self.rebuild(
            lambda config: config["rootfs"].update(diff_ids=diff_ids),
            lambda manifest: manifest.update(layers=[each.document() for each in layers]),
        )

    def labelled(self, **labels: str) -> None:
        """The image with other labels, by the last word of their names with `_` for the dots."""

        def change(config: dict[str, Any]) -> None:
            for name in config["config"]["Labels"]:
                for word, value in labels.items():
                    if name.endswith("." + word.replace("_", ".")):
                        config["config"]["Labels"][name] = value

        self.rebuild(change)

    def rebuild(self, config: Change = lambda _: None, manifest: Change = lambda _: None) -> None:
        """Another image in place of this one, its documents changed; what was attached is attached to it."""
        image = self.image
        described = json.loads(json.dumps(image.config))
        config(described)
        pointer = self.layout.add_bytes(write_document(described), CONFIG)
        document = {**json.loads(image.stored.content), "config": pointer.document()}
        manifest(document)
        self.replace_manifest(write_document(document))

    def replace_manifest(self, content: bytes) -> None:
        """Another manifest in place of the image's; what was attached to that is attached to this."""
        image = self.image
        carried: dict[str, list[bytes]] = {}
        for each in self.layout.referrers(image.digest):
            document = json.loads(self.layout.blob(each).read_bytes())
            path = self.layout.path(document["layers"][0]["digest"])
            carried.setdefault(str(each.artifact_type), []).append(path.read_bytes())
        stored = self.layout.add_bytes(content, MANIFEST)
        listed = [replace(stored, annotations={TAG_ANNOTATION: "latest"})]
        self.layout.write_index(listed)
        subject = ContentDescriptor(MANIFEST, stored.digest, stored.size)
        for kind, contents in carried.items():
            for each in contents:
                payload_type = ENVELOPE_TYPE if kind == STATEMENT_TYPE else kind
                made = attachment(subject, each, artifact_type=kind, payload_type=payload_type)
                self.layout.add_bytes(each, payload_type)
                added = self.layout.add_bytes(made.manifest.content, MANIFEST)
                listed.append(replace(added, artifact_type=kind))
        self.layout.write_index(listed)
