"""Debian package versions, compared as dpkg does (deb-version(7))."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Part = tuple[tuple[int, ...], int]
Version = tuple[int, tuple[Part, ...], tuple[Part, ...]]

OPERATORS: Mapping[str, Callable[[Version, Version], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    ">=": lambda left, right: left >= right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    "<": lambda left, right: left < right,
}
CONDITION = re.compile(r"\s*(==|!=|>=|>|<=|<)\s*([0-9][A-Za-z0-9.+:~-]*)\s*")
END = 0
"""Where a part ends: after a tilde (-1), which sorts before the end, and before letters and the rest."""


def fulfils(version: str, condition: str) -> bool:
    """Whether a version fulfils every clause of `>=12,<13`; `any` holds for all. Raises ValueError for no condition."""
    if condition.strip() == "any":
        return True
    for clause in condition.split(","):
        match = CONDITION.fullmatch(clause)
        if match is None:
            raise ValueError(f"{condition!r} is not a version condition, such as '>=12' or 'any'")
        if not OPERATORS[match[1]](parsed(version), parsed(match[2])):
            return False
    return True


def parsed(version: str) -> Version:
    """Epoch, upstream version and revision, such that tuples compare as versions do."""
    epoch, _, rest = version.rpartition(":") if ":" in version else ("0", "", version)
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "0")
    return int(epoch) if epoch.isdigit() else 0, _parts(upstream), _parts(revision)


def _parts(text: str) -> tuple[Part, ...]:
    """Runs of other characters and of digits by turns, closed by an end that a trailing tilde is less than."""
    parts = [
        ((*(_order(character) for character in letters), END), int(digits or 0))
        for letters, digits in re.findall(r"([^0-9]*)([0-9]*)", text)
        if letters or digits
    ]
    return (*parts, ((END,), 0))


def _order(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256
