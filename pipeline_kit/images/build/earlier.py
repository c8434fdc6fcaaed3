"""The image that a repository has already, whose layers a build takes over without fetching them.

A layer is taken over by its *digest* wherever what it is made from is here. Only the dependencies are taken over by
their key, so that no wheel is fetched: for them whoever may write to the repository is trusted as the index is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline_kit.contract.image_documents import read_descriptor, read_document
from pipeline_kit.contract.oci import DOCKER_INDEX, INDEX, ContentDescriptor, Registries, Repository
from pipeline_kit.errors import InfrastructureError, ModelError
from pipeline_kit.images.names import LAYER_DIFF, LAYER_KEY, LAYER_KIND
from pipeline_kit.images.oci.tar_layer import WrittenLayer


@dataclass(frozen=True, slots=True)
class Earlier:
    """The layers of an image in a repository."""

    repository: Repository
    layers: tuple[ContentDescriptor, ...] = ()
    asked: dict[str, bool] = field(default_factory=dict)

    def has(self, descriptor: ContentDescriptor) -> bool:
        """Whether that image has the layer, and the repository still holds it."""
        digest = descriptor.digest
        if digest not in self.asked:
            listed = any((layer.digest, layer.size) == (digest, descriptor.size) for layer in self.layers)
            self.asked[digest] = listed and self.repository.has(descriptor)
        return self.asked[digest]

    def names(self, key: str) -> bool:
        """Whether one of its layers has that key."""
        return any(layer.annotations.get(LAYER_KEY) == key for layer in self.layers)

    def found(self, kind: str, key: str) -> tuple[WrittenLayer, ...] | None:
        """Its layers of that kind and key, or None where it has none or the repository has lost one."""
        values = {LAYER_KIND: kind, LAYER_KEY: key}
        layers = [layer for layer in self.layers if values.items() <= layer.annotations.items()]
        if not layers or not all(LAYER_DIFF in layer.annotations and self.has(layer) for layer in layers):
            return None
        return tuple(
            WrittenLayer(ContentDescriptor(layer.media_type, layer.digest, layer.size), layer.annotations[LAYER_DIFF])
            for layer in layers
        )


def earlier_image(registries: Registries, repository: str, tag: str, log: Callable[[str], None]) -> Earlier | None:
    """What the repository has under that tag; none where that is nothing yet, or the registry does not answer."""
    place = registries.repository(repository)
    try:
        stored = place.manifest(tag)
        if stored.media_type in (INDEX, DOCKER_INDEX):
            return None
        document: Mapping[str, object] = read_document(stored.content, f"manifest {stored.digest}")
        layers = document.get("layers")
        listed = layers if isinstance(layers, list) else []
        return Earlier(place, tuple(read_descriptor(entry, f"a layer of {stored.digest}") for entry in listed))
    except ModelError as error:
        log(f"no layers to take over: {error.message}")
    except InfrastructureError as error:
        log(f"every layer is made or read locally, because {repository} cannot be queried: {error.message}")
    return None
