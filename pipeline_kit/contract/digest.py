"""Digests: `sha256:<hex>` of bytes, files, folders and JSON values."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pipeline_kit.descriptor.parameter import Value

PREFIX = "sha256:"
WORTH_THREADS_BYTES = 32 * 1024 * 1024
"""Less is digested before threads would have started."""


def digest_bytes(content: bytes) -> str:
    """The digest of bytes."""
    return PREFIX + hashlib.sha256(content).hexdigest()


def digest_file(path: Path) -> str:
    """The digest of a file's full content. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        return PREFIX + hashlib.file_digest(file, "sha256").hexdigest()


def digest_files(paths: Sequence[Path]) -> list[str]:
    """The digests of files, in their order, several at a time: hashing lets go of Python's lock.

    Raises OSError for one that cannot be read, and for one of the kernel's.
    """
    sizes = [file_size(path) for path in paths]
    threads = min(len(paths), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if threads < 2 or sum(sizes) < WORTH_THREADS_BYTES:
        return [digest_file(path) for path in paths]
    from pipeline_kit.contract.digest_threads import hash_at_once

    return [PREFIX + text for text in hash_at_once(paths, sizes, threads)]


def file_size(path: Path) -> int:
    """The size of a file in bytes. Raises OSError for one of the kernel's, such as `/proc/self/environ`.

    A link of a repository could lead to it: the content is that of the kit's own process, with all of its secrets.
    """
    status = path.stat()
    if status.st_dev in kernel_devices():
        raise OSError(errno.EPERM, "it leads to a file of the machine's kernel", str(path))
    return status.st_size


@lru_cache(maxsize=1)
def kernel_devices() -> frozenset[int]:
    """The devices of the file systems in which the kernel shows itself."""
    devices = set()
    for folder in ("/proc", "/sys", "/dev"):
        with contextlib.suppress(OSError):
            devices.add(Path(folder).stat().st_dev)
    return frozenset(devices - {Path("/").stat().st_dev})


def digest_tree(root: Path) -> str:
    """The digest of a folder: of every regular file's relative path and content, in sorted order.

    Neither times nor modes nor empty folders count, so a copy has the digest of its original: a link, to a file or
    to a folder, counts as what it leads to. A single file's tree digest is its file digest.
    """
    return digest_trees([root])[0]


def digest_trees(roots: Sequence[Path]) -> list[str]:
    """The tree digests of several files and folders, in their order. Raises OSError for one that cannot be read."""
    trees = [tree_files(root) if root.is_dir() else {"": root} for root in roots]
    digests = iter(digest_files([path for tree in trees for path in tree.values()]))
    values = [{name: next(digests) for name in tree} for tree in trees]
    return [tree[""] if "" in tree else digest_json(tree) for tree in values]


def tree_files(root: Path) -> dict[str, Path]:
    """Every regular file of a folder by its relative path, also behind links to folders.

    Raises OSError if a link leads to a folder that contains it (an endless loop).
    """
    paths: dict[str, Path] = {}
    for folder, folders, files in os.walk(root, followlinks=True):
        here = Path(folder)
        for name in folders:
            if (here / name).is_symlink() and here.resolve().is_relative_to((here / name).resolve()):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(here / name))
        for name in files:
            if (here / name).is_file():
                paths[(here / name).relative_to(root).as_posix()] = here / name
    return paths


def digest_json(value: Value) -> str:
    """The digest of a value's canonical JSON."""
    return digest_bytes(canonical_json(value).encode())


def canonical_json(value: Value) -> str:
    """The one JSON text of a value: sorted keys, no spaces. Raises ValueError on NaN and infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
