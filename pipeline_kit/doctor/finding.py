"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How much it matters."""

    OK = "ok"
    NOTE = "note"  # works, but not as well as it could, or not everywhere
    PROBLEM = "problem"  # a run here or on the server will fail


@dataclass(frozen=True, slots=True)
class Finding:
    """One result: what was checked, what is the case, and the fix: a command, or a sentence."""

    level: Level
    about: str
    message: str
    fix: str | None = None


def ok(about: str, message: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, about, message)


def note(about: str, message: str, fix: str) -> Finding:
    """It could be better."""
    return Finding(Level.NOTE, about, message, fix)


def problem(about: str, message: str, fix: str) -> Finding:
    """It will fail."""
    return Finding(Level.PROBLEM, about, message, fix)
