"""References to images: where they are kept, and which one is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline_kit.errors import UsageError

LAYOUT = "oci:"
SCRATCH = "scratch"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")
PATH = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")


@dataclass(frozen=True, slots=True)
class Reference:
    """An image in a registry: its host (with the port, if any), the repository's path, and a tag, a digest or both."""

    host: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def name(self) -> str:
        """Host and path: the repository."""
        return f"{self.host}/{self.path}"

    @property
    def wanted(self) -> str | None:
        """What to request from the registry: the digest if known, since tags move."""
        return self.digest or self.tag

    def at(self, digest: str) -> Reference:
        """The same repository at that digest, without a tag."""
        return replace(self, tag=None, digest=digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True, slots=True)
class LayoutReference:
    """An image in an OCI layout: the folder, and a tag or digest where it holds several."""

    folder: Path
    wanted: str | None = None

    def __str__(self) -> str:
        return f"{LAYOUT}{self.folder}" + (f":{self.wanted}" if self.wanted else "")


def parse_reference(text: str) -> Reference:
    """A reference to a registry, its host written out. Raises UsageError saying what is wrong with it."""
    rest, at, digest = text.partition("@")
    host, slash, path = rest.partition("/")
    path, colon, tag = path.partition(":")
    named = "." in host or ":" in host or host == "localhost"
    if not slash or not named or not HOST.fullmatch(host):
        hint = "write the host too, such as registry.example/team/fraud:1.0; a layout on disk is oci:FOLDER"
        raise UsageError(f"{text!r} names no registry", hint=hint)
    if not PATH.fullmatch(path):
        raise UsageError(f"{text!r}: {path!r} is not a repository name", hint="lower case, such as team/fraud")
    if colon and not TAG.fullmatch(tag):
        raise UsageError(f"{text!r}: {tag!r} is not a tag", hint="letters, digits, `_`, `.` and `-`, at most 128")
    if at and not DIGEST.fullmatch(digest):
        raise UsageError(f"{text!r}: {digest!r} is not a digest", hint="sha256: and 64 hexadecimal digits")
    return Reference(host, path, tag or None, digest or None)


def parse_image(text: str, root: Path) -> Reference | LayoutReference:
    """A reference to a registry, or to a layout: `oci:FOLDER`, `oci:FOLDER:TAG`, or the path of a folder with one.

    Relative paths count from `root`. Raises UsageError for what is neither.
    """
    if text.startswith(LAYOUT):
        place, colon, tag = text.removeprefix(LAYOUT).rpartition(":")
        if not colon or "/" in tag:
            return LayoutReference(root / text.removeprefix(LAYOUT))
        if place.endswith("@sha256"):
            return LayoutReference(root / place.removesuffix("@sha256"), f"sha256:{tag}")
        return LayoutReference(root / place, tag)
    if (root / text / "oci-layout").is_file():
        return LayoutReference(root / text)
    return parse_reference(text)
