"""Kubernetes' quantities, such as `500m`, `2` and `1.5Gi`, as exact numbers, and back as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from pipeline_kit.errors import ProjectError

_PATTERN = re.compile(r"([+-]?)(\d{1,30}\.?\d{0,30}|\.\d{1,30})([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,2})?", re.ASCII)
_POWERS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {f"{letter}i": 1 << (10 * power) for power, letter in enumerate("KMGTPE", start=1)}
HUNDREDTH = Fraction(1, 100)


def quantity(text: object) -> Fraction:
    """The number that a quantity means. Raises ProjectError if it is not a quantity."""
    match = _PATTERN.fullmatch(str(text)) if not isinstance(text, bool) else None
    if match is None:
        raise ProjectError(f"not a quantity: {str(text)[:60]!r}", hint="write it like 500m, 2 or 512Mi")
    sign, number, suffix = match.group(1), match.group(2), match.group(3) or ""
    value = Fraction(f"0{number}".rstrip(".")) * unit(suffix)
    return -value if sign == "-" else value


def unit(suffix: str) -> Fraction:
    """What a suffix multiplies by."""
    if suffix in _BINARY:
        return Fraction(_BINARY[suffix])
    power = _POWERS[suffix] if suffix in _POWERS else int(suffix[1:])
    return Fraction(10) ** power


def amount_text(resource: str, amount: Fraction) -> str:
    """An amount of a resource, as people write it, rounded down: `cpu 500m`, `memory 1.5Gi`, `2 pods`."""
    if resource == "pods":
        return f"{int(amount)} pod{'' if int(amount) == 1 else 's'}"
    name = resource.rpartition(".")[2]
    if name in ("memory", "ephemeral-storage") or resource.startswith("hugepages-"):
        return f"{resource} {in_bytes(amount)}"
    return f"{resource} {in_thousandths(amount)}"


def in_thousandths(amount: Fraction) -> str:
    """A count, in thousandths where it is not whole."""
    return str(int(amount)) if amount.denominator == 1 else f"{amount * 1000 // 1}m"


def in_bytes(amount: Fraction) -> str:
    """Bytes in the largest unit that they fill."""
    for suffix in reversed(_BINARY):
        if amount >= _BINARY[suffix]:
            return f"{float(amount / _BINARY[suffix] // HUNDREDTH * HUNDREDTH):g}{suffix}"
    return str(int(amount))


def total(parts: list[Mapping[str, Fraction]]) -> dict[str, Fraction]:
    """The sum, resource by resource."""
    fractions: dict[str, Fraction] = {}
    for part in parts:
        for name, value in part.items():
            fractions[name] = fractions.get(name, Fraction(0)) + value
    return fractions


def largest(parts: list[Mapping[str, Fraction]]) -> dict[str, Fraction]:
    """The maximum, resource by resource."""
    fractions: dict[str, Fraction] = {}
    for part in parts:
        for name, value in part.items():
            fractions[name] = max(fractions.get(name, value), value)
    return fractions
