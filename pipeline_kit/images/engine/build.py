"""The builder with a Docker engine: the same content, labels and layout as of the builder without one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipeline_kit.contract.digest import digest_bytes, digest_file
from pipeline_kit.contract.image_documents import read_image
from pipeline_kit.contract.image_reference import SCRATCH, LayoutReference, parse_image
from pipeline_kit.contract.oci import ContentDescriptor
from pipeline_kit.contract.serving import Engine, EngineBuild
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.build.assembly import labels
from pipeline_kit.images.build.base import Base, Chosen, from_layout
from pipeline_kit.images.build.content import ImageContent
from pipeline_kit.images.engine.archive import as_layout
from pipeline_kit.images.engine.context import write_context
from pipeline_kit.images.names import CODE, MODEL
from pipeline_kit.images.oci.archive import as_archive
from pipeline_kit.images.oci.files import image_files
from pipeline_kit.images.oci.layout import Layout
from pipeline_kit.images.oci.platform import read_platform
from pipeline_kit.images.verify.content_check import digest_of

BASE_ARGUMENT = "BASE"
NO_NETWORK = "none"
ARCHIVE = "image.tar"


def build_with_engine(
    content: ImageContent,
    engine: Engine,
    layout: Path,
    *,
    base: Base,
    dockerfile: Path | None,
    wheelhouse: Path,
    log: Callable[[str], None],
    root: Path,
) -> ContentDescriptor:
    """Builds the image in the engine and leaves it in a new layout at `layout`, tagged `latest`; what points to it.

    The kit's Dockerfile needs no network and gets none. A project's Dockerfile gets the same context, the build
    argument BASE, and the engine's network; its image must hold what was gated. Relative paths of the base count from
    `root`. The engine keeps neither the image nor a base that was loaded, but its cache of steps. Raises ProjectError
    where a step fails, ModelError where the image holds something else than the package, InfrastructureError where
    the engine is not reachable.
    """
    if content.base == SCRATCH and dockerfile is None:
        raise UsageError(
            "the builder docker needs a base with Python and pip",
            hint="such as base: registry.example/python:3.11-slim",
        )
    layout.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=layout.parent, prefix=".docker-") as name:
        folder = Path(name)
        context, archive = folder / "context", folder / ARCHIVE
        context.mkdir()
        write_context(context, content, wheelhouse, dockerfile)
        with base_in(engine, content, base, folder, root) as named:
            build = EngineBuild(
                context,
                labels=build_labels(content, base),
                arguments={BASE_ARGUMENT: named} if named else {},
                platform=content.platform,
                network=NO_NETWORK if dockerfile is None else None,
            )
            image = engine.build(build)
            try:
                log("writing the image into an OCI layout")
                engine.save(image, archive)
            finally:
                engine.remove(image)
        descriptor = as_layout(archive, layout)
    check_content(Layout(layout), content)
    return descriptor


def build_labels(content: ImageContent, base: Base) -> dict[str, str]:
    """The labels of the other builder; what else the base says of itself is emptied, for no label can be taken away."""
    theirs = base.settings.get("Labels")
    return {**dict.fromkeys(theirs if isinstance(theirs, dict) else (), ""), **labels(content, base)}


@contextmanager
def base_in(engine: Engine, content: ImageContent, base: Base, folder: Path, root: Path) -> Iterator[str]:
    """The engine's name of the base, by digest; empty without a base.

    A base in a layout is loaded, and removed again when the block ends.
    """
    if base.digest is None:
        yield ""
        return
    if base.place is not None:
        yield f"{base.place}@{base.digest}"
        return
    result = parse_image(content.base, root)
    assert isinstance(result, LayoutReference)  # a base without a place is not in a registry
    blobs = Layout(root / result.folder)
    image = read_image(Chosen(blobs, from_layout(blobs, result, read_platform(content.platform))))
    with ExitStack() as stack:
        archive = folder / "base.tar"
        as_archive(blobs, image, archive)
        loaded = engine.load(archive)
        stack.callback(engine.remove, loaded)
        archive.unlink()
        yield loaded


def check_content(layout: Layout, content: ImageContent) -> None:
    """Raises ModelError unless the image holds all of the package as it was gated, and no code or model beside it.

    A project's Dockerfile may add folders of its own; what it may not is change what was judged, as `verify` would say
    later.
    """
    files = dict(content.files)
    for file in image_files(read_image(layout), layout):
        source = files.pop(file.path, None)
        if source is None:
            if file.kind != "folder" and file.path.startswith((f"{MODEL}/", f"{CODE}/")):
                raise refused(file.path, "is not of what was gated")
        elif file.kind != "file" or digest_of(file) != digest_of_source(source):
            raise refused(file.path, "is not what was gated")
    if files:
        raise refused(min(files), "is missing in it")


def digest_of_source(source: Path | bytes) -> str:
    """The digest of what was to become a file of the image."""
    return digest_bytes(source) if isinstance(source, bytes) else digest_file(source)


def refused(path: str, what: str) -> ModelError:
    """The error for an image that is not the package's."""
    return ModelError(
        f"the image is not the package: /{path} {what}",
        hint="let the Dockerfile copy code, model and config of its context to /app, as the kit's own does",
    )
