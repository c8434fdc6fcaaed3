"""A commit of a project in a folder of its own, made without touching the project's working tree, index or branches."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pipeline_kit.adapters.files import empty_folder
from pipeline_kit.adapters.git.repository import KIT_FOLDER, git
from pipeline_kit.errors import UsageError

SETTINGS = ("core.hooksPath=/dev/null", "advice.detachedHead=false")


def check_out(root: Path, commit: str, folder: Path) -> Path:
    """The project's folder, as the commit has it, inside an emptied folder that is a repository of its own.

    The objects stay where they are; the new repository only refers to them. Raises UsageError where the commit is not
    here.
    """
    where = git(root, "rev-parse", "--show-prefix", "--path-format=absolute", "--git-path", "objects")
    if where is None or git(root, "cat-file", "-e", f"{commit}^{{commit}}") is None:
        hint = f"fetch it: git fetch origin {commit}"
        raise UsageError(f"commit {commit} is not in this repository", hint=hint)
    prefix, _, objects = where.rstrip("\n").rpartition("\n")
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
    """Makes the folder an empty repository, so that git does not take it for a part of the project around it."""
    empty_folder(folder)
    run(folder, "init", "--quiet", "--template=")


def track(folder: Path) -> None:
    """Makes every file of a new repository, but for the kit's own, count as the project's, even what is ignored."""
    run(folder, "add", "--force", "--all", "--", ".", f":(exclude){KIT_FOLDER}")


def run(folder: Path, *arguments: str) -> None:
    """Runs git in the folder, without hooks and without asking anybody. Raises UsageError with git's own last line."""
    settings = [part for setting in SETTINGS for part in ("-c", setting)]
    done = subprocess.run(
        ["git", *settings, "-C", str(folder), *arguments],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
    )
    if done.returncode:
        said = (done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        raise UsageError(f"git {arguments[0]} failed: {said}", hint="what the commit needs must be here")
