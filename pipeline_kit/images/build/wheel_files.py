"""The files that wheels install, read straight out of the wheels: nothing is compiled, unpacked or run.

By PyPA's `installer`: libraries and data under `app/packages`, scripts under `app/packages/bin`. Left out are compiled
Python, C headers, and the launchers of entry points, which would name this machine's interpreter; what the entry
points are stays in each `entry_points.txt`. Source: "Recording installed projects", PyPA specifications.
"""

from __future__ import annotations

import warnings
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.errors import ProjectError
from pipeline_kit.images.oci.tar_layer import LayerFile

LARGE_WHEEL = 32 << 20
"""Unpacked bytes from which a wheel gets its own layer, so that it changes with no other wheel."""


@dataclass(frozen=True, slots=True)
class UnpackedWheel:
    """A wheel's files by their path in the image; they are open for reading as long as the stack is that was given."""

    name: str
    files: dict[str, LayerFile]

    @property
    def size(self) -> int:
        """The bytes of all its files."""
        return sum(file.size for file in self.files.values())


def dependency_layers(wheelhouse: Path, stack: ExitStack) -> list[dict[str, LayerFile]]:
    """The files of each layer of the dependencies, lowest first: the large wheels by name, then all others together.

    Where two wheels have a file of one path the later one has it, as after an installation.
    """
    wheels = [read_wheel(path, stack) for path in sorted(wheelhouse.glob("*.whl"), key=lambda each: each.name)]
    layers = [wheel.files for wheel in wheels if wheel.size >= LARGE_WHEEL]
    rest: dict[str, LayerFile] = {}
    for wheel in wheels:
        if wheel.size < LARGE_WHEEL:
            rest.update(wheel.files)
    return [*layers, rest] if rest else layers


def read_wheel(path: Path, stack: ExitStack) -> UnpackedWheel:
    """What a wheel installs. Raises ProjectError for an invalid wheel."""
    from installer import install
    from installer.exceptions import InstallerError
    from installer.sources import WheelFile

    from pipeline_kit.images.build.wheel_destination import ImageDestination

    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
        source = WheelFile(archive)
        source.validate_record(validate_contents=False)
        destination = ImageDestination(archive, source)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # it leaves out __pycache__, as it should
            install(source, destination, {})
    except (InstallerError, zipfile.BadZipFile, ValueError, KeyError, AssertionError, UnicodeError) as error:
        raise ProjectError(f"{path.name} is not a valid wheel: {error}", hint="download it again") from error
    return UnpackedWheel(path.name, destination.files)
