"""The image that a project has built last."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.contract.image_reference import LayoutReference
from pipeline_kit.contract.result import Outcome
from pipeline_kit.errors import DataError, UsageError
from pipeline_kit.runner.folders import RESULT, Folders


def newest_image(folders: Folders) -> LayoutReference:
    """The image that was built last in a project's folders. Raises UsageError if no job has built one."""
    images: list[tuple[int, Path]] = []
    for result in folders.out("any").parent.glob(f"*/{RESULT}"):
        try:
            record = folders.read(result.parent.name)
        except DataError:  # it does not count here: another machine made it
            continue
        if record is not None and record.outcome is Outcome.PASSED:
            paths = (output.path for output in record.outputs.values() if output.kind == "image")
            images.extend((result.stat().st_mtime_ns, result.parent / path) for path in paths)
    if not images:
        raise UsageError("no run has made an image here", hint="name one, or run a job of the stage image first")
    return LayoutReference(max(images)[1])
