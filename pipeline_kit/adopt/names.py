"""Names of an existing repository as names that a descriptor may hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline_kit.adopt.forms import reserved


def job_name(text: str, fallback: str = "job") -> str:
    """The nearest name that a job may have."""
    words = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_").lstrip("0123456789_")[:36].rstrip("_")
    name = words or fallback
    return f"{name}_job" if name in reserved() else name


def project_name(text: str) -> str:
    """The nearest name that a project may have."""
    words = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_").lstrip("0123456789-_")[:60].rstrip("-_")
    return words or "my-project"


def fresh(name: str, taken: Sequence[str]) -> str:
    """The name, numbered where another has it already."""
    if name not in taken:
        return name
    return next(f"{name}_{number}" for number in range(2, len(taken) + 3) if f"{name}_{number}" not in taken)
