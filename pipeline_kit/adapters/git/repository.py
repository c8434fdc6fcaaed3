"""A checkout's commit, state and files, as git reports them."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.errors import UsageError

if TYPE_CHECKING:
    from pipeline_kit.contract.context import GitFacts

    Checkout = tuple[GitFacts, tuple[str, ...]]

KIT_FOLDER = ".pipeline-kit"
FACTS = (
    ("log", "-1", "--format=%H %ct"),
    ("status", "--porcelain=v2", "--branch", "--", ".", f":(exclude){KIT_FOLDER}"),
)
BRANCH = "# branch.head "
DETACHED = "(detached)"
LISTING = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", ".")


def git(root: Path, *arguments: str) -> str | None:
    """The output of a git command, None where it fails, or git or the repository is missing."""
    with running_git(root, arguments) as outputs:
        return outputs()[0]


@contextmanager
def running_git(root: Path, *commands: Sequence[str]) -> Iterator[Callable[[], list[str | None]]]:
    """Runs git commands in parallel with the block; the value returns their outputs, and may be called once."""
    with ExitStack() as running:
        started = [start(root, command, running) for command in commands]
        yield lambda: [output_of(process) for process in started]


def start(root: Path, arguments: Sequence[str], running: ExitStack) -> subprocess.Popen[bytes] | None:
    """Starts a git command; None where git is not installed."""
    command = ["git", "-c", "core.quotepath=off", "-C", str(root), *arguments]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    try:
        return running.enter_context(subprocess.Popen(command, stdin=null, stdout=pipe, stderr=null))
    except OSError:
        return None


def output_of(process: subprocess.Popen[bytes] | None) -> str | None:
    """The output of a git command that was started, None where it fails."""
    if process is None:
        return None
    shown, _ = process.communicate()
    return shown.decode(errors="surrogateescape") if process.returncode == 0 else None


@contextmanager
def reading_checkout(root: Path) -> Iterator[Callable[[], Checkout]]:
    """Reads a checkout in parallel with the block; the value returns its state and files, and may be called once."""
    with running_git(root, *FACTS, LISTING) as outputs:

        def read() -> Checkout:
            head, status, listing = outputs()
            return facts_of(head, status), files_of(root, listing)

        yield read


def checkout(root: Path) -> Checkout:
    """A checkout's state and the project's files."""
    with reading_checkout(root) as read:
        return read()


def facts_of(head: str | None, status: str | None) -> GitFacts:
    """The commit with its time and branch, and whether the folder differs from it; from the outputs of `FACTS`."""
    from pipeline_kit.contract.context import GitFacts

    if head is None:
        return GitFacts()
    commit, seconds = head.split()
    lines = (status or "").splitlines()
    branch = next((line.removeprefix(BRANCH) for line in lines if line.startswith(BRANCH)), DETACHED)
    dirty = any(not line.startswith("# ") for line in lines)
    return GitFacts(commit, dirty, branch if branch != DETACHED else None, int(seconds))


def project_files(root: Path) -> tuple[str, ...]:
    """The project's files, relative and sorted: all that git does not ignore, tracked or not.

    Outside a repository all files except those of hidden folders, the kit's own among them.
    Raises UsageError where git lists a file name that is not UTF-8.
    """
    return files_of(root, git(root, *LISTING))


def files_of(root: Path, listing: str | None) -> tuple[str, ...]:
    """The project's files from the output of `LISTING`; without git every file of the folder."""
    names = existing(root, listing) if listing is not None else walk(root)
    for name in names:
        if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name):
            raise UsageError(f"the file name {name!a} is not UTF-8", hint="rename it, or add it to .gitignore")
    return tuple(sorted(name for name in names if not name.startswith(f"{KIT_FOLDER}/")))


def existing(root: Path, listing: str) -> list[str]:
    """The listed names that are a file, or a link to a file or folder; a submodule counts as its files.

    git also lists deleted files whose deletion is not committed.
    """
    names: list[str] = []
    for name in filter(None, listing.split("\0")):
        path = root / name
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode) or path.is_symlink():
            names.append(name)
        elif (path / ".git").exists():  # git lists a folder only where that is a repository itself
            names.extend(f"{name.rstrip('/')}/{inner}" for inner in existing(path, git(path, *LISTING) or ""))
    return names


def walk(root: Path) -> list[str]:
    """Every file below a folder, except in hidden folders and virtual environments."""
    names: list[str] = []
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and name != "__pycache__" and not (here / name / "pyvenv.cfg").exists()
        ]
        names.extend((here / name).relative_to(root).as_posix() for name in files)
    return names
