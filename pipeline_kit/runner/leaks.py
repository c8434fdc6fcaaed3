"""Secrets in what a job leaves: found before it is recorded, kept or handed on."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.adapters.files import remove
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.errors import ProjectError
from pipeline_kit.runner.redaction import Redactor

LARGEST_BYTES = 64 * 1024 * 1024
"""Of a larger file only the name is looked at: no text that a person reads is as large."""


def refuse_leaks(out: Path, mask: Redactor, result: StageResult) -> None:
    """Raises ProjectError naming the files of a job's folder that held a secret, and are now removed."""
    if names := remove_leaks(out, mask):
        before = "" if result.outcome is Outcome.PASSED else f"{result.reason}; and "
        reason = f"{before}the job wrote a secret into its results, which were removed: {', '.join(names)}"
        raise ProjectError(reason, hint="what a job leaves is kept, cached and handed on: write no secret into it")


def remove_leaks(out: Path, mask: Redactor) -> list[str]:
    """Removes the files and folders of a job that hold a secret or are named by one; their names, masked."""
    if mask.idle:
        return []
    leaking = [path for path in sorted(out.rglob("*")) if leaks(path, mask)]
    for path in leaking:
        remove(path)
    return [mask(path.relative_to(out).as_posix()) for path in leaking]


def leaks(path: Path, mask: Redactor) -> bool:
    """Whether a file or folder shows a secret, by its name or its content."""
    shown = [path.name, *([str(path.readlink())] if path.is_symlink() else [])]
    if any(mask(text) != text for text in shown):
        return True
    return path.is_file() and path.stat().st_size <= LARGEST_BYTES and mask.holds(path.read_bytes())
