"""The folder that a Docker engine builds from: the package's files, its wheels with their hashes, and a Dockerfile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline_kit.contract.digest import digest_files
from pipeline_kit.errors import ModelError, ProjectError, UsageError
from pipeline_kit.images.build.content import OWN_FOLDERS, ImageContent
from pipeline_kit.images.engine.dockerfile import dockerfile_of
from pipeline_kit.images.names import APP
from pipeline_kit.images.oci.tar_layer import folders_of

DOCKERFILE = "Dockerfile"
WHEELHOUSE = "wheelhouse"
REQUIREMENTS = "requirements.txt"


def write_context(folder: Path, content: ImageContent, wheelhouse: Path, dockerfile: Path | None) -> None:
    """Fills an empty folder: `code/`, `model/`, `config/`, `wheelhouse/`, `requirements.txt` and `Dockerfile`.

    The Dockerfile is the project's where one is given, else the kit's. Files are linked where the disk has links.
    Raises ModelError for a file that belongs nowhere, UsageError for a Dockerfile that is not there.
    """
    for name in (*(own_folder.removeprefix(f"{APP}/") for own_folder in OWN_FOLDERS), WHEELHOUSE):
        (folder / name).mkdir()
    folders_of(content.files)  # which refuses every path that leads out
    if content.parts:
        raise ModelError("an engine is given whole files", hint="unpack the package first")
    for path, source in content.files.items():
        if not path.startswith(tuple(f"{own_folder}/" for own_folder in OWN_FOLDERS)):
            raise ModelError(f"{path} has no place in the image", hint=f"files lie in {', '.join(OWN_FOLDERS)}")
        put(source, folder / path.removeprefix(f"{APP}/"), executable=path in content.executables)
    wheels = sorted(wheelhouse.glob("*.whl"), key=lambda each: each.name)
    for wheel in wheels:
        put(wheel, folder / WHEELHOUSE / wheel.name, executable=False)
    (folder / REQUIREMENTS).write_text("".join(f"{line}\n" for line in requirements(wheels)), encoding="utf-8")
    (folder / DOCKERFILE).write_text(dockerfile_text(content, dockerfile, wheels=bool(wheels)), encoding="utf-8")


def dockerfile_text(content: ImageContent, dockerfile: Path | None, *, wheels: bool) -> str:
    """The project's Dockerfile, or the kit's filled with the content. Raises UsageError for a missing one."""
    if dockerfile is None:
        return dockerfile_of(content, wheels=wheels)
    try:
        return dockerfile.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"the Dockerfile {dockerfile.name} cannot be read: {error}", hint="look at its path"
        ) from error


def put(source: Path | bytes, target: Path, *, executable: bool) -> None:
    """Makes a file of the context; the original's mode stays what it is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(source, bytes):
        target.write_bytes(source)
    elif bool(source.stat().st_mode & 0o100) == executable:
        try:
            os.link(source.resolve(), target)
        except OSError:
            shutil.copyfile(source, target)
        else:
            return
    else:
        shutil.copyfile(source, target)
    target.chmod(0o755 if executable else 0o644)


def requirements(wheels: Sequence[Path]) -> Iterator[str]:
    """A line for each wheel: name, version and hash, by which pip takes that very file and no other."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    for wheel, digest in zip(wheels, digest_files(wheels), strict=True):
        try:
            name, version, _, _ = parse_wheel_filename(wheel.name)
        except InvalidWheelFilename as error:
            raise ProjectError(f"{wheel.name} is not a valid wheel name: {error}", hint="download it again") from error
        yield f"{name}=={version} --hash={digest}"
