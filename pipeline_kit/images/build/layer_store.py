"""Layers that earlier builds on this machine have left, by their keys; what is missing or was touched is made again."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pipeline_kit.contract.digest import PREFIX
from pipeline_kit.contract.oci import ContentDescriptor
from pipeline_kit.images.oci.tar_layer import WrittenLayer

MOST_BYTES = 20 << 30
"""Of layers kept; beyond that the keys used longest ago go, and what only they point to."""
UNTOUCHED = 0
"""The time that every layer gets. A layout may hold the same file by a hard link: whoever writes to it changes this."""


@dataclass(frozen=True, slots=True)
class LayerStore:
    """A folder of layers by digest, and of keys; every write is whole or not at all, so processes may share it."""

    folder: Path

    def find(self, key: str) -> tuple[WrittenLayer, ...] | None:
        """The layers of a key, or None where one of them is not as it was written: its size and time are compared."""
        written_layers = self.described(key)
        return (
            written_layers
            if written_layers is not None
            and all(self.holds(written_layer.descriptor) for written_layer in written_layers)
            else None
        )

    def described(self, key: str) -> tuple[WrittenLayer, ...] | None:
        """What this machine has found the layers of a key to be; whether it holds them is not asked."""
        path = self.key_file(key)
        try:
            written_layers = [described(load) for load in json.loads(path.read_text())]
            path.touch()
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return tuple(written_layers)

    def holds(self, descriptor: ContentDescriptor) -> bool:
        """Whether a layer is here as it was written."""
        try:
            state = self.path(descriptor.digest).stat()
        except OSError:
            return False
        return (state.st_size, state.st_mtime_ns) == (descriptor.size, UNTOUCHED)

    def keep(self, key: str, layers: Sequence[WrittenLayer]) -> None:
        """Remembers the layers of a key, also those that are elsewhere."""
        documents = [
            {
                "media_type": layer.descriptor.media_type,
                "digest": layer.descriptor.digest,
                "size": layer.descriptor.size,
                "diff_id": layer.diff_id,
            }
            for layer in layers
        ]
        with self.appearing(self.key_file(key)) as file:
            file.write(json.dumps(documents).encode())

    @contextmanager
    def appearing(self, target: Path | None = None) -> Iterator[IO[bytes]]:
        """A file to write to, which takes its place when the block ends; without one `adopt` gives it its place."""
        folder = target.parent if target else self.folder / "partial"
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".part-")
        os.close(handle)
        try:
            with Path(name).open("wb") as file:
                yield file
            if target:
                Path(name).replace(target)
        finally:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()

    def adopt(self, file: IO[bytes], digest: str) -> None:
        """Gives what `appearing` handed out its place among the layers."""
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        os.utime(file.fileno(), ns=(UNTOUCHED, UNTOUCHED))
        target = self.path(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(file.name).replace(target)

    def path(self, digest: str) -> Path:
        """Where a layer is."""
        return self.folder / "blobs" / digest.removeprefix(PREFIX)

    def key_file(self, key: str) -> Path:
        """The file that lists the layers of a key."""
        return self.folder / "keys" / f"{key.removeprefix(PREFIX)}.json"

    def sweep(self, most_bytes: int = MOST_BYTES) -> None:
        """Forgets the keys used longest ago until what is kept is small enough."""
        with contextlib.suppress(OSError):
            keys = sorted((self.folder / "keys").glob("*.json"), key=lambda each: each.stat().st_mtime, reverse=True)
            kept: dict[str, int] = {}
            for path in keys:
                layers = {load["digest"]: load["size"] for load in json.loads(path.read_text())}
                if sum({**kept, **layers}.values()) > most_bytes and kept:
                    path.unlink()
                else:
                    kept.update(layers)
            for blob in (self.folder / "blobs").glob("*"):
                if PREFIX + blob.name not in kept:
                    blob.unlink()


def described(document: dict[str, Any]) -> WrittenLayer:
    """A layer as its key's file describes it."""
    return WrittenLayer(
        ContentDescriptor(document["media_type"], document["digest"], document["size"]), document["diff_id"]
    )
