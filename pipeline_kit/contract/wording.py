"""What was found as words: on one line, without characters that a terminal or YAML would not show."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 100


def word_set(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


def is_visible(text: str) -> bool:
    """Whether a reader sees all of a text; line ends and tabs count as seen."""
    return all(letter.isprintable() or letter in "\n\t" for letter in text)


def readable(text: str, longest: int = LONGEST) -> str:
    """The text on one line, odd characters escaped, cut where it is long."""
    line = " ".join(text.split())
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
    return line if len(line) <= longest else line[: longest - 3].rstrip() + "..."


def some(names: Sequence[object], most: int = 3) -> str:
    """The first few of them, and how many more."""
    shown = [readable(str(each)) for each in names[:most]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def job_name(text: str, fallback: str = "job") -> str:
    """The nearest name that a job may have."""
    from pipeline_kit.descriptor.reserved import RESERVED

    words = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_").lstrip("0123456789_")[:36].rstrip("_")
    name = words or fallback
    return f"{name}_job" if name in RESERVED else name


def project_name(text: str) -> str:
    """The nearest name that a project may have."""
    words = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_").lstrip("0123456789-_")[:60].rstrip("-_")
    return words or "my-project"


def fresh(name: str, taken: Sequence[str]) -> str:
    """The name, numbered where another has it already."""
    if name not in taken:
        return name
    return next(f"{name}_{number}" for number in range(2, len(taken) + 3) if f"{name}_{number}" not in taken)
