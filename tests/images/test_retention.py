"""Which old builds leave a repository, whatever it holds and whatever it answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import Image, read_image, write_document
from pipeline_kit.contract.oci import CONFIG, INDEX, MANIFEST, ContentDescriptor, StoredManifest
from pipeline_kit.errors import InfrastructureError, ModelError
from pipeline_kit.images.names import LABEL_COMMIT_TIME
from pipeline_kit.images.oci.cleanup import remove_old_builds
from pipeline_kit.images.oci.layout import TAG_ANNOTATION, Layout
from pipeline_kit.images.oci.retention import TaggedImage, removable
from tests.images.faulty_registry import Fault, Plan, faulty_registry
from tests.images.pushing import Push, listed, registries, tagged, whole
from tests.images.registry import Registry

TAGS = st.sampled_from(["latest", "1.0", "deployed-production", "deployed-staging", "release", "builds", "sha256-x"])
BUILDS = st.integers(0, 30).map(lambda number: f"build-{number}")
NOBODY = "sha256:" + "0" * 64


@dataclass
class Shelf:
    """A repository in memory: manifests by digest, tags, and answers that a test makes wrong."""

    manifests: dict[str, StoredManifest] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    configs: dict[str, bytes] = field(default_factory=dict)
    folder: Path | None = None
    lies: Mapping[str, Any] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    asked: int = 0

    def add(self, number: int, created: str | None, tags: tuple[str, ...]) -> str:
        labels = {} if created is None else {LABEL_COMMIT_TIME: created}
        config = write_document({"config": {"Labels": labels}, "number": number})
        descriptor = ContentDescriptor(CONFIG, digest_bytes(config), len(config))
        self.configs[descriptor.digest] = config
        return self.keep({"mediaType": MANIFEST, "config": descriptor.document(), "layers": []}, tags)

    def keep(self, document: Mapping[str, Any], tags: tuple[str, ...]) -> str:
        content = write_document(document)
        stored = StoredManifest(content, document["mediaType"], digest_bytes(content))
        self.manifests[stored.digest] = stored
        self.named.update(dict.fromkeys(tags, stored.digest))
        return stored.digest

    def tags(self) -> tuple[str, ...]:
        self.asked += 1
        if self.asked == 3:
            self.meanwhile()
        if isinstance(self.lies.get("tags"), Exception):
            raise self.lies["tags"]
        return tuple(self.named)

    def manifest(self, reference: str | None = None) -> StoredManifest:
        lie = self.lies.get(reference or "")
        if isinstance(lie, Exception):
            raise lie
        return self.manifests[lie or self.named.get(reference or "", reference or "")]

    def blob(self, descriptor: ContentDescriptor) -> Path:
        assert self.folder is not None
        path = self.folder / "blob"
        path.write_bytes(self.configs[descriptor.digest])
        return path

    def delete_manifest(self, digest: str) -> None:
        self.removed.append(digest)


@given(
    st.lists(st.tuples(st.lists(st.one_of(BUILDS, TAGS), max_size=4), st.integers(0, 5)), max_size=20),
    st.integers(1, 6),
)
def test_what_people_and_releases_name_stays_and_the_newest_too(
    rows: list[tuple[list[str], int]], keep_last: int
) -> None:
    """Of any set of images: only builds go, the newest stay, and no more go than must."""
    images = [TaggedImage(f"sha256:{number}", tuple(tags), created) for number, (tags, created) in enumerate(rows)]
    gone = removable(images, keep_last)
    builds = [each for each in images if each.tags and all(tag.startswith("build-") for tag in each.tags)]
    assert set(gone) <= set(builds)
    left = [each for each in builds if each not in gone]
    assert len(left) == min(keep_last, len(builds))
    assert all(kept.created >= old.created for kept in left for old in gone)


def test_none_at_all_cannot_be_asked_for() -> None:
    """The image just pushed would go too."""
    with pytest.raises(ValueError, match="at least one"):
        removable([], 0)


IMAGES = st.lists(
    st.tuples(
        st.sets(st.one_of(BUILDS, TAGS), max_size=3),
        st.one_of(st.none(), st.integers(0, 9).map(str), st.sampled_from(["", "x", "-1", "\u00b2", "9" * 5000])),
    ),
    max_size=12,
)


@settings(max_examples=100)
@given(rows=IMAGES, keep_last=st.integers(1, 4), data=st.data())
def test_no_answer_of_a_registry_removes_what_is_named(
    rows: list[tuple[set[str], str | None]], keep_last: int, data: st.DataObject, tmp_path_factory: Any
) -> None:
    """Tags that lead nowhere, fail, lead to an index or elsewhere; indexes that hold builds; a tag set meanwhile."""
    shelf = Shelf(folder=tmp_path_factory.getbasetemp())
    digests = [shelf.add(number, created, tuple(tags)) for number, (tags, created) in enumerate(rows)]
    members = data.draw(st.lists(st.sampled_from(digests), max_size=3)) if digests else []
    entries = [{"digest": each, "mediaType": MANIFEST, "size": 1} for each in members]
    shelf.keep({"mediaType": INDEX, "manifests": entries}, ("multi",))
    pushed = data.draw(st.sampled_from(digests)) if digests else NOBODY
    moved = data.draw(st.sampled_from([*digests, None]))
    if moved:
        shelf.meanwhile = lambda: shelf.named.update({"deployed-meanwhile": moved})
    wrong = data.draw(st.sampled_from([*shelf.named, "tags", "nothing"]))
    lie = data.draw(st.sampled_from([ModelError("gone"), InfrastructureError("500")]))
    shelf.lies = {wrong: lie} if wrong != "tags" or isinstance(lie, InfrastructureError) else {}
    before = dict(shelf.named)
    lines: list[str] = []
    target: Any = shelf
    try:
        count = remove_old_builds(target, keep_last, pushed, lines.append)
        assert count == len(shelf.removed)
    except InfrastructureError:
        assert not shelf.removed
    named = {digest for tag, digest in shelf.named.items() if not tag.startswith("build-")}
    assert not set(shelf.removed) & (named | {pushed, *members})
    ours = {each: row[1] for each, row in zip(digests, rows, strict=True) if row[1] and row[1] in set("0123456789")}
    assert set(shelf.removed) <= set(ours)
    builds = {digest for tag, digest in before.items() if tag.startswith("build-")}
    alone = sorted((builds - named - {pushed, *members}) & set(ours), key=lambda each: int(ours[each]))
    left = [each for each in alone if each not in shelf.removed]
    assert len(left) >= min(keep_last, len(alone))
    assert all(int(ours[kept]) >= int(ours[old]) for kept in left[-keep_last:] for old in shelf.removed)
    if wrong in shelf.lies and wrong != "nothing" and not wrong.startswith("build-"):
        assert not shelf.removed
        assert isinstance(lie, InfrastructureError) or "no old build is removed: gone" in lines


def test_a_list_that_breaks_off_removes_nothing() -> None:
    """Where the tags cannot be listed, nothing is known."""
    shelf = Shelf(lies={"tags": InfrastructureError("500")})
    target: Any = shelf
    with pytest.raises(InfrastructureError):
        remove_old_builds(target, 1, NOBODY, lambda line: None)
    assert not shelf.removed


def build(folder: Path, number: int) -> tuple[Layout, Image]:
    """An image as the kit builds it, of a commit of that number."""
    layout = Layout.make(folder / f"image{number}")
    labels = {
        LABEL_COMMIT_TIME: str(1_700_000_000 + number),
        "org.opencontainers.image.revision": f"{number:040d}"[::-1],
    }
    config = write_document({"config": {"Labels": labels}, "rootfs": {"type": "layers", "diff_ids": []}})
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": layout.add_bytes(config, CONFIG).document()}
    found = layout.add_bytes(write_document({**document, "layers": []}), MANIFEST)
    layout.write_index([ContentDescriptor(MANIFEST, found.digest, found.size, {TAG_ANNOTATION: "latest"})])
    return layout, read_image(layout)


@pytest.mark.registry
def test_old_builds_leave_a_real_registry_and_all_else_stays(registry: Registry, tmp_path: Path) -> None:
    """Whole, with what is attached; a deployed one, the newest, and somebody else's build among them."""
    host, path = registry.host, "retention/real"
    images = [build(tmp_path, number) for number in range(5)]
    for number, (layout, image) in enumerate(images):
        tags = ("deployed-production",) if number == 0 else ()
        Push(tmp_path / str(number), f"{host}/{path}", layout, image, tags=tags).run()
    layout, image = images[4]
    result = Push(tmp_path / "last", f"{host}/{path}", layout, image, keep_last=2).run()
    assert result.measurements["images_removed"] == 1
    left = {images[number][1].digest for number in (0, 2, 3, 4)}
    assert set(whole(registry, path).values()) == left
    for digest in left:
        assert len(listed(registry, path, digest)) == 2


