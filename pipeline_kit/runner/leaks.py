"""Finds secrets in a job's results before they are recorded, cached or passed on."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.adapters.files import remove
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.errors import ProjectError
from pipeline_kit.runner.redaction import Redactor

LARGEST_BYTES = 64 * 1024 * 1024
"""Files above this size are checked by name only: a text that people read is smaller."""


def refuse_leaks(out: Path, mask: Redactor, result: StageResult) -> None:
    """Removes the results that hold a secret. Raises ProjectError with their names."""
    if names := remove_leaks(out, mask):
        before = "" if result.outcome is Outcome.PASSED else f"{result.reason}; and "
        reason = f"{before}the job wrote a secret into its results, which were removed: {', '.join(names)}"
        raise ProjectError(reason, hint="results are stored, cached and passed on: write no secret into them")


def remove_leaks(out: Path, mask: Redactor) -> list[str]:
    """Removes a job's files and folders with a secret in content or name; returns their masked names."""
    if mask.idle:
        return []
    leaking = [path for path in sorted(out.rglob("*")) if leaks(path, mask)]
    for path in leaking:
        remove(path)
    return [mask(path.relative_to(out).as_posix()) for path in leaking]


def leaks(path: Path, mask: Redactor) -> bool:
    """Whether the name or content of a file or folder holds a secret."""
    shown = [path.name, *([str(path.readlink())] if path.is_symlink() else [])]
    if any(mask(text) != text for text in shown):
        return True
    return path.is_file() and path.stat().st_size <= LARGEST_BYTES and mask.holds(path.read_bytes())
