"""The builder without a daemon: content, base and layers become an OCI layout with one image.

The same content and base give the same image on any machine; where its layers come from (made here, left by an earlier
build, known to a registry) leaves no trace in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline_kit.contract.image_documents import read_image, write_document
from pipeline_kit.contract.oci import CONFIG, MANIFEST, ContentDescriptor
from pipeline_kit.images.build.assembly import config_document, manifest_document
from pipeline_kit.images.build.base import Base
from pipeline_kit.images.build.content import ImageContent
from pipeline_kit.images.build.earlier import Earlier
from pipeline_kit.images.build.layer_plan import DEPENDENCIES, LayerPlan, plan_layers
from pipeline_kit.images.build.layer_store import LayerStore
from pipeline_kit.images.build.wheel_files import dependency_layers
from pipeline_kit.images.names import LAYER_DIFF, LAYER_KEY, LAYER_KIND
from pipeline_kit.images.oci.layout import TAG_ANNOTATION, Layout
from pipeline_kit.images.oci.platform import read_platform
from pipeline_kit.images.oci.root import BASE
from pipeline_kit.images.oci.source import PLACES_FILE, places_document
from pipeline_kit.images.oci.tar_layer import LayerFile, WrittenLayer, write_layer

LATEST = "latest"
"""The tag of the image in its layout."""


@dataclass(frozen=True, slots=True)
class BuiltLayer:
    """A layer of the image: what points to it, its diff id, and whether this build has made it."""

    descriptor: ContentDescriptor
    diff_id: str
    made: bool = False

    @property
    def kind(self) -> str:
        """What it holds: base, dependencies, code, model or config."""
        return self.descriptor.annotations[LAYER_KIND]


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image in its layout; `places` says which repositories have the layers that the layout does not hold."""

    descriptor: ContentDescriptor
    layers: tuple[BuiltLayer, ...]
    places: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ImageBuilder:
    """Where layers come from: the store of this machine, an earlier image, and wheels, fetched only where needed."""

    store: LayerStore
    wheelhouse: Callable[[], Path]
    earlier: Earlier | None = None
    compressed: bool = False
    whole: bool = False  # the layout holds every layer, also those that a registry has

    def build(self, content: ImageContent, base: Base, folder: Path) -> BuiltImage:
        """Makes the image of this content in a new layout at `folder`."""
        layout = Layout.make(folder)
        layers = [*self.base_layers(base), *self.own_layers(content)]
        places = self.fill(layout, layers, base)
        platform = read_platform(content.platform)
        config = layout.add_bytes(
            write_document(config_document(content, base, [(layer.kind, layer.diff_id) for layer in layers])), CONFIG
        )
        manifest = write_document(manifest_document(config, [layer.descriptor for layer in layers], base))
        image = layout.add_bytes(manifest, MANIFEST)
        listed = replace(image, annotations={TAG_ANNOTATION: LATEST}, platform=platform.document())
        if places:
            (folder / PLACES_FILE).write_bytes(places_document(places))
        layout.write_index([listed])
        self.store.sweep()
        return BuiltImage(image, tuple(layers), places)

    def base_layers(self, base: Base) -> list[BuiltLayer]:
        """The layers of the base; their key is their digest, for nothing here makes them."""
        return [
            built(BASE, descriptor.digest, WrittenLayer(descriptor, diff_id), made=False)
            for descriptor, diff_id in zip(base.layers, base.diff_ids, strict=True)
        ]

    def own_layers(self, content: ImageContent) -> list[BuiltLayer]:
        """The layers above the base."""
        built_layers: list[BuiltLayer] = []
        for plan in plan_layers(content, compressed=self.compressed):
            written, made = self.layers_of(plan)
            built_layers += [built(plan.kind, plan.key, written_layer, made=made) for written_layer in written]
        return built_layers

    def layers_of(self, plan: LayerPlan) -> tuple[tuple[WrittenLayer, ...], bool]:
        """The layers of a plan, and whether they had to be made."""
        kept = self.store.find(plan.key)
        if kept is None and plan.kind == DEPENDENCIES and self.earlier is not None:
            kept = self.earlier.found(plan.kind, plan.key)
        if kept is None and plan.files is not None and self.earlier is not None and self.earlier.names(plan.key):
            kept = self.taken_over(plan.key, plan.files, self.earlier)
        if kept is not None:
            return kept, False
        if plan.files is not None:
            made = self.make([plan.files])
        else:
            with ExitStack() as stack:
                made = self.make(dependency_layers(self.wheelhouse(), stack))
        self.store.keep(plan.key, made)
        return made, True

    def taken_over(self, key: str, files: Mapping[str, LayerFile], earlier: Earlier) -> tuple[WrittenLayer, ...] | None:
        """The layer of these files, digested once on a machine, where the earlier image has it."""
        written_layers = self.store.described(key)
        if written_layers is None:
            written_layers = (write_layer(files, None, compressed=self.compressed),)
            self.store.keep(key, written_layers)
        return (
            written_layers if all(earlier.has(written_layer.descriptor) for written_layer in written_layers) else None
        )

    def make(self, layers: list[dict[str, LayerFile]] | list[Mapping[str, LayerFile]]) -> tuple[WrittenLayer, ...]:
        """Writes layers into the store."""
        entries = []
        for files in layers:
            with self.store.appearing() as target:
                layer = write_layer(files, target, compressed=self.compressed)
                self.store.adopt(target, layer.descriptor.digest)
            entries.append(layer)
        return tuple(entries)

    def fill(self, layout: Layout, layers: list[BuiltLayer], base: Base) -> dict[str, str]:
        """Puts the layers into the layout, but for those that a repository has; returns where those are."""
        places: dict[str, str] = {}
        for layer in layers:
            descriptor = layer.descriptor
            place = self.place_of(layer, base)
            if place is not None:
                places[descriptor.digest] = place
            elif layer.kind == BASE and base.blobs is not None:
                layout.add_file(base.blobs.blob(descriptor), descriptor)
            elif self.store.holds(descriptor):
                layout.add_file(self.store.path(descriptor.digest), descriptor)
            elif self.earlier is not None:
                layout.add_file(self.earlier.repository.blob(descriptor), descriptor)
        return places

    def place_of(self, layer: BuiltLayer, base: Base) -> str | None:
        """The repository that has a layer, where the layout may do without it."""
        if self.whole or self.earlier is None:
            return None
        if self.earlier.has(layer.descriptor):
            return self.earlier.repository.name
        return base.place if layer.kind == BASE else None


def built(kind: str, key: str, layer: WrittenLayer, *, made: bool) -> BuiltLayer:
    """The layer as the manifest lists it."""
    annotations = {LAYER_DIFF: layer.diff_id, LAYER_KEY: key, LAYER_KIND: kind}
    return BuiltLayer(replace(layer.descriptor, annotations=annotations), layer.diff_id, made)


def built_layers(folder: Path) -> tuple[BuiltLayer, ...]:
    """The layers of the image in a layout that an engine has built: which of them it made is not known, so all are."""
    image = read_image(Layout(folder))
    entries = []
    for layer in image.layers:
        kind = layer.annotations.get(LAYER_KIND, BASE)
        descriptor = replace(layer, annotations={**layer.annotations, LAYER_KIND: kind})
        entries.append(BuiltLayer(descriptor, layer.annotations.get(LAYER_DIFF, ""), made=kind != BASE))
    return tuple(entries)
