"""Downloads a blob into the cache, verified, and resumed where the connection broke."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.adapters.registry.response import FAILED
from pipeline_kit.adapters.registry.transport import Transport
from pipeline_kit.contract.digest import PREFIX, digest_file
from pipeline_kit.contract.image_reference import DIGEST
from pipeline_kit.contract.oci import ContentDescriptor
from pipeline_kit.errors import ModelError

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Download:
    """A blob's address in a registry, and the cache that keeps blobs by digest."""

    transport: Transport
    place: str
    scope: str
    cache: Path

    def fetch(self, descriptor: ContentDescriptor) -> Path:
        """The blob's file. Raises ModelError where its content does not match the digest, else InfrastructureError."""
        target = self.cache / "sha256" / hexadecimal(descriptor.digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        with held(target.with_name(f"{target.name}.lock")):
            if target.is_file() and target.stat().st_size == descriptor.size:
                if digest_file(target) == descriptor.digest:
                    return target
                target.unlink()
            partial = target.with_name(f"{target.name}.partial")
            self._complete(partial, descriptor)
            partial.replace(target)
        return target

    def _complete(self, partial: Path, descriptor: ContentDescriptor) -> None:
        """Downloads what the file lacks. Bytes with a wrong digest are fetched once more, in case of an accident."""
        corrupt, last = 0, "the answer was empty"
        for _ in self.transport.retry.attempts():
            size = size_of(partial)
            if size is None or size < descriptor.size:
                try:
                    self._append(partial, size or 0, descriptor.size)
                except FAILED as error:
                    last = f"cut off: {type(error).__name__}"
            size = partial.stat().st_size
            if size == descriptor.size and digest_file(partial) == descriptor.digest:
                return
            if size < descriptor.size:
                last = f"{size} of {descriptor.size} bytes"
                continue
            partial.unlink()
            corrupt += 1
            if corrupt == 2:
                message = f"{self.transport.host} returned content that does not match {descriptor.digest}"
                raise ModelError(message, hint="the blob was changed in the registry: push the image again")
        raise self.transport.failed("GET", self.place, last)

    def _append(self, partial: Path, start: int, size: int) -> None:
        """Appends the missing bytes to the file; never more than the blob has."""
        headers = (
            {"Range": f"bytes={start}-", "Accept-Encoding": "identity"} if start else {"Accept-Encoding": "identity"}
        )
        answer = self.transport.request("GET", self.place, scope=self.scope, headers=headers, stream=True)
        if answer.status_code == 404:
            answer.close()
            raise ModelError(f"{self.transport.host} has no blob {self.place}", hint="push the image again")
        if answer.status_code not in (200, 206):
            raise self.transport.refused("GET", self.place, answer)
        mode = "ab" if answer.status_code == 206 and start else "wb"
        written = start if mode == "ab" else 0
        try:
            with partial.open(mode) as file:
                for piece in answer.pieces(PIECE):
                    written += len(piece)
                    if written > size:
                        file.write(piece[: len(piece) - (written - size)])
                        return
                    file.write(piece)
        finally:
            answer.close()


def size_of(path: Path) -> int | None:
    """The size of a file in bytes, None where it is missing."""
    return path.stat().st_size if path.is_file() else None


def hexadecimal(digest: str) -> str:
    """The hexadecimal part of a digest, a file's name in the cache. Raises ModelError for a malformed digest."""
    name = digest.removeprefix(PREFIX)
    if not DIGEST.fullmatch(digest):
        raise ModelError(f"{digest!r} is not a SHA-256 digest")
    return name


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Holds a lock against other processes and threads; yields whether another holder was waited for.

    The kernel releases it when its process ends.
    """
    with path.open("w") as file:
        waited = False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = True
            fcntl.flock(file, fcntl.LOCK_EX)
        yield waited
