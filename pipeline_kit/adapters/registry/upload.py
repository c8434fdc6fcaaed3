"""A blob on its way into a registry: in pieces, and resumed where it broke off, by the next process too."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from pipeline_kit.adapters.registry.answer import Answer
from pipeline_kit.adapters.registry.download import held, hexadecimal
from pipeline_kit.adapters.registry.transport import RETRIED, Transport
from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.oci import ContentDescriptor, Progress
from pipeline_kit.errors import InfrastructureError

CHUNK = 64 << 20
"""Bytes of a piece: what is sent again after a failure. Each costs the registry a wait for its disk."""
PIECE = 1 << 18
LOST = frozenset({400, 404, 416})
"""How a registry answers that knows no such upload (any more), or has it at another place."""
ROUNDS = 4
"""How often an upload is begun anew where the registry has lost it, or says that its bytes are others."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Uploads to one repository; the cache keeps which uploads are under way."""

    transport: Transport
    path: str
    scope: str
    cache: Path

    def send(self, descriptor: ContentDescriptor, source: Path, progress: Progress) -> None:
        """Uploads a file that has the descriptor's bytes. Raises InfrastructureError where the registry fails."""
        state = self._state(descriptor)
        state.parent.mkdir(parents=True, exist_ok=True)
        with held(state.with_suffix(".lock")) as waited:
            if waited and self._is_there(descriptor):  # another process has just brought it
                progress(descriptor.size)
                return
            sent = Sent(progress)
            for number in range(ROUNDS):
                if self._once(descriptor, source, sent, state):
                    state.unlink(missing_ok=True)
                    return
                state.unlink(missing_ok=True)
                self.transport.patience.wait(number, None)
        raise self.transport.failed("PUT", f"/v2/{self.path}/blobs/{descriptor.digest}", "the registry keeps losing it")

    def _once(self, descriptor: ContentDescriptor, source: Path, sent: Sent, state: Path) -> bool:
        """Whether the blob is there; false where the upload is lost and must begin anew."""
        place, done = self._begun(state)
        sent.reached(min(done, descriptor.size))
        while done < descriptor.size:
            upto = min(done + CHUNK, descriptor.size)
            following = self._chunk(place, source, done, upto)
            if following is None:
                sent.reached(0)
                return False
            place, done = following
            sent.reached(done)
            keep(state, place)
        separator = "&" if urlsplit(place).query else "?"
        answer = self.transport.request(
            "PUT", f"{place}{separator}digest={quote(descriptor.digest)}", scope=self.scope, body=b""
        )
        if answer.status_code in LOST:
            there = self._is_there(descriptor)
            sent.reached(descriptor.size if there else 0)
            return there
        if answer.status_code != 201:
            raise self.transport.refused("PUT", place, answer)
        return True

    def _is_there(self, descriptor: ContentDescriptor) -> bool:
        """An upload that ended although its answer was lost is not to be found any more, and its blob is there."""
        place = f"/v2/{self.path}/blobs/{descriptor.digest}"
        return self.transport.request("HEAD", place, scope=self.scope).status_code == 200

    def _begun(self, state: Path) -> tuple[str, int]:
        """The place of an upload and how much of it is there: of one that broke off, or of a new one."""
        if state.is_file():
            with contextlib.suppress(ValueError, KeyError, TypeError, InfrastructureError):
                # whatever is wrong with the old upload: a new one must be possible
                found = self._reached(str(json.loads(state.read_text(encoding="utf-8"))["place"]))
                if found is not None:
                    return found
        start = f"/v2/{self.path}/blobs/uploads/"
        answer = self.transport.request("POST", start, scope=self.scope, body=b"")
        if answer.status_code != 202 or "Location" not in answer.headers:
            raise self.transport.refused("POST", start, answer)
        keep(state, answer.headers["Location"])
        return answer.headers["Location"], 0

    def _reached(self, place: str) -> tuple[str, int] | None:
        """How much of an upload the registry has, and where it goes on; none where it does not know it any more."""
        answer = self.transport.request("GET", place, scope=self.scope)
        if answer.status_code != 204:
            return None
        return answer.headers.get("Location", place), reached_by(answer.headers.get("Range", ""))

    def _chunk(self, place: str, source: Path, start: int, end: int) -> tuple[str, int] | None:
        """Where the upload goes on after a piece, and how much is there; none where the registry lost the upload."""
        for number in range(self.transport.patience.tries):
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Range": f"{start}-{end - 1}",
            }
            answer: Answer | None = None
            with contextlib.suppress(InfrastructureError):
                answer = self.transport.request(
                    "PATCH", place, scope=self.scope, headers=headers, body=lambda: Part(source, start, end), tries=1
                )
            if answer is not None and answer.status_code == 202:
                taken = reached_by(answer.headers.get("Range", ""))
                return answer.headers.get("Location", place), taken if start < taken < end else end
            if answer is not None and answer.status_code not in LOST | RETRIED:
                raise self.transport.refused("PATCH", place, answer)
            self.transport.patience.wait(number, answer.retry_after() if answer is not None else None)
            found = self._reached(place)
            if found is None or found[1] < start:
                return None
            if found[1] > start:
                return found if found[1] <= end else None
            place = found[0]
        raise self.transport.failed("PATCH", place, "it takes no piece")

    def _state(self, descriptor: ContentDescriptor) -> Path:
        name = digest_bytes(f"{self.transport.host}/{self.path}@{descriptor.digest}".encode())
        return self.cache / "uploads" / f"{hexadecimal(name)}.json"


@dataclass
class Sent:
    """Tells the progress how far an upload has come, backwards too, so that what it was told adds up to the blob."""

    progress: Progress
    bytes: int = 0

    def reached(self, bytes_there: int) -> None:
        """So many bytes are there now."""
        self.progress(bytes_there - self.bytes)
        self.bytes = bytes_there


def reached_by(told: str) -> int:
    """How many bytes a header `Range: 0-LAST` says are there; `0-0` means none, as registries have it."""
    found = re.fullmatch(r"(?:bytes=)?0-([0-9]{1,18})", told)
    last = int(found.group(1)) if found else 0
    return last + 1 if last else 0


def keep(state: Path, place: str) -> None:
    """Writes down where an upload is, whole or not at all."""
    partial = state.with_suffix(".partial")
    partial.write_text(json.dumps({"place": place}), encoding="utf-8")
    partial.replace(state)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file as the body of a request."""

    source: Path
    start: int
    end: int

    def __iter__(self) -> Iterator[bytes]:
        with self.source.open("rb") as file:
            file.seek(self.start)
            left = self.end - self.start
            while left and (piece := file.read(min(PIECE, left))):
                left -= len(piece)
                yield piece

    def __len__(self) -> int:
        return self.end - self.start
