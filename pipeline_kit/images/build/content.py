"""What goes into an image: files by their path in it, and how its container runs. Both builders take this value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pipeline_kit.images.names import APP, CODE, CONFIG, MODEL, PACKAGES, PORT, USER


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file that is a file of the image: what need not be unpacked first. Offset and size in bytes."""

    path: Path
    offset: int
    size: int

    def open(self) -> IO[bytes]:
        """The larger file, at the place where this one begins."""
        file = self.path.open("rb")
        file.seek(self.offset)
        return file


@dataclass(frozen=True, slots=True)
class ImageContent:
    """Everything that both builders need to make the same image.

    `files` are the application's own, without the dependencies: path in the image (`app/code/...`, no slash before it)
    to a file on disk or its bytes. Those in `executables` get mode 0755, all others 0644. `lock` is the serving lock
    file on disk, `python` the minor version that its wheels are for, such as `3.11`; `platform` is an OCI one, such as
    `linux/amd64`. `base` is the text of the base image: `scratch`, `oci:FOLDER[:TAG]` or a registry reference.
    """

    files: Mapping[str, Path | bytes]
    lock: Path
    python: str
    platform: str
    base: str
    entrypoint: tuple[str, ...]
    labels: Mapping[str, str]
    created: int  # seconds since 1970, of the commit
    executables: frozenset[str] = frozenset()
    parts: Mapping[str, Part] = field(default_factory=dict)  # more files; an engine is given none
    digests: Mapping[str, str] = field(default_factory=dict)  # of the files, where they are known already
    environment: Mapping[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))
    user: str = USER
    port: int = PORT
    working_folder: str = f"/{CODE}"


ENVIRONMENT: Mapping[str, str] = {
    "PIPELINE_KIT_APP": f"/{APP}",
    "PORT": str(PORT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": f"/{PACKAGES}:/{CODE}",
    "PYTHONUNBUFFERED": "1",
}
"""Of the container. As a plain process the same names hold, with the paths of the folder that it was unpacked to."""

OWN_FOLDERS = (CODE, MODEL, CONFIG)
"""Where the files lie: every one is below one of these."""
