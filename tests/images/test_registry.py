"""The registry client and the push, against a real docker-registry."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pipeline_kit.adapters.registry import HttpRegistries
from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import Image, read_image, write_document
from pipeline_kit.contract.oci import CONFIG, LAYER, MANIFEST, ContentDescriptor, StoredManifest
from pipeline_kit.errors import InfrastructureError, ModelError, UsageError
from pipeline_kit.images.oci.attach import attachment, read_payload
from pipeline_kit.images.oci.layout import TAG_ANNOTATION, Layout
from pipeline_kit.images.oci.push import Way, push_image
from pipeline_kit.retry import Retry
from tests.images.registry import Registry

pytestmark = pytest.mark.registry
PLAYED = "application/vnd.example.note+json"


def registries(registry: Registry, cache: Path) -> HttpRegistries:
    """The client, with the registry named as insecure: it speaks plain HTTP."""
    return HttpRegistries({"HOME": str(cache)}, [registry.host], cache, lambda line: None)


def make_image(folder: Path, *layers: bytes) -> tuple[Layout, Image]:
    """An image of these layers in a layout."""
    layout = Layout.make(folder)
    stored = [layout.add_bytes(each, LAYER) for each in layers]
    rootfs = {"type": "layers", "diff_ids": [each.digest for each in stored]}
    config = write_document({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs})
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layout.add_bytes(config, CONFIG).document(),
        "layers": [each.document() for each in stored],
    }
    listed = layout.add_bytes(write_document(document), MANIFEST)
    layout.write_index([ContentDescriptor(MANIFEST, listed.digest, listed.size, {TAG_ANNOTATION: "latest"})])
    return layout, read_image(layout)


def test_an_image_goes_there_and_comes_back(registry: Registry, tmp_path: Path) -> None:
    """Every byte, large blobs in pieces; the second push sends nothing."""
    layout, image = make_image(tmp_path / "layout", os.urandom(40_000_000), b"small")
    target = registries(registry, tmp_path / "cache").repository(f"{registry.host}/round/trip")
    first = push_image(layout, image, target, tags=("latest", "1.0"))
    assert (first.count(Way.SENT), first.bytes_sent > 40_000_000) == (3, True)
    again = push_image(layout, image, target, tags=("latest",))
    assert (again.count(Way.THERE), again.bytes_sent) == (3, 0)
    other = registries(registry, tmp_path / "other").repository(f"{registry.host}/round/trip")
    back = read_image(other, "1.0")
    assert back.stored == image.stored
    assert [other.blob(each).read_bytes() for each in back.layers] == [
        layout.blob(each).read_bytes() for each in image.layers
    ]
    assert sorted(other.tags()) == ["1.0", "latest"]


def test_a_blob_of_another_repository_is_mounted(registry: Registry, tmp_path: Path) -> None:
    """What the registry has elsewhere is not sent again."""
    layout, image = make_image(tmp_path / "layout", os.urandom(1000))
    known = registries(registry, tmp_path / "cache")
    push_image(layout, image, known.repository(f"{registry.host}/mount/base"))
    elsewhere = {image.layers[0].digest: f"{registry.host}/mount/base"}
    target = known.repository(f"{registry.host}/mount/target")
    pushed = push_image(layout, image, target, elsewhere=elsewhere)
    assert pushed.ways[image.layers[0].digest] is Way.MOUNTED
    assert read_image(target, image.digest).digest == image.digest


def test_what_is_attached_is_found_again(registry: Registry, tmp_path: Path) -> None:
    """By the tag that stands in for the referrers API, which this registry does not have; twice changes nothing."""
    layout, image = make_image(tmp_path / "layout", b"layer")
    target = registries(registry, tmp_path / "cache").repository(f"{registry.host}/attached/to")
    notes = [
        attachment(image.descriptor, json.dumps({"note": number}).encode(), artifact_type=PLAYED, payload_type=PLAYED)
        for number in range(2)
    ]
    for _ in range(2):
        push_image(layout, image, target, attachments=notes)
    found = target.referrers(image.digest)
    assert {each.digest for each in found} == {each.manifest.digest for each in notes}
    assert {each.artifact_type for each in found} == {PLAYED}
    assert sorted(read_payload(target, each, image.digest) for each in found) == [b'{"note": 0}', b'{"note": 1}']
    with pytest.raises(ModelError, match="is not attached to"):
        read_payload(target, found[0], "sha256:" + "0" * 64)


def test_an_image_that_is_not_there_is_said_so(registry: Registry, tmp_path: Path) -> None:
    """Neither tag nor digest nor repository."""
    target = registries(registry, tmp_path / "cache").repository(f"{registry.host}/no/such")
    with pytest.raises(ModelError, match="has no image latest"):
        target.manifest()
    assert target.tags() == ()
    assert target.referrers("sha256:" + "1" * 64) == ()
    missing = ContentDescriptor(LAYER, digest_bytes(b"missing"), 7)
    assert not target.has(missing)
    with pytest.raises(ModelError, match="has no blob"):
        target.blob(missing)


def test_a_blob_that_was_changed_in_the_registry_is_refused(registry: Registry, tmp_path: Path) -> None:
    """The bytes count, not what the registry calls them."""
    layout, image = make_image(tmp_path / "layout", b"a layer of its own")
    target = registries(registry, tmp_path / "cache").repository(f"{registry.host}/changed/blob")
    push_image(layout, image, target)
    digest = image.layers[0].digest.removeprefix("sha256:")
    data = next(registry.storage.rglob(f"{digest}/data"))
    data.write_bytes(b"A LAYER OF ITS OWN")
    with pytest.raises(ModelError, match="content that does not match"):
        target.blob(image.layers[0])
    assert not list((tmp_path / "cache" / "sha256").glob(digest))


def test_a_host_that_is_not_named_insecure_gets_nothing_without_tls(registry: Registry, tmp_path: Path) -> None:
    """Plain HTTP is no fallback."""
    once_more = Retry(0.0, 0.0, tries=2)
    strict = HttpRegistries({"HOME": str(tmp_path)}, [], tmp_path, lambda line: None, retry=once_more)
    with pytest.raises(InfrastructureError, match=registry.host):
        strict.repository(f"{registry.host}/round/trip").tags()


def test_a_name_without_a_host_is_refused(tmp_path: Path) -> None:
    """There is no registry that goes without saying."""
    with pytest.raises(UsageError, match="names no registry"):
        HttpRegistries({}, [], tmp_path, lambda line: None).repository("team/fraud")


def test_a_manifest_is_never_written_before_its_blobs(registry: Registry, tmp_path: Path) -> None:
    """The registry itself refuses it: nothing can be tagged by half."""
    _, image = make_image(tmp_path / "layout", os.urandom(100))
    target = registries(registry, tmp_path / "cache").repository(f"{registry.host}/half/pushed")
    with pytest.raises(InfrastructureError, match="unknown"):
        target.push_manifest(StoredManifest(image.stored.content, MANIFEST, image.digest), "latest")
    assert target.tags() == ()