@pytest.mark.registry
@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "GET", "tags/list", "403"),
        Fault("status", "GET", "tags/list", "405"),
        Fault("html", "GET", "tags/list"),
        Fault("text", "GET", "tags/list", json.dumps({"tags": "latest"})),
        Fault("text", "GET", "tags/list", json.dumps({"tags": [1]})),
        Fault("header", "GET", "tags/list", 'Link: </v2/retention/none/tags/list?n=2>; rel="next"'),
        Fault("header", "GET", "tags/list", 'Link: </v2/retention/lies/tags/list>; rel="next"', times=5000),
        Fault("status", "GET", "/manifests/deployed-production", "404"),
        Fault("html", "GET", "/manifests/deployed-production"),
    ],
    ids=str,
)
def test_a_registry_that_lies_of_its_tags_removes_nothing(fault: Fault, registry: Registry, tmp_path: Path) -> None:
    """A list without an end, or with a page that is missing, is none."""
    path = "retention/lies"
    for number in range(3):
        layout, image = build(tmp_path, number)
        tags = ("deployed-production",) if number == 0 else ()
        Push(tmp_path / str(number), f"{registry.host}/{path}", layout, image, tags=tags).run()
    before = tagged(registry, path)
    plan = Plan((fault,))
    with faulty_registry(registry.port, plan) as proxy:
        target = registries({}, proxy, tmp_path / "cache").repository(f"{proxy}/{path}")
        try:
            assert remove_old_builds(target, 1, NOBODY, lambda line: None) == 0
        except InfrastructureError:
            assert plan.met
    assert plan.count("DELETE") == 0
    assert tagged(registry, path) == before
