"""An image's root on disk: its layers unpacked into a folder that nothing in them can lead out of.

No link is made before every file is written, so that none is written through one; a link leads where a container
would see it, as a relative link inside the folder. Owners, set-uid bits and times are left out.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from dataclasses import replace
from pathlib import Path

from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.oci import Blobs, ContentDescriptor
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import LAYER_KIND
from pipeline_kit.images.oci.files import BROKEN, ImageFile, image_files

BASE = "base"
"""The kind of a layer that an image takes from its base."""

FILE_MODE, FOLDER_MODE = 0o600, 0o700  # what the owner may do, whatever the layer says
PERMISSIONS = 0o777


def layers_above_base(image: Image) -> tuple[ContentDescriptor, ...]:
    """The layers that the kit has added, lowest first; all of them where the manifest has no annotations."""
    if not any(LAYER_KIND in layer.annotations for layer in image.layers):
        return image.layers
    return tuple(layer for layer in image.layers if layer.annotations.get(LAYER_KIND, BASE) != BASE)


def unpack_root(blobs: Blobs, image: Image, folder: Path, *, above_base: bool) -> None:
    """Unpacks the image into an empty folder: its final state, or with `above_base` that of the kit's own layers.

    Layers of the base are not even fetched then. Raises ModelError for a layer that is broken or hostile.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ModelError(f"{folder} is not empty", hint="unpack the image into a new folder")
    layers = layers_above_base(image) if above_base else image.layers
    folders: dict[Path, int] = {}
    links: list[ImageFile] = []
    for entry in image_files(replace(image, layers=layers), blobs):
        if entry.kind == "link":
            links.append(entry)
        elif entry.kind == "folder":
            place(folder, entry).mkdir(exist_ok=True)
            folders[folder / entry.path] = entry.mode
        elif entry.kind == "file":
            write_file(place(folder, entry), entry)
        else:
            hint = "an image of the kit holds files, folders and links"
            raise ModelError(f"{entry.path} of the image is a device or a pipe", hint=hint)
    for link in links:
        make_link(folder, link)
    for path, mode in sorted(folders.items(), reverse=True):
        path.chmod(mode & PERMISSIONS | FOLDER_MODE)


def place(folder: Path, entry: ImageFile) -> Path:
    """Where an entry goes, its parent made. Raises ModelError where the image has a file in the place of a folder."""
    path = folder / entry.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise collision(entry) from error
    if path.is_symlink() or (path.exists() and not (entry.kind == "folder" and path.is_dir())):
        raise collision(entry)
    return path


def collision(entry: ImageFile) -> ModelError:
    """The error for a path that is a file and a folder at once."""
    return ModelError(f"{entry.path} of the image is where another file is", hint="the layer is hostile")


def write_file(path: Path, entry: ImageFile) -> None:
    """Writes a file's content; it may be executable, and nothing more than that."""
    try:
        with path.open("xb") as target, entry.open() as source:
            shutil.copyfileobj(source, target, 1 << 20)
    except BROKEN as error:
        raise ModelError(f"{entry.path} of the image cannot be read: {error}", hint="the layer is broken") from error
    if path.stat().st_size != entry.size:
        raise ModelError(f"{entry.path} of the image is cut off", hint="the layer is broken")
    path.chmod(entry.mode & PERMISSIONS | FILE_MODE)


def make_link(folder: Path, entry: ImageFile) -> None:
    """Makes a symbolic link to what a container would find there, relative and inside the folder."""
    path = place(folder, entry)
    inside = target_inside(entry.path, entry.target)
    up = "/".join([".."] * entry.path.count("/"))
    path.symlink_to(os.fspath(Path(up or ".") / inside))


def target_inside(path: str, target: str) -> str:
    """The path in the image that a link leads to: above the root there is the root, as in a container."""
    if "\0" in target or not target:
        raise ModelError(f"{path} of the image is a link to nothing", hint="the layer is hostile")
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(path), target)).lstrip("/")
