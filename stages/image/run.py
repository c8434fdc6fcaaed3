"""The image: verifies the package, decides what goes in, and has it built."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.freshness import refuse_stale
from pipeline_kit.contract.lock import target_markers
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.build.base import open_base
from pipeline_kit.images.build.content import ImageContent
from pipeline_kit.images.build.earlier import Earlier, earlier_image
from pipeline_kit.images.build.layer_store import LayerStore
from pipeline_kit.images.build.layers import BuiltLayer, ImageBuilder, built_layers
from pipeline_kit.images.names import INPUTS_FILE
from pipeline_kit.images.oci.platform import read_platform

from .inputs import declared_inputs
from .package import Judged, labels, read_judged
from .serving_lock import check_serving_lock
from .settings import Settings, settings_of

LARGEST_UNPACKED = 1 << 20
"""Bytes of a file of the package that is unpacked; larger ones go from the package straight into their layers."""


@dataclass(frozen=True, slots=True)
class Made:
    """An image that was built: its digest and its layers."""

    digest: str
    layers: tuple[BuiltLayer, ...]


def run(context: StageContext) -> StageResult:
    """Passed when the image is in its layout.

    Raises ModelError for a package that is not sound or not passed, ProjectError where serving would have other
    versions than training, UsageError for settings that do not go together.
    """
    package = context.nearest("package")
    if package is None:
        raise ModelError("no job before this one made a package", hint="let the job need a package, after a gate")
    settings = settings_of(context.settings)
    refuse_stale(context)
    with tempfile.TemporaryDirectory(dir=context.workspace, prefix=".image-") as folder:
        largest = None if settings.docker else LARGEST_UNPACKED  # an engine is handed files
        judged = read_judged(package[2], Path(folder), context.git, largest=largest)
        content = content_of(context, settings, judged)
        made = build(context, settings, content)
    return report(context, judged, content, made)


def content_of(context: StageContext, settings: Settings, judged: Judged) -> ImageContent:
    """What goes into the image."""
    platform = str(read_platform(settings.platform))
    files = judged.files()
    if settings.data is not None or settings.served:
        files[INPUTS_FILE] = declared_inputs(context.declared, settings.data)
    return ImageContent(
        files=files,
        parts=judged.parts(),
        digests=judged.digests(),
        lock=serving_lock(context.workspace, settings.serving_lock, judged, platform),
        python=judged.manifest.python,
        platform=platform,
        base=settings.base,
        entrypoint=settings.entrypoint,
        labels=labels(judged, context.git, settings.version),
        created=context.git.commit_time,
    )


def serving_lock(workspace: Path, named: str | None, judged: Judged, platform: str) -> Path:
    """The lock file of what serves, every version in it the one that the model was trained with."""
    if named is None:
        return judged.package.lock
    lock = workspace / named
    if not lock.is_file():
        raise UsageError(f"lock file {named} is missing", hint="freeze what serving needs into it")
    check_serving_lock(lock, judged.package.lock, target_markers(judged.manifest.python, platform))
    return lock


def build(context: StageContext, settings: Settings, content: ImageContent) -> Made:
    """Has the image built by the builder that is wanted."""
    layout = context.place("image", "image")
    world = context.the_world()

    def wheelhouse() -> Path:
        return world.wheels().wheelhouse(content.lock, python=content.python, platform=content.platform)

    if settings.dockerfile and not settings.docker:
        raise UsageError("a Dockerfile is for the builder docker", hint="set builder: docker, or leave it out")
    base = open_base(content.base, read_platform(content.platform), context.workspace, world.registries)
    if settings.docker:
        from pipeline_kit.images.engine.build import build_with_engine

        descriptor = build_with_engine(
            content,
            world.engine(),
            layout,
            base=base,
            dockerfile=context.workspace / settings.dockerfile if settings.dockerfile else None,
            wheelhouse=wheelhouse(),
            log=context.log,
            root=context.workspace,
        )
        return Made(descriptor.digest, built_layers(layout))
    builder = ImageBuilder(
        LayerStore(world.cache("layers")),
        wheelhouse,
        earlier(context, settings),
        compressed=settings.compressed,
        whole=settings.whole,
    )
    image = builder.build(content, base, layout)
    return Made(image.descriptor.digest, image.layers)


def earlier(context: StageContext, settings: Settings) -> Earlier | None:
    """The image whose layers are taken over, or None."""
    if settings.repository is None or not settings.reuse:
        return None
    return earlier_image(context.the_world().registries(), settings.repository, settings.reuse, context.log)


def report(context: StageContext, judged: Judged, content: ImageContent, made: Made) -> StageResult:
    """The result, and the report beside the image."""
    layers: list[Value] = [
        {
            "kind": layer.kind,
            "digest": layer.descriptor.digest,
            "bytes": layer.descriptor.size,
            "made": layer.made,
        }
        for layer in made.layers
    ]
    new = sum(layer.descriptor.size for layer in made.layers if layer.made)
    reused = sum(not layer.made for layer in made.layers)
    total = sum(layer.descriptor.size for layer in made.layers)
    facts: dict[str, Value] = {
        "image": made.digest,
        "model": judged.manifest.model_digest,
        "package": judged.digest,
        "layers": layers,
    }
    place = context.place("report", "image.json")
    document = {"version": 1, **facts, "base": content.base, "platform": content.platform, "labels": content.labels}
    place.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return StageResult(
        Outcome.PASSED,
        f"built {made.digest} from {len(layers)} layers, {reused} of them reused: {new / 1e6:.1f} MB new",
        measurements={"layers": len(layers), "layers_reused": reused, "bytes": total, "bytes_built": new},
        outputs={
            "image": context.left("image", context.place("image", "image")),
            "report": context.left("report", place),
        },
        facts=facts,
    )
