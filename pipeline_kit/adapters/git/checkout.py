"""Checks a commit out into a folder of its own; the project's working tree, index and branches stay untouched."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pipeline_kit.adapters.files import empty_folder
from pipeline_kit.adapters.git.command import failure, git_variables
from pipeline_kit.adapters.git.repository import KIT_FOLDER, git
from pipeline_kit.errors import UsageError


def check_out(root: Path, commit: str, folder: Path) -> Path:
    """The project's folder at a commit, inside `folder`, which becomes a new repository.

    That repository refers to the project's objects and copies none. Raises UsageError where the commit is missing.
    """
    location = git(root, "rev-parse", "--show-prefix", "--path-format=absolute", "--git-path", "objects")
    if location is None or git(root, "cat-file", "-e", f"{commit}^{{commit}}") is None:
        hint = f"fetch it: git fetch origin {commit}"
        raise UsageError(f"commit {commit} is not in this repository", hint=hint)
    prefix, _, objects = location.rstrip("\n").rpartition("\n")
    new_repository(folder)
    alternates = folder / ".git" / "objects" / "info" / "alternates"
    alternates.parent.mkdir(parents=True, exist_ok=True)
    alternates.write_text(objects + "\n", encoding="utf-8", errors="surrogateescape")
    large_files = Path(objects).parent / "lfs"
    if large_files.is_dir():
        run(folder, "config", "lfs.storage", str(large_files))
    run(folder, "checkout", "--quiet", "--detach", commit)
    return folder / prefix


def new_repository(folder: Path) -> None:
    """Makes the folder an empty repository, so that git does not treat it as part of the project around it."""
    empty_folder(folder)
    run(folder, "init", "--quiet", "--template=")


def track(folder: Path) -> None:
    """Adds every file to a new repository, even ignored ones, except the kit's own folder."""
    run(folder, "add", "--force", "--all", "--", ".", f":(exclude){KIT_FOLDER}")


def run(folder: Path, *arguments: str) -> None:
    """Runs git in the folder, without hooks or prompts. Raises UsageError with git's message."""
    with git_variables(folder) as variables:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=variables,
        )
    if done.returncode:
        hint = "fetch what the commit needs into this clone, such as its large files"
        raise UsageError(failure(arguments[0], done.stderr).message, hint=hint)
