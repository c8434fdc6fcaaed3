"""Durations as the descriptor writes them: one whole number and its unit."""

from __future__ import annotations

import re

DURATION = "(?:0|[1-9][0-9]{0,8})[smhd]"
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds_of(text: str) -> int:
    """The seconds of a duration such as `30m`. Raises ValueError for anything else."""
    if not re.fullmatch(DURATION, text):
        raise ValueError(f"not a duration: {text}")
    return int(text[:-1]) * SECONDS[text[-1]]


def duration_of(seconds: float) -> str:
    """Seconds as a duration in the largest unit that holds them whole."""
    unit = next(unit for unit in "dhms" if seconds % SECONDS[unit] == 0 or unit == "s")
    return f"{seconds / SECONDS[unit]:g}{unit}"
