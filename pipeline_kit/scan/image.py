"""A whole image, scanned: one pass over its files for the findings and for what is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.oci import Blobs
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import APP
from pipeline_kit.images.oci.files import BROKEN, ImageFile, image_files
from pipeline_kit.images.sbom.inventory import Inventory
from pipeline_kit.scan.configuration import check_configuration
from pipeline_kit.scan.content import Seen
from pipeline_kit.scan.finding import Finding
from pipeline_kit.scan.modes import unsafe_link, unsafe_modes

BASE = "base"
DPKG_LIST = re.compile(r"var/lib/dpkg/info/[^/]+\.list")
LARGEST_LIST = 16 << 20
MERGED = ("bin/", "sbin/", "lib/", "lib64/")
"""Folders that are links into usr in today's Debian, and are folders in the lists of older packages."""


@dataclass(slots=True)
class ImageScan:
    """What the pass over an image found."""

    findings: list[Finding] = field(default_factory=list)
    inventory: Inventory = field(default_factory=Inventory)
    seen: Seen = field(default_factory=Seen)


def scan_image(image: Image, blobs: Blobs) -> ImageScan:
    """The findings of an image, known vulnerabilities left out. Raises ModelError for layers that cannot be read."""
    scan = ImageScan(findings=list(check_configuration(image.config)))
    packaged: set[str] = set()
    undecided: list[Finding] = []
    for file in image_files(image, blobs):
        scan.inventory.see(file)
        if file.kind == "file" and DPKG_LIST.fullmatch(file.path):
            packaged.update(listed(file))
        findings = list(check_file(file, scan.seen))
        if file.layer_kind or file.path.startswith(f"{APP}/"):
            scan.findings.extend(replace(finding, owner=owner(file)) for finding in findings)
        else:
            undecided.extend(findings)
    scan.findings.extend(replace(finding, owner=BASE if finding.path in packaged else "") for finding in undecided)
    scan.findings.sort(key=lambda each: (each.path, each.line or 0, each.rule, each.message))
    return scan


def check_file(file: ImageFile, seen: Seen) -> Iterator[Finding]:
    """The findings of one entry of the image. Raises ModelError where its layer is broken."""
    path = printable(file.path)
    yield from unsafe_modes(replace(file, path=path))
    if file.kind == "link":
        yield from unsafe_link(path, printable(file.target))
    elif file.kind == "file":
        try:
            yield from seen.check(path, file.size, file.open)
        except BROKEN as error:
            raise ModelError(f"{file.path} of the image cannot be read: {error}", hint="the layer is broken") from error


def printable(path: str) -> str:
    """A path as any text can hold it: bytes other than UTF-8 are escaped."""
    return path if path.isprintable() else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def owner(file: ImageFile) -> str:
    """Whose file it is: the kind of a layer that is the base's or the dependencies', empty for the team's own."""
    return file.layer_kind if file.layer_kind in (BASE, "dependencies") else ""


def listed(file: ImageFile) -> Iterator[str]:
    """The files of a Debian package: they identify the base in an image without annotated layers."""
    for line in file.read(LARGEST_LIST).decode("utf-8", "replace").splitlines():
        path = line.lstrip("/")
        yield path
        if path.startswith(MERGED):
            yield f"usr/{path}"
