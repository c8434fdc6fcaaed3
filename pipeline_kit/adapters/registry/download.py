"""A blob on its way from a registry into the cache: verified while it comes, and resumed where it broke off."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.adapters.registry.answer import FAILED
from pipeline_kit.adapters.registry.transport import Transport
from pipeline_kit.contract.digest import PREFIX, digest_file
from pipeline_kit.contract.image_reference import DIGEST
from pipeline_kit.contract.oci import ContentDescriptor
from pipeline_kit.errors import ModelError

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Download:
    """The place of a blob in a registry, and the cache that keeps blobs by digest."""

    transport: Transport
    place: str
    scope: str
    cache: Path

    def fetch(self, descriptor: ContentDescriptor) -> Path:
        """The blob's file. Raises ModelError where the bytes are not the digest's, InfrastructureError otherwise."""
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
        wrong, last = 0, "it gave nothing"
        for number in range(self.transport.patience.tries):
            have = partial.stat().st_size if partial.is_file() else 0
            if have < descriptor.size or not partial.is_file():
                try:
                    self._append(partial, have, descriptor.size)
                except FAILED as error:
                    last = f"cut off: {type(error).__name__}"
            have = partial.stat().st_size
            if have == descriptor.size and digest_file(partial) == descriptor.digest:
                return
            if have >= descriptor.size:  # whole, and wrong: once more from the start, then it is no accident
                partial.unlink()
                wrong += 1
                if wrong == 2:
                    what = f"{self.transport.host} gave other bytes than those of {descriptor.digest}"
                    raise ModelError(what, hint="the registry's blob was changed: push the image again")
            else:
                last = f"{have} of {descriptor.size} bytes"
            if number + 1 < self.transport.patience.tries:
                self.transport.patience.wait(number, None)
        raise self.transport.failed("GET", self.place, last)

    def _append(self, partial: Path, have: int, size: int) -> None:
        """Adds to the file what follows it; never more than the blob has."""
        headers = (
            {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {"Accept-Encoding": "identity"}
        )
        answer = self.transport.request("GET", self.place, scope=self.scope, headers=headers, stream=True)
        if answer.status_code == 404:
            answer.close()
            raise ModelError(f"{self.transport.host} has no such blob: {self.place}", hint="push the image again")
        if answer.status_code not in (200, 206):
            raise self.transport.refused("GET", self.place, answer)
        mode = "ab" if answer.status_code == 206 and have else "wb"
        written = have if mode == "ab" else 0
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


def hexadecimal(digest: str) -> str:
    """The file's name of a digest. Raises ModelError for what is none."""
    name = digest.removeprefix(PREFIX)
    if not DIGEST.fullmatch(digest):
        raise ModelError(f"{digest!r} is no SHA-256 digest")
    return name


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """A lock between processes and threads, for as long as the block lasts; says whether another had it before.

    It ends with its process.
    """
    with path.open("w") as file:
        waited = False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = True
            fcntl.flock(file, fcntl.LOCK_EX)
        yield waited
