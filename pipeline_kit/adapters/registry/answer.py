"""What a registry answers, read without trust: never more of it than a document may have, and words for one line."""

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
"""What another try may mend."""
LARGEST_COMPLAINT = 1 << 16
MOST_WORDS = 200
PIECE = 1 << 16
WHOLE = frozenset({200, 206})


class TooLargeError(ValueError):
    """A document that has more bytes than one may have."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose content is here, or (where a blob was asked for and comes) still to be read by `pieces`."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    reason: str = ""
    response: requests.Response | None = field(default=None, repr=False)

    def pieces(self, size: int) -> Iterator[bytes]:
        """The content of a blob as it comes. Raises what FAILED lists where it breaks off."""
        if self.response is not None:
            yield from self.response.iter_content(size)

    def close(self) -> None:
        """Ends the connection of a blob that is not read to its end."""
        if self.response is not None:
            self.response.close()

    def document(self) -> Any:
        """The content as JSON. Raises ValueError where it is none."""
        try:
            return json.loads(self.content)
        except RecursionError as error:
            raise ValueError("it nests too deep") from error

    def following(self) -> str | None:
        """The address of the list's next page, where it has one (RFC 8288)."""
        for link in requests.utils.parse_header_links(self.headers.get("Link", "")):
            if link.get("rel") == "next":
                return str(link["url"])
        return None

    def said(self) -> str:
        """The status, and the server's own words for it where it has any, on one line."""
        try:
            errors = self.document().get("errors") or []
            words = "; ".join(str(each.get("message") or each.get("code")) for each in errors)
        except (ValueError, AttributeError, TypeError):
            words = ""
        return one_line(f"{self.status_code} {words or self.reason}")

    def retry_after(self) -> float | None:
        """The seconds after which the server wants to be asked again, where it says so."""
        value = self.headers.get("Retry-After", "")
        return float(value) if re.fullmatch(r"[0-9]{1,9}", value) else None


def read_answer(response: requests.Response, *, stream: bool) -> Answer:
    """The answer with its content, up to what a document may have; that of a blob is left to be read in pieces.

    Raises what FAILED lists where it is cut off, TooLargeError for a document beyond all bounds.
    """
    if stream and response.status_code in WHOLE:
        return Answer(response.status_code, response.headers, b"", response.reason or "", response)
    most = LARGEST_DOCUMENT if response.status_code in WHOLE else LARGEST_COMPLAINT
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
    return Answer(response.status_code, response.headers, bytes(content[:most]), response.reason or "")


def plain(error: Exception) -> str:
    """What a broken connection is, without the objects that the libraries name, and without an address's query."""
    text = one_line(str(error), len(str(error)))
    inner = re.findall(r"(?:'([^']+)'\)+$)|(?:\): (.+?)\)*$)", text)
    told = (inner[-1][0] or inner[-1][1]) if inner else text
    return one_line(f"{type(error).__name__}: " + re.sub(r"\?\S+", "", told))


def one_line(text: str, most: int = MOST_WORDS) -> str:
    """The text as one line without control characters: a registry's words must not write to a terminal."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:most].strip()


def path_of(place: str) -> str:
    """The path of an address: the rest may hold what is nobody's business, such as a signature."""
    try:
        return one_line(urlsplit(place).path)
    except ValueError:
        return "an address that is none"
