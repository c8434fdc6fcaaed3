"""What is installed in an image: Python distributions and Debian packages, read from its files as they pass by."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from email import policy
from email.parser import HeaderParser

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.images.oci.files import ImageFile

LARGEST_METADATA = 8 << 20
LARGEST_STATUS = 64 << 20
STATUS = "var/lib/dpkg/status"
STATUS_FOLDER = "var/lib/dpkg/status.d/"
RELEASES = ("etc/os-release", "usr/lib/os-release")
COPYRIGHT = re.compile(r"usr/share/doc/([^/]+)/copyright")
LICENCE_LINE = re.compile(rb"^License:[ \t]*([A-Za-z0-9][A-Za-z0-9.+_-]*)", re.MULTILINE)
CLASSIFIER = "License :: "
LONGEST_SUMMARY = 500
LONGEST_LICENCE = 100
"""Characters; a `License` field that is longer holds the licence's whole text."""


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package: `kind` is pypi or deb; `hashes` are SHA-256 of its archive, where that was recorded."""

    kind: str
    name: str
    version: str
    architecture: str = ""
    licences: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    summary: str = ""
    path: str = ""
    record: str = ""  # digest of a distribution's RECORD, which has those of its files


@dataclass(slots=True)
class Inventory:
    """The packages of the files that were shown to it."""

    distributions: dict[str, Package] = field(default_factory=dict)  # by the folder of their metadata
    archives: dict[str, tuple[str, ...]] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)
    debian: dict[tuple[str, str], Package] = field(default_factory=dict)
    licences: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of Debian packages
    releases: dict[str, dict[str, str]] = field(default_factory=dict)
    owners: dict[str, str] = field(
        default_factory=dict
    )  # the kind of the layer, by the path of a distribution's metadata

    def see(self, file: ImageFile) -> None:
        """Takes in one file; only packages' metadata is read."""
        if file.kind != "file":
            return
        folder, _, name = file.path.rpartition("/")
        if folder.endswith((".dist-info", ".egg-info")):
            self._see_metadata(file, folder, name)
        elif file.path == STATUS or (file.path.startswith(STATUS_FOLDER) and not name.endswith(".md5sums")):
            for package in debian_packages(file.read(LARGEST_STATUS), file.path):
                self.debian[package.name, package.architecture] = package
        elif file.path in RELEASES:
            self.releases[file.path] = release_of(file.read(LARGEST_METADATA))
        elif match := COPYRIGHT.fullmatch(file.path):
            names = {entry.decode() for entry in LICENCE_LINE.findall(file.read(LARGEST_METADATA))}
            self.licences[match[1]] = tuple(sorted(names))

    def _see_metadata(self, file: ImageFile, folder: str, name: str) -> None:
        if name in ("METADATA", "PKG-INFO"):
            package = distribution(file.read(LARGEST_METADATA), file.path)
            if package is not None:
                self.distributions[folder] = package
                self.owners[file.path] = file.layer_kind
        elif name == "direct_url.json":
            self.archives[folder] = archive_hashes(file.read(LARGEST_METADATA))
        elif name == "RECORD":
            self.records[folder] = digest_bytes(file.read(LARGEST_STATUS))

    def packages(self) -> tuple[Package, ...]:
        """All of them, sorted by kind, name and version."""
        from dataclasses import replace

        pypi = [
            replace(package, hashes=self.archives.get(folder, ()), record=self.records.get(folder, ""))
            for folder, package in self.distributions.items()
        ]
        deb = [replace(package, licences=self.licences.get(package.name, ())) for package in self.debian.values()]
        return tuple(sorted((*pypi, *deb), key=lambda each: (each.kind, each.name, each.version, each.path)))

    def distribution(self) -> tuple[str, str]:
        """The Linux distribution's id and version, such as `debian` and `12`; `debian` alone without os-release."""
        release = next((self.releases[path] for path in RELEASES if path in self.releases), {})
        return release.get("ID", "debian"), release.get("VERSION_ID", "")


def distribution(content: bytes, path: str) -> Package | None:
    """A Python distribution by its METADATA, or None where that has no name. Source: PEP 566, PEP 639."""
    headers = HeaderParser(policy=policy.compat32).parsestr(content.decode("utf-8", "replace"))
    name, version = str(headers.get("Name") or "").strip(), str(headers.get("Version") or "").strip()
    if not name or not version:
        return None
    expression = str(headers.get("License-Expression") or "").strip()
    stated = str(headers.get("License") or "").strip()
    classified = [str(text).rpartition(" :: ")[2] for text in headers.get_all("Classifier", []) if licensed(str(text))]
    if expression:
        licences: tuple[str, ...] = (expression,)
    elif stated and stated != "UNKNOWN" and "\n" not in stated and len(stated) <= LONGEST_LICENCE:
        licences = (stated,)
    else:
        licences = tuple(sorted(set(classified)))
    return Package(
        "pypi",
        name,
        version,
        licences=licences,
        summary=str(headers.get("Summary") or "").strip()[:LONGEST_SUMMARY],
        path=path,
    )


def licensed(classifier: str) -> bool:
    """Whether a classifier names a licence."""
    return classifier.startswith(CLASSIFIER) and not classifier.endswith("OSI Approved")


def archive_hashes(content: bytes) -> tuple[str, ...]:
    """The SHA-256 of the archive that a distribution came from, hexadecimal. Source: PEP 610."""
    try:
        document = json.loads(content)
        hashes = document["archive_info"].get("hashes", {})
        sha256 = hashes.get("sha256", "")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return ()
    return (sha256,) if isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256) else ()


def debian_packages(content: bytes, path: str) -> list[Package]:
    """The packages of dpkg's status file that are installed; distroless images have one file for each."""
    entries = []
    for stanza in content.decode(errors="replace").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and not line.startswith(" "))
        name, version = fields.get("Package", "").strip(), fields.get("Version", "").strip()
        state = fields.get("Status", "install ok installed").split()
        if name and version and "installed" in state:
            summary = fields.get("Description", "").strip()
            entries.append(Package("deb", name, version, fields.get("Architecture", "").strip(), (), (), summary, path))
    return entries


def release_of(content: bytes) -> dict[str, str]:
    """The fields of os-release, unquoted."""
    lines = (line.partition("=") for line in content.decode(errors="replace").splitlines())
    return {name.strip(): value.strip().strip("\"'") for name, equals, value in lines if equals}
