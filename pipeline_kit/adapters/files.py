"""Files written whole or not at all, and folders that one process at a time may use."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from pipeline_kit.errors import InfrastructureError

TEMPORARY = ".pipeline-kit-part-"
"""How a file's name begins until it is whole; the number of the process that writes it follows."""
COPIED_BYTES = 1024 * 1024
LEFTOVER_SECONDS = 40.0
"""How long the jobs of a run that was killed may take to end before a new run gives up waiting for them."""
POLL_SECONDS = 0.05

HELD_LOCKS: set[int] = set()
"""Descriptors of the locks that this process holds: the processes that must have ended first inherit them."""


@contextlib.contextmanager
def appearing(path: Path, *, lasting: bool = True) -> Iterator[BinaryIO]:
    """A file to write into that takes its place at once when the block ends, and leaves nothing where it raises.

    Temporary file beside it, fsync, rename, fsync of the folder; without `lasting` no fsync, for what may be lost with
    the machine's power. An OSError names the file even where the kernel did not.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        temporary.replace(path)
        if lasting:
            sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        raise


def write_atomically(path: Path, content: str | bytes, *, lasting: bool = True) -> None:
    """Replaces a file at once."""
    with appearing(path, lasting=lasting) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def copy_atomically(
    source: Path, target: Path, alive: Callable[[], None] = lambda: None, *, lasting: bool = True
) -> None:
    """Copies a file so that the target appears whole or not at all; calls `alive` after each piece."""
    with source.open("rb") as reading, appearing(target, lasting=lasting) as writing:
        while chunk := reading.read(COPIED_BYTES):
            writing.write(chunk)
            alive()


def sync_folder(folder: Path) -> None:
    """Makes a rename in the folder survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def empty_folder(folder: Path) -> None:
    """An empty folder at that place, whatever was there."""
    remove(folder)
    folder.mkdir(parents=True)


def remove(path: Path) -> None:
    """Removes a file, a link or a folder with all that is in it; nothing where nothing is."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        make_removable(path)
        shutil.rmtree(path)


def make_removable(folder: Path) -> None:
    """Gives back write permission on folders that a job may have made read-only."""
    for path, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            Path(path).chmod(0o700)


@contextlib.contextmanager
def locked(
    path: Path, *, shared: bool = False, busy: str | None = None, waits: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Holds a lock file while the block runs; the kernel lets go of it when all have ended to whom it was handed on.

    With `busy` a lock that a living process holds raises InfrastructureError with that text at once; one that the jobs
    of a killed process still hold is waited for, after a call of `waits`. Without, this waits in any case.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+") as file:
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        if busy is None:
            fcntl.flock(file, mode)
        else:
            take(file, mode | fcntl.LOCK_NB, busy, waits)
        if not shared:
            with contextlib.suppress(OSError):  # a full disk is no reason not to start
                os.pwrite(file.fileno(), f"{os.getpid():>20}\n".encode(), 0)  # over the last owner's, as wide as this
        HELD_LOCKS.add(file.fileno())
        try:
            yield
        finally:
            HELD_LOCKS.discard(file.fileno())


def take(file: IO[str], mode: int, busy: str, waits: Callable[[], None]) -> None:
    """Takes the lock of an open file, or refuses, as `locked` says."""
    deadline: float | None = None
    while True:
        try:
            return fcntl.flock(file, mode)
        except BlockingIOError:
            if owner_lives(file) or (deadline is not None and time.monotonic() >= deadline):
                hint = "wait for it to end; if it was killed, its jobs end within seconds"
                raise InfrastructureError(busy, hint=hint) from None
            if deadline is None:
                deadline = time.monotonic() + LEFTOVER_SECONDS
                waits()
            time.sleep(POLL_SECONDS)


def owner_lives(file: IO[str]) -> bool:
    """Whether the process that took the lock is there; where that cannot be told, it is."""
    file.seek(0)
    text = file.read().strip()
    return not text.isdecimal() or lives(int(text))


def lives(process: int) -> bool:
    """Whether a process is there and has not ended; one that its parent has not collected yet has."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:  # another user's process, or a system without /proc
        return True


def is_left_over(path: Path) -> bool:
    """Whether the file was to become another one when its writer was killed."""
    writer = path.name.removeprefix(TEMPORARY).partition("-")[0]
    return path.name.startswith(TEMPORARY) and writer.isdecimal() and not lives(int(writer))
