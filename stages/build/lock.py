"""What an environment has instead of the pins of its lock file, and whether its Python is the one declared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pipeline_kit.contract.lock import Lock, same_version
from pipeline_kit.contract.ports import EnvironmentRecord

INSTALLERS = {"pip", "setuptools", "wheel"}
"""What a fresh environment has by itself: no deviation where the lock does not name it."""


def deviations(lock: Lock, environment: EnvironmentRecord, unlocked: Sequence[str]) -> list[str]:
    """How the installed distributions differ from the pins: missing, different, or extra; sorted by name."""
    installed = {str(canonicalize_name(name)): version for name, version in environment.packages.items()}
    entries = []
    for name in sorted({*lock.pins, *installed}):
        if any(fnmatchcase(name, pattern.lower()) for pattern in unlocked):
            continue
        pin, version = lock.pins.get(name), installed.get(name)
        if version is None:
            entries.append(f"{name} is not installed, the lock has {pin.version or 'it' if pin else 'it'}")
        elif pin is None:
            if name not in INSTALLERS:
                entries.append(f"{name} {version} is installed, but not in the lock")
        elif pin.version is not None and not same_version(pin.version, version):
            entries.append(f"{name} is {version}, the lock has {pin.version}")
    return entries


def python_fits(version: str, wanted: str) -> bool:
    """Whether a Python is the one declared: `3.11` means any 3.11.x, `>=3.11,<3.13` what it says."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+){0,2}", wanted):
        return [*version.split(".")][: wanted.count(".") + 1] == wanted.split(".")
    try:
        return Version(version) in SpecifierSet(wanted, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False
