"""The settings of a job that pushes an image."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import text, texts, whole
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Settings:
    """Where the image goes, its tags, how many blobs are sent at once, and how many old builds stay (None: all)."""

    repository: str
    tags: tuple[str, ...] = ()
    parallel: int = 1
    keep_last: int | None = None


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed."""
    return Settings(
        repository=text(given, "repository", ""),
        tags=texts(given, "tags"),
        parallel=whole(given, "parallel", 1),
        keep_last=whole(given, "keep_last"),
    )
