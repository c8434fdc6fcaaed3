"""What git says of a checkout: its commit, its state, and which files it does not ignore."""

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
    """What a git command prints, or none where it fails or git or a repository is missing."""
    with asking(root, arguments) as answers:
        return answers()[0]


@contextmanager
def asking(root: Path, *commands: Sequence[str]) -> Iterator[Callable[[], list[str | None]]]:
    """Git commands that run at the same time, and while the block runs; what they print, once, when called."""
    with ExitStack() as running:
        started = [start(root, each, running) for each in commands]
        yield lambda: [answer(each) for each in started]


def start(root: Path, arguments: Sequence[str], running: ExitStack) -> subprocess.Popen[bytes] | None:
    """A git command that runs; none where there is no git."""
    command = ["git", "-c", "core.quotepath=off", "-C", str(root), *arguments]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    try:
        return running.enter_context(subprocess.Popen(command, stdin=null, stdout=pipe, stderr=null))
    except OSError:
        return None


def answer(process: subprocess.Popen[bytes] | None) -> str | None:
    """What a git command has printed when it ends; none where it fails."""
    if process is None:
        return None
    shown, _ = process.communicate()
    return shown.decode(errors="surrogateescape") if process.returncode == 0 else None


@contextmanager
def looking(root: Path) -> Iterator[Callable[[], Checkout]]:
    """What git says of a checkout, and the project's files, once, when called; git works on it while the block runs."""
    with asking(root, *FACTS, LISTING) as answers:

        def seen() -> Checkout:
            head, status, listing = answers()
            return facts_of(head, status), files_of(root, listing)

        yield seen


def checkout(root: Path) -> Checkout:
    """What git says of a checkout, and the project's files."""
    with looking(root) as seen:
        return seen()


def facts_of(head: str | None, status: str | None) -> GitFacts:
    """The commit, when it was made, its branch, and whether files of the folder differ: git's answers to `FACTS`."""
    from pipeline_kit.contract.context import GitFacts

    if head is None:
        return GitFacts()
    commit, seconds = head.split()
    lines = (status or "").splitlines()
    branch = next((line.removeprefix(BRANCH) for line in lines if line.startswith(BRANCH)), DETACHED)
    dirty = any(not line.startswith("# ") for line in lines)
    return GitFacts(commit, dirty, branch if branch != DETACHED else None, int(seconds))


def project_files(root: Path) -> tuple[str, ...]:
    """The project's files, relative and sorted: every one that git does not ignore, tracked or not yet.

    Outside a repository every file but the kit's own folder and hidden folders.
    Raises UsageError where git lists a file name that is not UTF-8.
    """
    return files_of(root, git(root, *LISTING))


def files_of(root: Path, listing: str | None) -> tuple[str, ...]:
    """The files in git's answer to `LISTING`, which is none where there is no git."""
    names = existing(root, listing) if listing is not None else walk(root)
    for name in names:
        if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name):
            raise UsageError(f"the file name {name!a} is not UTF-8", hint="rename it, or let git ignore it")
    return tuple(sorted(name for name in names if not name.startswith(f"{KIT_FOLDER}/")))


def existing(root: Path, listing: str) -> list[str]:
    """The listed names behind which there is a file, or a link to a file or folder; a submodule as its files.

    git also lists what was deleted but not yet committed.
    """
    names: list[str] = []
    for name in filter(None, listing.split("\0")):
        place = root / name
        try:
            mode = place.stat().st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode) or place.is_symlink():
            names.append(name)
        elif (place / ".git").exists():  # of a folder git lists files, unless it is a repository itself
            names.extend(f"{name.rstrip('/')}/{each}" for each in existing(place, git(place, *LISTING) or ""))
    return names


def walk(root: Path) -> list[str]:
    """Every file below a folder, hidden folders and virtual environments left out."""
    found: list[str] = []
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and name != "__pycache__" and not (here / name / "pyvenv.cfg").exists()
        ]
        found.extend((here / name).relative_to(root).as_posix() for name in files)
    return found
