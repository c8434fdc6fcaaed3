"""The project's files that a model predicts with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline_kit.errors import UsageError


def code_files(workspace: Path, globs: Sequence[str], *, lock: Path, data: Sequence[Path]) -> dict[str, Path]:
    """The workspace's files that a glob matches, by their relative path, and the lock file.

    Datasets, hidden files, compiled Python and targets of links outside the workspace are excluded.
    Raises UsageError on an invalid glob.
    """
    excluded = {path.resolve() for path in data}
    root = workspace.resolve()
    paths = {lock.as_posix(): workspace / lock}
    for glob in globs:
        for path in _matches(workspace, glob):
            relative, real = path.relative_to(workspace), path.resolve()
            hidden = any(part.startswith(".") or part == "__pycache__" for part in relative.parts)
            if not hidden and real.is_file() and real.is_relative_to(root) and real not in excluded:
                paths[relative.as_posix()] = path
    return paths


def _matches(workspace: Path, glob: str) -> Iterator[Path]:
    """What the glob matches, and all that is in a folder that it matches, as in a job's inputs."""
    try:
        if ".." in Path(glob).parts:
            raise ValueError("it leads out of the project")
        for path in workspace.glob(glob):
            yield path
            if path.is_dir():
                yield from path.rglob("*")
    except (ValueError, NotImplementedError) as error:
        raise UsageError(f"code: {glob!r} is not a valid glob: {error}", hint="write it like src/**/*.py") from error
