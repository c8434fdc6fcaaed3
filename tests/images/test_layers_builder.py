"""The builder `layers`: one digest wherever it runs, and no layer made, read or fetched that is there already."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import read_image, write_document
from pipeline_kit.contract.oci import LAYER_GZIP, ContentDescriptor
from pipeline_kit.errors import InfrastructureError, ModelError, UsageError
from pipeline_kit.images.build import layer_plan as plan
from pipeline_kit.images.build import layers as build
from pipeline_kit.images.build.base import Base, open_base
from pipeline_kit.images.build.content import ImageContent
from pipeline_kit.images.build.earlier import earlier_image
from pipeline_kit.images.build.layer_store import LayerStore
from pipeline_kit.images.build.layers import BuiltImage, ImageBuilder
from pipeline_kit.images.names import LAYER_KIND
from pipeline_kit.images.oci.layout import Layout
from pipeline_kit.images.oci.platform import Platform, read_platform
from pipeline_kit.images.oci.source import LayoutBlobs
from tests.images.bases import base_layout, index_of
from tests.images.building import REPOSITORY, FolderRegistries, Wheelhouse, tiny_wheel

AMD64 = Platform("amd64")
FILES: dict[str, Path | bytes] = {
    "app/code/model/serving.py": b"print(1)",
    "app/model/model.json": b"{}",
    "app/config/manifest.json": b"{}",
}


@dataclass
class Workshop:
    """A machine with a cache of its own; the registry may be shared with others."""

    folder: Path
    registries: FolderRegistries
    files: dict[str, Path | bytes]
    number: int = 0

    def __post_init__(self) -> None:
        tiny_wheel(self.folder / "wheels")
        (self.folder / "serving.lock").write_text("tiny==1.0\n")
        self.wheels = Wheelhouse(self.folder / "wheels")
        self.log: list[str] = []

    def content(self, **changes: Any) -> ImageContent:
        given: dict[str, Any] = {
            "files": self.files,
            "lock": self.folder / "serving.lock",
            "python": "3.11",
            "platform": "linux/amd64",
            "base": "scratch",
            "entrypoint": ("python3", "-m", "model.serving"),
            "labels": {"org.opencontainers.image.title": "fraud"},
            "created": 1_700_000_000,
        }
        return ImageContent(**{**given, **changes})

    def build(
        self, base: Base | None = None, *, reuse: bool = False, changes: Mapping[str, Any] | None = None, **options: Any
    ) -> BuiltImage:
        self.number += 1
        content = self.content(**(changes or {}))
        earlier = earlier_image(self.registries, REPOSITORY, "latest", self.log.append) if reuse else None

        def wheelhouse() -> Path:
            return self.wheels.wheelhouse(content.lock, python=content.python, platform=content.platform)

        builder = ImageBuilder(LayerStore(self.folder / "cache"), wheelhouse, earlier, **options)
        return builder.build(content, base or Base(), self.layout)

    @property
    def layout(self) -> Path:
        return self.folder / f"image{self.number}"

    def push(self) -> None:
        """Every blob of the layout, and then the tag."""
        blobs = LayoutBlobs(self.layout, lambda: self.registries)
        image = read_image(blobs)
        repository = self.registries.repository(REPOSITORY)
        for each in (image.config_descriptor, *image.layers):
            if not repository.has(each):
                repository.push_blob(each, blobs.blob(each), lambda count: None)
        repository.push_manifest(image.stored, "latest")


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "here", FolderRegistries(tmp_path / "registry"), dict(FILES))


def other(shop: Workshop) -> Workshop:
    """A fresh machine: its cache is empty."""
    return Workshop(shop.folder.parent / "elsewhere", shop.registries, dict(shop.files))


def made(image: BuiltImage) -> list[str]:
    return [each.kind for each in image.layers if each.made]


def kinds(image: BuiltImage) -> list[str]:
    return [each.kind for each in image.layers]


def held(layout: Path) -> set[str]:
    return {f"sha256:{path.name}" for path in (layout / "blobs" / "sha256").iterdir()}


def test_layers_stand_in_the_order_of_how_rarely_they_change(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each large file of the model has a layer of its own."""
    monkeypatch.setattr(plan, "LARGE_MODEL_FILE", 1000)
    shop.files |= {"app/model/b.bin": b"b" * 1000, "app/model/a.bin": b"a" * 2000, "app/model/small": b"1"}
    image = shop.build()
    assert kinds(image) == ["dependencies", "code", "model", "model", "model", "config"]
    changed = shop.build(changes={"files": {**shop.files, "app/model/b.bin": b"B" * 1000}})
    assert made(changed) == ["model"]


