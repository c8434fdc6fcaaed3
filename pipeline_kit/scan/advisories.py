"""Known vulnerabilities of Python distributions, from a database in OSV's format on disk.

Source: the Open Source Vulnerability format 1.6, "affected[].ranges evaluation algorithm".
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pipeline_kit.errors import DataError
from pipeline_kit.images.sbom.inventory import Package
from pipeline_kit.scan.finding import Finding, Severity, find

ECOSYSTEM = "PyPI"
LARGEST = 64 << 20
SEVERITIES = {
    "LOW": Severity.LOW,
    "MODERATE": Severity.MEDIUM,
    "MEDIUM": Severity.MEDIUM,
    "HIGH": Severity.HIGH,
    "CRITICAL": Severity.CRITICAL,
}


@dataclass(frozen=True, slots=True)
class Advisory:
    """What one advisory says of one distribution."""

    id: str
    aliases: tuple[str, ...]
    severity: Severity
    summary: str
    versions: frozenset[str]
    ranges: tuple[tuple[tuple[str, str], ...], ...]  # events by kind and version, in their order

    def affects(self, version: str) -> bool:
        """Whether that version has the vulnerability."""
        if version in self.versions:
            return True
        try:
            known = Version(version)
        except InvalidVersion:
            return False
        return any(within(known, events) for events in self.ranges)

    def fixed(self) -> tuple[str, ...]:
        """The versions that are free of it again."""
        return tuple(dict.fromkeys(version for events in self.ranges for kind, version in events if kind == "fixed"))


@dataclass(slots=True)
class Advisories:
    """A database: advisories by a distribution's normalised name, how many, and when the newest was changed."""

    by_name: dict[str, list[Advisory]] = field(default_factory=dict)
    count: int = 0
    newest: str = ""


def read_advisories(path: Path) -> Advisories:
    """The database of a folder of JSON files, one JSON file, or a zip of them as OSV publishes.

    Raises DataError where it is missing, not of that format, or has nothing on Python distributions.
    """
    advisories = Advisories()
    for name, content in _contents(path):
        try:
            document = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: {name} is not JSON: {error}", hint="fetch the database again") from error
        for entry in document if isinstance(document, list) else [document]:
            _add(advisories, entry, f"{path}: {name}")
    if not advisories.count:
        raise DataError(
            f"{path} has no advisory on {ECOSYSTEM}", hint="give a database in OSV's format, such as all.zip"
        )
    return advisories


def vulnerabilities(packages: Iterable[Package], database: Advisories) -> Iterator[Finding]:
    """A finding for each advisory that a Python distribution of the image comes under."""
    for package in packages:
        if package.kind == "pypi":
            for advisory in database.by_name.get(canonicalize_name(package.name), ()):
                if advisory.affects(package.version):
                    yield _finding(package, advisory)


def within(version: Version, events: Iterable[tuple[str, str]]) -> bool:
    """Whether a version is in a range: after an `introduced` and before the `fixed` that follows it."""
    affected = False
    for kind, message in sorted(events, key=_order):
        if kind == "introduced" and (message == "0" or version >= Version(message)):
            affected = True
        elif leaves(version, kind, message):
            affected = False
    return affected


def leaves(version: Version, kind: str, said: str) -> bool:
    """Whether an event ends a range before that version."""
    if kind in ("fixed", "limit"):
        return version >= Version(said)
    return kind == "last_affected" and version > Version(said)


def _order(event: tuple[str, str]) -> tuple[Version, int]:
    return Version("0.dev0" if event[1] == "0" else event[1]), 0 if event[0] == "introduced" else 1


def _finding(package: Package, advisory: Advisory) -> Finding:
    names = ", ".join((advisory.id, *advisory.aliases[:2]))
    message = f"{package.name} {package.version}: {names}" + (f": {advisory.summary}" if advisory.summary else "")
    fixed = advisory.fixed()
    hint = f"fixed in {', '.join(fixed)}" if fixed else "no release fixes it: judge it, and say so in allow"
    finding = find("vulnerability", package.path, message, subject=advisory.id, hint=hint)
    return replace(finding, severity=advisory.severity)


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            yield file.name, file.read_bytes()
    elif path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.filename.endswith(".json") and entry.file_size <= LARGEST:
                    yield entry.filename, archive.read(entry)
    elif path.is_file():
        yield path.name, path.read_bytes()
    else:
        raise DataError(f"the database of advisories {path} is missing", hint="give a file or a folder")


def _add(found: Advisories, document: Any, where: str) -> None:
    try:
        if document.get("withdrawn"):
            return
        known = False
        for affected in document.get("affected", ()):
            package = affected["package"]
            if package["ecosystem"] == ECOSYSTEM:
                known = True
                name = canonicalize_name(package["name"])
                found.by_name.setdefault(name, []).append(_advisory(document, affected))
        if known:
            found.count += 1
            found.newest = max(found.newest, str(document.get("modified", "")))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(f"{where} is not an OSV advisory: {error}", hint="fetch the database again") from error


def _advisory(document: Mapping[str, Any], affected: Mapping[str, Any]) -> Advisory:
    ranges = [
        item.get("events", ()) for item in affected.get("ranges", ()) if item.get("type") in ("ECOSYSTEM", "SEMVER")
    ]
    return Advisory(
        str(document["id"]),
        tuple(str(alias) for alias in document.get("aliases") or ()),
        SEVERITIES.get(str((document.get("database_specific") or {}).get("severity", "")).upper(), Severity.HIGH),
        str(document.get("summary") or "")[:200],
        frozenset(str(version) for version in affected.get("versions") or ()),
        tuple(tuple(_event(event) for event in events) for events in ranges),
    )


def _event(event: Mapping[str, Any]) -> tuple[str, str]:
    ((kind, version),) = event.items()
    if version != "0":
        Version(version)
    return str(kind), str(version)
