"""Files hashed on several cores at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

READ_BYTES = 256 * 1024


def hash_at_once(paths: Sequence[Path], sizes: Sequence[int], threads: int) -> list[str]:
    """The SHA-256 of files in hexadecimal, in their order.

    Raises OSError for one that cannot be read. Whatever raises here, a signal's handler too, ends the reading of all.
    """
    unwanted = Event()
    largest_first = sorted(range(len(paths)), key=lambda number: -sizes[number])  # no large one is left for the end
    with ThreadPoolExecutor(threads) as pool:
        try:
            digests = pool.map(lambda number: hash_unless(unwanted, paths[number]), largest_first)
            values = dict(zip(largest_first, digests, strict=True))
        except BaseException:
            unwanted.set()
            raise
    return [values[number] for number in range(len(paths))]


def hash_unless(unwanted: Event, path: Path) -> str:
    """The SHA-256 of a file's full content, or of the part read before it was cancelled."""
    digest, buffer = hashlib.sha256(), bytearray(READ_BYTES)
    content = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while not unwanted.is_set() and (count := file.readinto(buffer)):
            digest.update(content[:count])
    return digest.hexdigest()
