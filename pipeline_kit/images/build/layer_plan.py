"""What layers an image has above its base, in the order of how rarely they change, and by which keys they are known.

A key is the digest of everything that a layer is made from. The same key means the same bytes, so a layer that an
earlier build has left is taken without being made, or even read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_kit.contract.digest import digest_file, digest_json
from pipeline_kit.errors import ModelError
from pipeline_kit.images.build.content import OWN_FOLDERS, ImageContent, Part
from pipeline_kit.images.names import CODE, CONFIG, MODEL
from pipeline_kit.images.oci.tar_layer import COPY_BYTES, FORMAT, Counted, LayerFile

DEPENDENCIES = "dependencies"
LARGE_MODEL_FILE = 16 << 20
"""Bytes from which on a file of the model has a layer of its own."""


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """A layer to be: its kind, its key, and its files; those of the dependencies are known when they are there."""

    kind: str
    key: str
    files: Mapping[str, LayerFile] | None = None


def plan_layers(content: ImageContent, *, compressed: bool) -> tuple[LayerPlan, ...]:
    """The layers above the base, lowest first. Raises ModelError for a file that belongs nowhere."""
    files = layer_files(content)
    groups = [("code", under(CODE, files))]
    groups += [("model", model_group) for model_group in model_groups(under(MODEL, files))]
    groups.append(("config", under(CONFIG, files)))
    layer_plans = [
        layer_plan(content, kind, layer_files, compressed=compressed) for kind, layer_files in groups if layer_files
    ]
    return (LayerPlan(DEPENDENCIES, dependencies_key(content, compressed=compressed)), *layer_plans)


def layer_files(content: ImageContent) -> dict[str, LayerFile]:
    """The files of the image, but for the dependencies, by their path."""
    result = {}
    for path, source in {**content.files, **content.parts}.items():
        if not path.startswith(tuple(f"{folder}/" for folder in OWN_FOLDERS)):
            raise ModelError(f"{path} has no place in the image", hint=f"files lie in {', '.join(OWN_FOLDERS)}")
        executable = path in content.executables
        if isinstance(source, Part):
            result[path] = LayerFile(source.size, source.open, executable)
        else:
            result[path] = LayerFile.of(source, executable=executable)
    return result


def under(folder: str, files: Mapping[str, LayerFile]) -> dict[str, LayerFile]:
    """The files below a folder."""
    return {path: file for path, file in files.items() if path.startswith(f"{folder}/")}


def dependencies_key(content: ImageContent, *, compressed: bool) -> str:
    """The key of all layers of the dependencies: of the lock file, so that no wheel is fetched to know it."""
    return digest_json(
        {
            "kind": DEPENDENCIES,
            "lock": digest_file(content.lock),
            "python": content.python,
            "platform": content.platform,
            "compressed": compressed,
            "format": FORMAT,
        }
    )


def model_groups(files: Mapping[str, LayerFile]) -> list[dict[str, LayerFile]]:
    """The model's files by layer: each large one of its own, all others together."""
    large = [path for path in sorted(files) if files[path].size >= LARGE_MODEL_FILE]
    rest = {path: file for path, file in files.items() if path not in large}
    return [{path: files[path]} for path in large] + ([rest] if rest else [])


def layer_plan(content: ImageContent, kind: str, files: Mapping[str, LayerFile], *, compressed: bool) -> LayerPlan:
    """The plan of a layer of files that are there."""
    known = {path: content.digests.get(path) or digest_of(file) for path, file in files.items()}
    key = digest_json(
        {
            "kind": kind,
            "files": {path: [digest, files[path].executable] for path, digest in known.items()},
            "compressed": compressed,
            "format": FORMAT,
        }
    )
    return LayerPlan(kind, key, files)


def digest_of(file: LayerFile) -> str:
    """The digest of a file's content."""
    counted = Counted(None)
    left = file.size
    with file.opener() as content:
        while left and (piece := content.read(min(left, COPY_BYTES))):
            left -= counted.write(piece)
    return counted.digest
