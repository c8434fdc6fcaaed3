"""The lock file: a pin a line. Read as pip reads a file of requirements; whatever leaves a version open is a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from pipeline_kit.contract.ports import EnvironmentRecord

REFERENCES = ("-r", "-c", "-e", "--requirement", "--constraint", "--editable")
COMMENT = re.compile(r"(^|\s)#.*$")
MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64", "linux/arm64/v8": "aarch64"}
"""What the Python on an OCI platform calls its machine."""
OPTION = re.compile(r"\s--(hash|config-settings|global-option)[= ]\S+")


@dataclass(frozen=True, slots=True)
class Pin:
    """One locked distribution; `version` is None if a URL pins it.

    `requirement` is what pip installs it by: its line without the marker, hashes and all.
    """

    name: str
    version: str | None
    line: int
    requirement: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """The pins that apply to an environment, the lines that are not pins, and the options for pip."""

    pins: Mapping[str, Pin]
    faults: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def hashed(self) -> bool:
        """Whether pip is to verify hashes: where one pin has any, all must have them."""
        return any(" --hash" in pin.requirement for pin in self.pins.values())


def read_lock(text: str, environment: EnvironmentRecord) -> Lock:
    """The lock file's pins whose markers hold in that environment.

    Everything that leaves a version open (a range, another file, a folder) is a fault.
    """
    return read_pins(text, environment_markers(environment))


def read_pins(text: str, markers: Mapping[str, str]) -> Lock:
    """The lock file's pins whose markers hold where the marker variables are these; the rest are this machine's."""
    pins: dict[str, Pin] = {}
    faults: list[str] = []
    options: list[str] = []
    for number, line in logical_lines(text):
        if line.startswith("-"):
            if line.split()[0].split("=")[0] in REFERENCES:
                faults.append(f"line {number}: {line} is not a pin")
            else:
                options.append(line)
            continue
        try:
            requirement = Requirement(OPTION.sub("", line).strip())
            if requirement.marker is not None and not requirement.marker.evaluate(dict(markers)):
                continue
        except (InvalidRequirement, UndefinedEnvironmentName) as error:
            faults.append(f"line {number}: {line} is not a requirement: {str(error).splitlines()[0]}")
            continue
        pin = pin_of(requirement, number, line)
        if pin.version is None and requirement.url is None:
            faults.append(f"line {number}: {requirement.name} is not pinned by ==")
        elif pin.name in pins and pins[pin.name].version != pin.version:
            faults.append(f"line {number}: {requirement.name} is pinned again, to another version")
        else:
            pins[pin.name] = pin
    return Lock(pins, tuple(faults), tuple(options))


def pin_of(requirement: Requirement, number: int, line: str) -> Pin:
    """The pin that a requirement is, its marker taken off since it holds."""
    requirement.marker = None
    hashes = "".join(match.group() for match in OPTION.finditer(line))
    return Pin(canonicalize_name(requirement.name), exact_version(requirement), number, f"{requirement}{hashes}")


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
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


def exact_version(requirement: Requirement) -> str | None:
    """The one version that a requirement allows, or None."""
    specifiers = list(requirement.specifier)
    if len(specifiers) == 1 and specifiers[0].operator in ("==", "===") and "*" not in specifiers[0].version:
        return specifiers[0].version
    return None


def environment_markers(environment: EnvironmentRecord) -> dict[str, str]:
    """The marker variables that the project's Python decides; the rest are the machine's, which both share."""
    return {
        "python_full_version": environment.python,
        "python_version": ".".join(environment.python.split(".")[:2]),
        "implementation_version": environment.python,
        "extra": "",
    }


def same_version(pinned: str, installed: str) -> bool:
    """Whether a version fulfils a pin: by PEP 440, so a local label (2.1+cpu) fulfils a pin without one."""
    try:
        return SpecifierSet(f"=={pinned}").contains(installed, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return pinned == installed


def target_markers(python: str, platform: str) -> dict[str, str]:
    """The marker variables of CPython on that platform. Source: PEP 508."""
    return {
        "extra": "",
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "os_name": "posix",
        "platform_machine": MACHINES.get(platform, platform.split("/")[1]),
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }
