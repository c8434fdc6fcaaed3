"""A registry's answers, read without trust: bounded in size, and reduced to one printable line in messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from pipeline_kit.contract.image_documents import LARGEST_DOCUMENT

FAILED = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
"""Connection failures that another try may fix."""
LARGEST_ERROR_BODY = 1 << 16
LONGEST_LINE = 200
PIECE = 1 << 16
WHOLE = frozenset({200, 206})


class TooLargeError(ValueError):
    """A document larger than the limit."""


@dataclass(frozen=True, slots=True)
class RegistryResponse:
    """An answer with its content; a blob's content is still to be read, by `pieces`."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    reason: str = ""
    response: requests.Response | None = field(default=None, repr=False)

    def pieces(self, size: int) -> Iterator[bytes]:
        """The content of a blob as it arrives. Raises an error of FAILED where the connection breaks."""
        if self.response is not None:
            yield from self.response.iter_content(size)

    def close(self) -> None:
        """Closes the connection of a blob that is not read to its end."""
        if self.response is not None:
            self.response.close()

    def document(self) -> Any:
        """The content as JSON. Raises ValueError where it is not JSON."""
        try:
            return json.loads(self.content)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error

    def following(self) -> str | None:
        """The address of the list's next page, None on the last one (RFC 8288)."""
        for link in requests.utils.parse_header_links(self.headers.get("Link", "")):
            if link.get("rel") == "next":
                return str(link["url"])
        return None

    def message(self) -> str:
        """The status and the server's error messages, on one line."""
        try:
            errors = self.document().get("errors") or []
            text = "; ".join(str(error.get("message") or error.get("code")) for error in errors)
        except (ValueError, AttributeError, TypeError):
            text = ""
        return one_line(f"{self.status_code} {text or self.reason}")


def read_answer(response: requests.Response, *, stream: bool) -> RegistryResponse:
    """The answer with its content; with `stream`, a blob's content is left to be read in pieces.

    Raises an error of FAILED where the answer is cut off, TooLargeError for a document above LARGEST_DOCUMENT.
    """
    if stream and response.status_code in WHOLE:
        return RegistryResponse(response.status_code, response.headers, b"", response.reason or "", response)
    most = LARGEST_DOCUMENT if response.status_code in WHOLE else LARGEST_ERROR_BODY
    content = bytearray()
    try:
        for piece in response.iter_content(PIECE):
            content += piece
            if len(content) > most:
                break
    finally:
        response.close()
    if len(content) > most and response.status_code in WHOLE:
        raise TooLargeError(f"more than {most} bytes")
    return RegistryResponse(response.status_code, response.headers, bytes(content[:most]), response.reason or "")


def plain(error: Exception) -> str:
    """A connection failure on one line, without the libraries' object names and without an address's query."""
    text = one_line(str(error), len(str(error)))
    inner = re.findall(r"(?:'([^']+)'\)+$)|(?:\): (.+?)\)*$)", text)
    reason = (inner[-1][0] or inner[-1][1]) if inner else text
    return one_line(f"{type(error).__name__}: " + re.sub(r"\?\S+", "", reason))


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    """The text as one line without control characters: a registry must not control the terminal."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:most].strip()


def path_of(place: str) -> str:
    """The path of an address: its query may hold a secret, such as a signature."""
    try:
        return one_line(urlsplit(place).path)
    except ValueError:
        return "a malformed address"
