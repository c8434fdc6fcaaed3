"""Durations as GitLab reads them (the `gitlab-chronic-duration` library, which refuses words it does not know)."""

from __future__ import annotations

import re

_UNITS = {
    1.0: "s sec secs second seconds",
    60.0: "m min mins minute minutes",
    3600.0: "h hr hrs hour hours",
    86400.0: "d dy day days",
    604800.0: "w wk wks week weeks",
    2592000.0: "mo mon mos mth mths month months",
    31536000.0: "y yr yrs year years",
}
SECONDS = {name: size for size, names in _UNITS.items() for name in names.split()}
_JOINED = frozenset(["and", "plus", "with", "about", "approximately", "for", "of", "a", "an", "in"])
_NUMBERS = frozenset((
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "fifteen", "twenty", "thirty", "forty", "fifty", "sixty", "ninety", "hundred", "half",
))  # fmt: skip
_PART = re.compile(r"\d+(?:\.\d+)?|[a-z]+")
_CLOCK = re.compile(r"\d+(:\d{1,2}){1,5}(\.\d+)?")
WEEK = 604800.0


def seconds(text: str) -> float | None:
    """The text as seconds, NaN for spelled-out numbers, None if GitLab cannot read it."""
    message = text.strip().lower()
    if _CLOCK.fullmatch(message):
        return float("nan")
    rest = _PART.sub("", message).strip()
    parts = _PART.findall(message)
    if not parts or rest.strip(" ,;\t\n"):
        return None
    if not all(part in SECONDS or part in _JOINED or part in _NUMBERS or part[0].isdigit() for part in parts):
        return None
    if any(part in _NUMBERS for part in parts):
        return float("nan")
    if not any(part[0].isdigit() for part in parts):
        return None
    return _sum([part for part in parts if part not in _JOINED])


def _sum(parts: list[str]) -> float:
    total, number = 0.0, None
    for part in parts:
        if part[0].isdigit():
            total += number or 0.0  # a number without a unit counts seconds
            number = float(part)
        elif number is not None:
            total += number * SECONDS[part]
            number = None
    return total + (number or 0.0)