def test_the_same_content_is_the_same_image_whatever_was_there(shop: Workshop) -> None:
    """Made here, taken from the cache, or taken over from the registry: one digest."""
    first = shop.build()
    again = shop.build()
    shop.push()
    fresh = other(shop)
    third = fresh.build(reuse=True)
    assert first.descriptor == again.descriptor == third.descriptor
    assert (made(first), made(again), made(third)) == (["dependencies", "code", "model", "config"], [], [])
    assert len(shop.wheels.asked) == 1


def test_a_fresh_machine_fetches_neither_wheels_nor_layers(shop: Workshop) -> None:
    """What the earlier image has is not in the layout; the layout says which repository has it."""
    shop.build()
    shop.push()
    fresh = other(shop)
    fresh.files["app/code/model/serving.py"] = b"print(2)"
    image = fresh.build(reuse=True)
    repository = shop.registries.repository(REPOSITORY)
    assert made(image) == ["code"]
    assert (fresh.wheels.asked, repository.read) == ([], [])
    elsewhere = {each.descriptor.digest for each in image.layers if not each.made}
    assert image.places == dict.fromkeys(elsewhere, REPOSITORY)
    assert held(fresh.layout).isdisjoint(elsewhere)
    assert json.loads((fresh.layout / "pipeline-kit.json").read_text()) == {"layers": image.places}
    blobs = LayoutBlobs(fresh.layout, lambda: fresh.registries)
    assert all(blobs.has(each) and blobs.blob(each).is_file() for each in read_image(blobs).layers)


