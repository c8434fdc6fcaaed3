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
from pipeline_kit.images.archive import as_archive
from pipeline_kit.images.assembly import BASE_DIGEST, BASE_NAME
from pipeline_kit.images.base import Chosen, from_layout
from pipeline_kit.images.content import ImageContent
from pipeline_kit.images.content_check import digest_of
from pipeline_kit.images.docker_archive import as_layout
from pipeline_kit.images.docker_context import write_context
from pipeline_kit.images.files import image_files
from pipeline_kit.images.layout import Layout
from pipeline_kit.images.names import CODE, CONFIG, MODEL
from pipeline_kit.images.platform import read_platform

BASE_ARGUMENT = "BASE"
NO_NETWORK = "none"
ARCHIVE = "image.tar"


def build_with_engine(
    content: ImageContent,
    engine: Engine,
    layout: Path,
    *,
    dockerfile: Path | None,
    wheelhouse: Path,
    log: Callable[[str], None],
    root: Path | None = None,
) -> ContentDescriptor:
    """Builds the image in the engine and leaves it in a new layout at `layout`, tagged `latest`; what points to it.

    The kit's Dockerfile needs no network and gets none. A project's Dockerfile gets the same context, the build
    argument BASE, and the engine's network; its image must hold what was gated. Relative paths of the base count from
    `root`. The engine keeps neither image nor base afterwards, but its cache of steps. Raises ProjectError where a step
    fails, ModelError where the image holds something else than the package, InfrastructureError where there is no
    engine.
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
        with based(content, engine, folder, root or Path.cwd()) as (base, facts):
            build = EngineBuild(
                context,
                labels={**facts, **content.labels},
                arguments={BASE_ARGUMENT: base} if base else {},
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


@contextmanager
def based(content: ImageContent, engine: Engine, folder: Path, root: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """What the engine calls the base, and its name and digest where they are known.

    A base in a layout is loaded, and removed again when the block ends.
    """
    if content.base == SCRATCH:
        yield "", {}
        return
    found = parse_image(content.base, root)
    if not isinstance(found, LayoutReference):
        name = f"{found.name}{f':{found.tag}' if found.tag else ''}"
        yield str(found), {BASE_NAME: name, **({BASE_DIGEST: found.digest} if found.digest else {})}
        return
    blobs = Layout(root / found.folder)
    image = read_image(Chosen(blobs, from_layout(blobs, found, read_platform(content.platform))))
    with ExitStack() as stack:
        archive = folder / "base.tar"
        as_archive(blobs, image, archive)
        loaded = engine.load(archive)
        stack.callback(engine.remove, loaded)
        archive.unlink()
        yield loaded, {BASE_DIGEST: image.digest}


def check_content(layout: Layout, content: ImageContent) -> None:
    """Raises ModelError unless the image holds model and configuration as they were gated, and no code that was not.

    A project's Dockerfile may leave code out, or add folders of its own; what it may not is change what was judged.
    """
    wanted = {path: source for path, source in content.files.items() if path.startswith((f"{MODEL}/", f"{CONFIG}/"))}
    code = {path: source for path, source in content.files.items() if path.startswith(f"{CODE}/")}
    for file in image_files(read_image(layout), layout):
        source = wanted.pop(file.path, None) or code.get(file.path)
        if source is None:
            if file.path.startswith(f"{MODEL}/") and file.kind != "folder":
                raise refused(file.path, "is not of the model that was gated")
            continue
        if file.kind != "file" or digest_of(file) != digest_of_source(source):
            raise refused(file.path, "is not what was gated")
    if wanted:
        raise refused(min(wanted), "is missing in it")


def digest_of_source(source: Path | bytes) -> str:
    """The digest of what was to become a file of the image."""
    return digest_bytes(source) if isinstance(source, bytes) else digest_file(source)


def refused(path: str, what: str) -> ModelError:
    """The error for an image that is not the package's."""
    return ModelError(
        f"the image is not the package: /{path} {what}",
        hint="let the Dockerfile copy code, model and config of its context to /app, as the kit's own does",
    )
