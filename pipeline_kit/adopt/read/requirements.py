"""Requirement files of pip: which distributions they name, and whether they pin each one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pipeline_kit.adopt.read.tree import Tree

_FILE = re.compile(
    r"(?:[\w.-]*requirements?[\w.-]*|[\w.-]*-reqs?)\.(?:txt|lock|in|pip)|requirements\.lock", re.IGNORECASE
)
_FOLDERS = ("", "requirements", "reqs", "requirements.d", "deps")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_OPTION = re.compile(r"\s--(?:hash|config-settings|global-option)[= ]\S+")
_NESTED = re.compile(r"(?:-r|--requirement)[= ]?\s*(\S+)")


@dataclass(frozen=True, slots=True)
class RequirementFile:
    """A requirements file: canonical names with their lines, whether every one is pinned, the files it takes in."""

    file: str
    names: dict[str, int]
    pinned: bool
    hashed: bool
    includes: tuple[str, ...] = ()

    @property
    def is_lock(self) -> bool:
        """Whether an environment can be made of it alone."""
        return self.pinned and bool(self.names) and not self.includes


def find_requirements(tree: Tree) -> tuple[RequirementFile, ...]:
    """Every requirements file, those at the root first."""
    names = [name for name in tree.names if _is_requirements(name)]
    names.sort(key=lambda name: (name.count("/"), name))
    return tuple(read_requirements(name, tree.read(name)) for name in names[:40])


def _is_requirements(name: str) -> bool:
    path = PurePosixPath(name)
    inside = path.parent.name.lower() in _FOLDERS[1:] and path.suffix in (".txt", ".in", ".lock", ".pip")
    return inside or _FILE.fullmatch(path.name) is not None


def read_requirements(file: str, text: str) -> RequirementFile:
    """The file, read as pip does, without following what it takes in."""
    names: dict[str, int] = {}
    includes: list[str] = []
    pinned = True
    for number, line in logical_lines(text):
        if nested := _NESTED.match(line):
            includes.append(str(PurePosixPath(file).parent / nested.group(1)))
            continue
        if line.startswith("-"):
            pinned = pinned and not line.startswith(("-e", "--editable"))
            continue
        requirement = parse(line)
        if requirement is None:
            pinned = False
            continue
        names.setdefault(canonicalize_name(requirement.name), number)
        pinned = pinned and is_pinned(requirement)
    return RequirementFile(file, names, pinned, "--hash=" in text, tuple(includes))


def logical_lines(text: str) -> Iterable[tuple[int, str]]:
    """Lines with continued ones joined and comments gone, each with the number of its first."""
    pending, start = "", 1
    for number, raw in enumerate(text.splitlines(), 1):
        start = start if pending else number
        line = raw.rstrip()
        pending += _COMMENT.sub("", line.removesuffix("\\")) + " "
        if not line.endswith("\\"):
            if pending.strip():
                yield start, pending.strip()
            pending = ""
    if pending.strip():
        yield start, pending.strip()


def parse(text: str) -> Requirement | None:
    """A requirement, or None if pip would not install the text from an index or an address."""
    try:
        return Requirement(_OPTION.sub("", text).strip())
    except (InvalidRequirement, ValueError, RecursionError):
        return None


def is_pinned(requirement: Requirement) -> bool:
    """Whether only one version will do."""
    specifiers = list(requirement.specifier)
    exact = len(specifiers) == 1 and specifiers[0].operator in ("==", "===") and "*" not in specifiers[0].version
    return exact or requirement.url is not None
