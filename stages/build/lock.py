"""The lock file: a pin a line, and what an environment has instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pipeline_kit.contract.ports import EnvironmentRecord

INSTALLERS = {"pip", "setuptools", "wheel"}
"""What a fresh environment has by itself: no deviation where the lock does not name it."""
REFERENCES = ("-r", "-c", "-e", "--requirement", "--constraint", "--editable")
COMMENT = re.compile(r"(^|\s)#.*$")
OPTION = re.compile(r"\s--(hash|config-settings|global-option)[= ]\S+")


@dataclass(frozen=True, slots=True)
class Pin:
    """One locked distribution; `version` is none where a URL pins it."""

    name: str
    version: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Lock:
    """The pins that hold for an environment, and what in the file is no pin."""

    pins: Mapping[str, Pin]
    faults: tuple[str, ...] = ()


def read_lock(text: str, environment: EnvironmentRecord) -> Lock:
    """The lock file's pins whose markers hold in that environment.

    Everything that leaves a version open (a range, another file, a folder) is a fault.
    """
    pins: dict[str, Pin] = {}
    faults: list[str] = []
    markers = _markers(environment)
    for number, line in _lines(text):
        if line.startswith("-"):
            if line.split()[0].split("=")[0] in REFERENCES:
                faults.append(f"line {number}: {line} is no pin")
            continue
        try:
            requirement = Requirement(OPTION.sub("", line).strip())
            if requirement.marker is not None and not requirement.marker.evaluate(markers):
                continue
        except (InvalidRequirement, UndefinedEnvironmentName) as error:
            faults.append(f"line {number}: {line} is no requirement: {str(error).splitlines()[0]}")
            continue
        name, version = canonicalize_name(requirement.name), _exact(requirement)
        if version is None and requirement.url is None:
            faults.append(f"line {number}: {requirement.name} is not pinned by ==")
        elif name in pins and pins[name].version != version:
            faults.append(f"line {number}: {requirement.name} is pinned again, to another version")
        else:
            pins[name] = Pin(name, version, number)
    return Lock(pins, tuple(faults))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first one: continued lines joined, comments gone."""
    pending, start = "", 1
    for number, raw in enumerate(text.splitlines(), 1):
        if not pending:
            start = number
        continued = raw.rstrip().endswith("\\")
        pending += COMMENT.sub("", raw.rstrip().removesuffix("\\")) + " "
        if not continued:
            if pending.strip():
                yield start, pending.strip()
            pending = ""
    if pending.strip():
        yield start, pending.strip()


def _exact(requirement: Requirement) -> str | None:
    """The one version that a requirement allows, or none."""
    specifiers = list(requirement.specifier)
    if len(specifiers) == 1 and specifiers[0].operator in ("==", "===") and "*" not in specifiers[0].version:
        return specifiers[0].version
    return None


def _markers(environment: EnvironmentRecord) -> dict[str, str]:
    """The marker variables that the project's Python decides; the rest are the machine's, which both share."""
    return {
        "python_full_version": environment.python,
        "python_version": ".".join(environment.python.split(".")[:2]),
        "implementation_version": environment.python,
        "extra": "",
    }


def deviations(lock: Lock, environment: EnvironmentRecord, unlocked: Sequence[str]) -> list[str]:
    """How the installed distributions differ from the pins: missing, different, or extra; sorted by name."""
    installed = {str(canonicalize_name(name)): version for name, version in environment.packages.items()}
    found = []
    for name in sorted({*lock.pins, *installed}):
        if any(fnmatchcase(name, pattern.lower()) for pattern in unlocked):
            continue
        pin, version = lock.pins.get(name), installed.get(name)
        if version is None:
            found.append(f"{name} is not installed, the lock has {pin.version or 'it' if pin else 'it'}")
        elif pin is None:
            if name not in INSTALLERS:
                found.append(f"{name} {version} is installed, but not in the lock")
        elif pin.version is not None and not _same(pin.version, version):
            found.append(f"{name} is {version}, the lock has {pin.version}")
    return found


def _same(pinned: str, installed: str) -> bool:
    """Whether a version fulfils a pin: by PEP 440, so a local label (2.1+cpu) fulfils a pin without one."""
    try:
        return SpecifierSet(f"=={pinned}").contains(installed, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return pinned == installed


def python_fits(version: str, wanted: str) -> bool:
    """Whether a Python is the one declared: `3.11` means any 3.11.x, `>=3.11,<3.13` what it says."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+){0,2}", wanted):
        return [*version.split(".")][: wanted.count(".") + 1] == wanted.split(".")
    try:
        return Version(version) in SpecifierSet(wanted, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False