def test_a_layer_that_is_elsewhere_is_digested_once(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next build of that machine knows what its digest was; lost in the registry, it is made after all."""
    first = shop.build()
    shop.push()
    fresh = other(shop)
    fresh.build(reuse=True)
    with monkeypatch.context() as patched:
        patched.delattr(build, "write_layer")
        assert fresh.build(reuse=True).descriptor == first.descriptor
    for each in first.layers:
        shop.registries.repository(REPOSITORY).layout.path(each.descriptor.digest).unlink()
    lost = fresh.build(reuse=True)
    assert (lost.descriptor, made(lost)) == (first.descriptor, ["dependencies", "code", "model", "config"])


def test_a_whole_layout_holds_what_the_registry_has(shop: Workshop) -> None:
    """For tools that know nothing of the kit."""
    shop.build()
    shop.push()
    fresh = other(shop)
    image = fresh.build(reuse=True, whole=True)
    assert image.places == {}
    assert {each.descriptor.digest for each in image.layers} <= held(fresh.layout)
    assert fresh.wheels.asked == []


def test_a_layer_that_the_registry_has_lost_is_made_again(shop: Workshop) -> None:
    """Its manifest alone is no layer."""
    shop.build()
    shop.push()
    for each in read_image(Layout(shop.layout)).layers:
        shop.registries.repository(REPOSITORY).layout.path(each.digest).unlink()
    fresh = other(shop)
    assert made(fresh.build(reuse=True)) == ["dependencies", "code", "model", "config"]


def test_code_and_model_are_taken_over_by_their_digest_alone(shop: Workshop) -> None:
    """A manifest that claims the key of our code for other bytes is not believed."""
    image = shop.build()
    shop.push()
    repository = shop.registries.repository(REPOSITORY)
    stored = repository.manifest("latest")
    evil = repository.layout.add_bytes(b"evil", "application/vnd.oci.image.layer.v1.tar")
    document = json.loads(stored.content)
    for each in document["layers"]:
        if each["annotations"][LAYER_KIND] == "code":
            each.update(digest=evil.digest, size=evil.size)
    content = write_document(document)
    repository.push_manifest(replace(stored, content=content, digest=digest_bytes(content)), "latest")
    fresh = other(shop)
    assert fresh.build(reuse=True).descriptor == image.descriptor


def test_a_changed_lock_file_fetches_the_wheels_again(shop: Workshop) -> None:
    """So does another Python; nothing else does."""
    shop.build()
    lock = shop.folder / "other.lock"
    lock.write_text("tiny==1.0\n# and a comment\n")
    assert made(shop.build(changes={"lock": lock})) == ["dependencies"]
    assert made(shop.build(changes={"python": "3.12"})) == ["dependencies"]
    assert made(shop.build(changes={"labels": {}, "entrypoint": ("sh",)})) == []
    assert len(shop.wheels.asked) == 3


def test_a_layer_in_the_cache_that_was_touched_is_made_again(shop: Workshop) -> None:
    """A changed byte in the layout, which may be the same file, does not reach the next image."""
    first = shop.build()
    for each in first.layers:
        path = Layout(shop.layout).path(each.descriptor.digest)
        content = path.read_bytes()
        path.write_bytes(content[:-1] + b"\1")
        os.utime(path, ns=(1, 1))
    again = shop.build()
    assert again.descriptor == first.descriptor
    assert made(again) == kinds(again)
    blobs = Layout(shop.layout)
    assert all(blobs.blob(each.descriptor) for each in again.layers)


def test_the_cache_forgets_what_was_used_longest_ago(shop: Workshop) -> None:
    """Beyond its bound, which one build's layers may exceed."""
    shop.build()
    store = LayerStore(shop.folder / "cache")
    for number, path in enumerate(sorted((shop.folder / "cache" / "keys").iterdir())):
        os.utime(path, (number, number))
    store.sweep(most_bytes=25_000)
    assert len(list((shop.folder / "cache" / "blobs").iterdir())) == 2
    assert len(list((shop.folder / "cache" / "keys").iterdir())) == 2
    store.sweep(most_bytes=0)
    assert len(list((shop.folder / "cache" / "blobs").iterdir())) == 1


def test_compressed_layers(shop: Workshop) -> None:
    """Have media type, digest and diff id of their own, and other keys."""
    plain, packed = shop.build(), shop.build(compressed=True)
    assert {each.descriptor.media_type for each in packed.layers} == {LAYER_GZIP}
    assert [each.diff_id for each in packed.layers] == [each.diff_id for each in plain.layers]
    assert made(packed) == kinds(packed)


def test_a_registry_that_does_not_answer_costs_time_only(shop: Workshop) -> None:
    """Every layer is made here then, and the log says why."""
    first = shop.build()
    shop.push()
    shop.registries.repository(REPOSITORY).broken = True
    fresh = other(shop)
    assert fresh.build(reuse=True).descriptor == first.descriptor
    (line,) = fresh.log
    assert "cannot be queried: the registry answers 500" in line


def test_a_repository_without_an_image(shop: Workshop) -> None:
    """It is the first build."""
    assert made(shop.build(reuse=True)) == ["dependencies", "code", "model", "config"]
    assert shop.log == [f"no layers to take over: {REPOSITORY} has no latest"]


def test_a_file_that_belongs_nowhere(shop: Workshop) -> None:
    """An image holds code, model and configuration of the kit's own places."""
    with pytest.raises(ModelError, match="etc/passwd has no place in the image"):
        shop.build(changes={"files": {"etc/passwd": b""}})


def test_a_base_keeps_its_layers_and_its_environment(shop: Workshop) -> None:
    """Its PATH stays, our variables win; what it says of itself is not said of this image."""
    folder = base_layout(
        shop.folder / "base",
        environment=["PATH=/opt/bin", "LANG=C.UTF-8", "PORT=1"],
        labels={"maintainer": "x", "org.opencontainers.image.title": "base", "dev.pipeline-kit.verdict": "FAIL"},
    )
    base = open_base(f"oci:{folder}", AMD64, shop.folder, lambda: shop.registries)
    image = shop.build(base)
    read = read_image(Layout(shop.layout))
    config = read.config["config"]
    assert kinds(image) == ["base", "dependencies", "code", "model", "config"]
    assert {"PATH=/opt/bin", "LANG=C.UTF-8", "PORT=8000"} <= set(config["Env"])
    assert (read.labels["maintainer"], read.labels["org.opencontainers.image.title"]) == ("x", "fraud")
    assert "dev.pipeline-kit.verdict" not in read.labels
    assert read.labels["org.opencontainers.image.base.digest"] == base.digest
    assert read.manifest["annotations"] == {"org.opencontainers.image.base.digest": base.digest}
    assert image.layers[0].descriptor.digest in held(shop.layout)
    assert read.config["history"][0] == {"created_by": "base"}


def test_a_base_in_a_registry_is_not_fetched_where_the_image_goes_to_one(shop: Workshop) -> None:
    """Its layers stay where they are until somebody pushes or reads them; the digest is recorded beside the name."""
    repository = shop.registries.repository("registry.example/python")
    base_layout(repository.layout.folder, tag="3.11")
    base = open_base("registry.example/python:3.11", AMD64, shop.folder, lambda: shop.registries)
    shop.build()
    shop.push()
    repository.read.clear()
    image = shop.build(base, reuse=True)
    assert repository.read == []
    assert image.places[base.layers[0].digest] == "registry.example/python"
    labels = read_image(Layout(shop.layout)).labels
    assert labels["org.opencontainers.image.base.name"] == "registry.example/python:3.11"
    assert labels["org.opencontainers.image.base.digest"] == base.digest
    whole = shop.build(base)
    assert whole.places == {}
    assert whole.descriptor == image.descriptor


@pytest.mark.parametrize("nested", [False, True])
def test_the_platform_chooses_from_an_index(shop: Workshop, *, nested: bool) -> None:
    """Whether the layout lists one image a platform, or an index of them; which was taken is recorded."""
    folder = shop.folder / "bases"
    digests = index_of(folder, ["amd64", "arm64"], nested=nested)
    for architecture in ("amd64", "arm64"):
        base = open_base(f"oci:{folder}:latest", Platform(architecture), shop.folder, lambda: shop.registries)
        assert base.digest == digests[architecture]
    with pytest.raises(UsageError, match=r"has no image for linux/s390x") as error:
        open_base(f"oci:{folder}:latest", Platform("s390x"), shop.folder, lambda: shop.registries)
    assert error.value.hint == "it has: linux/amd64, linux/arm64"


def test_a_base_for_another_platform(shop: Workshop) -> None:
    """It would not start."""
    folder = base_layout(shop.folder / "base", architecture="arm64")
    with pytest.raises(UsageError, match="is for linux/arm64, not for linux/amd64"):
        open_base(f"oci:{folder}", AMD64, shop.folder, lambda: shop.registries)


def test_bases_that_cannot_be_built_on(shop: Workshop) -> None:
    """Layers that not every tool could read, and configurations that do not say what the layers are."""
    folder = base_layout(shop.folder / "zstd", media_type="application/vnd.oci.image.layer.v1.tar+zstd")
    with pytest.raises(ModelError, match=r"is a application/vnd\.oci\.image\.layer\.v1\.tar\+zstd"):
        open_base(f"oci:{folder}", AMD64, shop.folder, lambda: shop.registries)
    folder = base_layout(shop.folder / "lost", diff_ids=[])
    with pytest.raises(ModelError, match="no diff ids"):
        open_base(f"oci:{folder}", AMD64, shop.folder, lambda: shop.registries)
    with pytest.raises(ModelError, match="is not an OCI layout"):
        open_base("oci:nowhere", AMD64, shop.folder, lambda: shop.registries)
    folder = base_layout(shop.folder / "tagged", tag="one")
    with pytest.raises(ModelError, match="holds no image two"):
        open_base(f"oci:{folder}:two", AMD64, shop.folder, lambda: shop.registries)


def test_docker_layers_of_a_base_are_called_as_in_oci(shop: Workshop) -> None:
    """The bytes are the same, and an OCI manifest has OCI names."""
    folder = base_layout(shop.folder / "docker", media_type="application/vnd.docker.image.rootfs.diff.tar.gzip")
    base = open_base(f"oci:{folder}", AMD64, shop.folder, lambda: shop.registries)
    assert [each.media_type for each in base.layers] == [LAYER_GZIP]


@pytest.mark.parametrize("text", ["windows/amd64", "amd64", "linux/$x", "linux/"])
def test_what_is_no_platform(text: str) -> None:
    """Images are Linux's here."""
    with pytest.raises(UsageError, match="is not a platform"):
        read_platform(text)


def test_places_that_nobody_of_the_kit_wrote(shop: Workshop) -> None:
    """They would send a reader, with its credentials, to another host."""
    shop.build()
    lost = ContentDescriptor("x", "sha256:" + "0" * 64, 1)
    for place in ("evil", "host.example/a:tag", 7, None):
        (shop.layout / "pipeline-kit.json").write_text(json.dumps({"layers": {lost.digest: place}}))
        with pytest.raises(ModelError, match="is not a repository name"):
            LayoutBlobs(shop.layout, lambda: shop.registries)
    (shop.layout / "pipeline-kit.json").write_text("[]")
    with pytest.raises(ModelError, match="is not a JSON object"):
        LayoutBlobs(shop.layout, lambda: shop.registries)


def test_a_registry_that_fails_under_a_sparse_layout(shop: Workshop) -> None:
    """What the layout does not hold cannot be had without it."""
    shop.build()
    shop.push()
    fresh = other(shop)
    fresh.build(reuse=True)

    def none() -> Any:
        raise InfrastructureError("no network")

    blobs = LayoutBlobs(fresh.layout, none)
    with pytest.raises(InfrastructureError, match="no network"):
        blobs.blob(read_image(blobs).layers[0])
