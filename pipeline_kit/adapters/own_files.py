"""Files of the kit's own, in folders that anyone may have written to: nothing here follows a link."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from pipeline_kit.errors import UsageError


def read_regular(path: Path, most: int) -> bytes:
    """The content of a regular file, at most `most` bytes of it and one more.

    Raises OSError for a link, a pipe, a device, and a file that is missing.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return file.read(most + 1)


def keep_secret(path: Path, content: bytes) -> None:
    """Makes a file that only its owner can read, complete or not at all; the caller holds a lock."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def refuse_links(folder: Path, inside: Iterable[str]) -> None:
    """Raises UsageError where the folder, what it holds, or what is in the folders `inside` of it is a link.

    What is written there would be written, and removed, wherever the link leads.
    """
    if folder.is_symlink():
        raise planted(folder)
    for path in (folder, *(folder / name for name in inside)):
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        raise planted(Path(entry.path))
        except FileNotFoundError:
            continue


def planted(path: Path) -> UsageError:
    """The error for a link in a folder of the kit's own."""
    return UsageError(f"{path} is a link, which pipeline-kit never makes there", hint="remove it")
