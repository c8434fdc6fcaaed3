"""Files that are written atomically, and locks on folders."""

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
"""How a temporary file's name begins; the writer's process id follows."""
COPIED_BYTES = 1024 * 1024
LEFTOVER_SECONDS = 40.0
"""How long a new run waits for the jobs of a killed run to end."""
POLL_SECONDS = 0.05

HELD_LOCKS: set[int] = set()
"""File descriptors of this process's locks. Supervisors inherit them: a lock lasts until their commands have ended."""


@contextlib.contextmanager
def appearing(path: Path, *, lasting: bool = True) -> Iterator[BinaryIO]:
    """A temporary file that replaces `path` when the block ends, and is removed when it raises.

    With `lasting`, file and folder are synced to the disk, to survive a loss of power. An OSError names the file even
    where the kernel did not.
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
    """Replaces a file atomically."""
    with appearing(path, lasting=lasting) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def copy_atomically(
    source: Path, target: Path, alive: Callable[[], None] = lambda: None, *, lasting: bool = True
) -> None:
    """Copies a file; the target appears complete or not at all. Calls `alive` after each piece."""
    with source.open("rb") as reading, appearing(target, lasting=lasting) as writing:
        while chunk := reading.read(COPIED_BYTES):
            writing.write(chunk)
            alive()


def sync_folder(folder: Path) -> None:
    """Syncs a folder to the disk: a rename in it then survives a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def empty_folder(folder: Path) -> None:
    """Makes an empty folder; whatever was at that path is removed."""
    remove(folder)
    folder.mkdir(parents=True)


def remove(path: Path) -> None:
    """Removes a file, a link or a folder with its content; a missing path is ignored."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        make_removable(path)
        shutil.rmtree(path)


def make_removable(folder: Path) -> None:
    """Makes the folders below writable again: a job may have made them read-only."""
    for path, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            Path(path).chmod(0o700)


@contextlib.contextmanager
def locked(
    path: Path, *, shared: bool = False, busy: str | None = None, waits: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Holds a lock file while the block runs; the kernel releases it when every process that inherited it has ended.

    Without `busy` this waits for the lock. With `busy`, a lock of a living process raises InfrastructureError with that
    text at once; one that only the jobs of a killed process still hold is waited for, after a call of `waits`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666), "r+") as file:
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        if busy is None:
            fcntl.flock(file, mode)
        else:
            take(file, mode | fcntl.LOCK_NB, busy, waits)
        if not shared:
            with contextlib.suppress(OSError):  # a full disk must not prevent a start
                os.pwrite(
                    file.fileno(), f"{os.getpid():>20}\n".encode(), 0
                )  # as wide as the last owner's, which it overwrites
        HELD_LOCKS.add(file.fileno())
        try:
            yield
        finally:
            HELD_LOCKS.discard(file.fileno())


def take(file: IO[str], mode: int, busy: str, waits: Callable[[], None]) -> None:
    """Takes the lock of an open file, or raises, as `locked` describes."""
    deadline: float | None = None
    while True:
        try:
            return fcntl.flock(file, mode)
        except BlockingIOError:
            if owner_lives(file) or (deadline is not None and time.monotonic() >= deadline):
                hint = "wait until it ends; if it was killed, its jobs end within seconds"
                raise InfrastructureError(busy, hint=hint) from None
            if deadline is None:
                deadline = time.monotonic() + LEFTOVER_SECONDS
                waits()
            time.sleep(POLL_SECONDS)


def owner_lives(file: IO[str]) -> bool:
    """Whether the process that took the lock is alive; true where the file does not name it."""
    file.seek(0)
    text = file.read().strip()
    return not text.isdecimal() or lives(int(text))


def lives(process: int) -> bool:
    """Whether a process is alive; a zombie is not."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:  # another user's process, or a system without /proc
        return True


def is_left_over(path: Path) -> bool:
    """Whether this is the temporary file of a writer that was killed."""
    writer = path.name.removeprefix(TEMPORARY).partition("-")[0]
    return path.name.startswith(TEMPORARY) and writer.isdecimal() and not lives(int(writer))
