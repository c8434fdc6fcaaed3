"""Uploads a blob in chunks; one that broke off is resumed, also by a later process."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from pipeline_kit.adapters.http import RETRIED, retry_after
from pipeline_kit.adapters.registry.download import held, hexadecimal
from pipeline_kit.adapters.registry.response import RegistryResponse
from pipeline_kit.adapters.registry.transport import Transport
from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.oci import ContentDescriptor, OnBytes
from pipeline_kit.errors import InfrastructureError

CHUNK = 64 << 20
"""Bytes of a chunk: what a failure sends again. Smaller chunks make the registry wait for its disk more often."""
PIECE = 1 << 18
LOST = frozenset({400, 404, 416})
"""Statuses of a registry that does not have the upload, or has it at another position."""
ROUNDS = 4
"""How often an upload is started again after the registry lost it, or found a wrong digest."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Uploads to one repository; the cache records which uploads are in progress."""

    transport: Transport
    path: str
    scope: str
    cache: Path

    def send(self, descriptor: ContentDescriptor, source: Path, on_bytes: OnBytes) -> None:
        """Uploads the file that the descriptor describes. Raises InfrastructureError where the registry fails."""
        state = self._state(descriptor)
        state.parent.mkdir(parents=True, exist_ok=True)
        with held(state.with_suffix(".lock")) as waited:
            if waited and self._exists(descriptor):  # another process has just uploaded it
                on_bytes(descriptor.size)
                return
            sent = Sent(on_bytes)
            for _ in self.transport.retry.attempts(ROUNDS):
                complete = self._once(descriptor, source, sent, state)
                state.unlink(missing_ok=True)
                if complete:
                    return
        place = f"/v2/{self.path}/blobs/{descriptor.digest}"
        raise self.transport.failed("PUT", place, f"the registry lost the upload {ROUNDS} times")

    def _once(self, descriptor: ContentDescriptor, source: Path, sent: Sent, state: Path) -> bool:
        """Whether the blob is complete; False where the upload is lost and must start again."""
        place, done = self._resumed(state)
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
            exists = self._exists(descriptor)
            sent.reached(descriptor.size if exists else 0)
            return exists
        if answer.status_code != 201:
            raise self.transport.refused("PUT", place, answer)
        return True

    def _exists(self, descriptor: ContentDescriptor) -> bool:
        """Whether the registry has the blob, such as after an upload of which only the answer was lost."""
        place = f"/v2/{self.path}/blobs/{descriptor.digest}"
        return self.transport.request("HEAD", place, scope=self.scope).status_code == 200

    def _resumed(self, state: Path) -> tuple[str, int]:
        """The address of an upload and the bytes that the registry has: of one that broke off, else of a new one."""
        if state.is_file():
            with contextlib.suppress(ValueError, KeyError, TypeError, InfrastructureError):
                # whatever is wrong with the old upload, a new one must be possible
                position = self._position(str(json.loads(state.read_text(encoding="utf-8"))["place"]))
                if position is not None:
                    return position
        start = f"/v2/{self.path}/blobs/uploads/"
        answer = self.transport.request("POST", start, scope=self.scope, body=b"")
        if answer.status_code != 202 or "Location" not in answer.headers:
            raise self.transport.refused("POST", start, answer)
        keep(state, answer.headers["Location"])
        return answer.headers["Location"], 0

    def _position(self, place: str) -> tuple[str, int] | None:
        """The address to continue an upload at and the bytes that the registry has; None where it lost the upload."""
        answer = self.transport.request("GET", place, scope=self.scope)
        if answer.status_code != 204:
            return None
        return answer.headers.get("Location", place), received_bytes(answer.headers.get("Range", ""))

    def _chunk(self, place: str, source: Path, start: int, end: int) -> tuple[str, int] | None:
        """Sends one chunk; the address to continue at and the bytes that the registry has. None where it lost them."""
        for attempt in self.transport.retry.attempts():
            if attempt.number > 1:  # the answer may have been lost, and the chunk not
                position = self._position(place)
                if position is None or position[1] < start or position[1] > end:
                    return None
                if position[1] > start:
                    return position
                place = position[0]
            answer = self._patch(place, source, start, end)
            if answer is not None:
                if answer.status_code == 202:
                    received = received_bytes(answer.headers.get("Range", ""))
                    return answer.headers.get("Location", place), received if start < received < end else end
                if answer.status_code not in LOST | RETRIED:
                    raise self.transport.refused("PATCH", place, answer)
                attempt.retry_after_seconds = retry_after(answer.headers)
        raise self.transport.failed("PATCH", place, "the registry accepts no chunk")

    def _patch(self, place: str, source: Path, start: int, end: int) -> RegistryResponse | None:
        """The answer to one try of a chunk, None where the connection failed."""
        headers = {"Content-Type": "application/octet-stream", "Content-Range": f"{start}-{end - 1}"}
        with contextlib.suppress(InfrastructureError):
            return self.transport.request(
                "PATCH", place, scope=self.scope, headers=headers, body=lambda: Part(source, start, end), tries=1
            )
        return None

    def _state(self, descriptor: ContentDescriptor) -> Path:
        name = digest_bytes(f"{self.transport.host}/{self.path}@{descriptor.digest}".encode())
        return self.cache / "uploads" / f"{hexadecimal(name)}.json"


@dataclass
class Sent:
    """Reports an upload's bytes; a lost part counts as negative, so that their sum is the blob's size."""

    on_bytes: OnBytes
    bytes: int = 0

    def reached(self, position: int) -> None:
        """Reports the bytes since the last position."""
        self.on_bytes(position - self.bytes)
        self.bytes = position


def received_bytes(header: str) -> int:
    """The bytes that a registry has by its header `Range: 0-LAST`; registries write `0-0` for an empty upload."""
    match = re.fullmatch(r"(?:bytes=)?0-([0-9]{1,18})", header)
    last = int(match.group(1)) if match else 0
    return last + 1 if last else 0


def keep(state: Path, place: str) -> None:
    """Records an upload's address atomically."""
    partial = state.with_suffix(".partial")
    partial.write_text(json.dumps({"place": place}), encoding="utf-8")
    partial.replace(state)


@dataclass(frozen=True, slots=True)
class Part:
    """A range of a file as the body of a request."""

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
