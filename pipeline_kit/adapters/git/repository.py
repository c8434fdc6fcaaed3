"""A checkout's commit, state and files, as git reports them."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.adapters.git.command import failure, git_variables
from pipeline_kit.errors import UsageError
from pipeline_kit.frozen import frozen

if TYPE_CHECKING:
    from pipeline_kit.contract.context import GitFacts

    Checkout = tuple[GitFacts, tuple[str, ...]]

KIT_FOLDER = ".pipeline-kit"
STAGES = f"{KIT_FOLDER}/stages/"
STATUS = (
    "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--ignore-submodules=dirty",
    "--", ".", f":(exclude){KIT_FOLDER}",
)  # fmt: skip
FACTS = (("log", "-1", "--no-show-signature", "--format=%H %ct"), STATUS)
BRANCH = "# branch.head "
DETACHED = "(detached)"
LISTING = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", ".")
NO_REPOSITORY = b"not a git repository (or any"
NO_COMMIT = (b"does not have any commits yet", b"bad revision 'HEAD'", b"ambiguous argument 'HEAD'")


@frozen
class Output:
    """What a git command printed, its errors, and its exit code."""

    text: bytes
    errors: bytes
    code: int


def git(root: Path, *arguments: str) -> str | None:
    """The output of a git command, None where it fails, or git or the repository is missing."""
    try:
        with running_git(root, arguments) as outputs:
            output = outputs()[0]
    except UsageError:
        return None
    return decoded(output) if output is not None and output.code == 0 else None


@contextmanager
def running_git(root: Path, *commands: Sequence[str]) -> Iterator[Callable[[], list[Output | None]]]:
    """Runs git commands in parallel with the block; the value returns their outputs, and may be called once.

    An output is None where git is not installed.
    """
    with ExitStack() as running:
        try:
            variables = running.enter_context(git_variables(root))
        except FileNotFoundError:
            yield lambda: [None] * len(commands)
            return
        started = [running.enter_context(start(root, command, variables)) for command in commands]
        yield lambda: [output_of(process) for process in started]


def start(root: Path, arguments: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts a git command."""
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    command = ["git", "-C", str(root), *arguments]
    return subprocess.Popen(command, stdin=null, stdout=pipe, stderr=pipe, env=variables)


def output_of(process: subprocess.Popen[bytes]) -> Output:
    """The output of a git command that was started."""
    text, errors = process.communicate()
    return Output(text, errors, process.returncode)


def decoded(output: Output) -> str:
    """The text of an output; bytes that are not UTF-8 survive as surrogates."""
    return output.text.decode(errors="surrogateescape")


def required(root: Path, output: Output | None, command: str) -> str | None:
    """The output of a command that works in every repository; None where the folder belongs to none.

    Raises UsageError where git fails otherwise, or cannot run in what is a repository: files that git ignores would
    be taken for the project's.
    """
    if output is None:
        if any((folder / ".git").exists() for folder in (root, *root.parents)):
            raise UsageError("this is a git repository, but git is not installed", hint="install git")
        return None
    if output.code == 0:
        return decoded(output)
    if NO_REPOSITORY in output.errors and not (root / ".git").exists():
        return None
    raise failure(command, output.errors)


def of_commits(root: Path, output: Output | None, command: str) -> str | None:
    """The output of a command that needs a commit; None without a commit or a repository."""
    if output is not None and output.code and any(text in output.errors for text in NO_COMMIT):
        return None
    return required(root, output, command)


def is_repository(root: Path) -> bool:
    """Whether a folder belongs to a repository. Raises UsageError where git fails there."""
    with running_git(root, ("rev-parse", "--git-dir")) as outputs:
        return required(root, outputs()[0], "rev-parse") is not None


def head(root: Path) -> str | None:
    """The commit that is checked out; None without a commit or a repository. Raises UsageError where git fails."""
    with running_git(root, FACTS[0]) as outputs:
        text = of_commits(root, outputs()[0], "log")
    return text.split()[0] if text else None


@contextmanager
def reading_checkout(root: Path) -> Iterator[Callable[[], Checkout]]:
    """Reads a checkout in parallel with the block; the value returns its state and files, and may be called once."""
    with running_git(root, *FACTS, LISTING) as outputs:

        def read() -> Checkout:
            head, status, listing = outputs()
            files, dirty = files_of(root, required(root, listing, "ls-files"))
            facts = facts_of(of_commits(root, head, "log"), required(root, status, "status"))
            return (replace(facts, dirty=True) if dirty and facts.commit else facts), files

        yield read


def checkout(root: Path) -> Checkout:
    """A checkout's state and the project's files. Raises UsageError where git fails in a repository."""
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


def refuse_tracked(root: Path, names: Iterable[str]) -> None:
    """Raises UsageError where git tracks anything in the kit's folder but the project's own stages.

    Results and caches that a repository brings along would pass for this machine's. `names` are the project's files.
    """
    suspects = [name for name in names if is_result(name)]
    if not suspects:
        return
    with running_git(root, ("ls-files", "-z", "--", KIT_FOLDER)) as outputs:
        tracked = [name for name in (required(root, outputs()[0], "ls-files") or "").split("\0") if is_result(name)]
    if tracked:
        hint = f"git rm -r --cached {KIT_FOLDER}, and ignore it: git may track {STAGES} only"
        raise UsageError(f"git tracks {tracked[0]}, where pipeline-kit keeps results", hint=hint)


def is_result(name: str) -> bool:
    """Whether a file is in the kit's folder, and not one of the project's own stages."""
    return name.rstrip("/") == KIT_FOLDER or (name.startswith(f"{KIT_FOLDER}/") and not name.startswith(STAGES))


def project_files(root: Path) -> tuple[str, ...]:
    """The project's files, relative and sorted: all that git does not ignore, tracked or not.

    Outside a repository all files except those of hidden folders, the kit's own among them.
    Raises UsageError where git fails in a repository, or lists a file name that is not UTF-8.
    """
    with running_git(root, LISTING) as outputs:
        return files_of(root, required(root, outputs()[0], "ls-files"))[0]


def files_of(root: Path, listing: str | None) -> tuple[tuple[str, ...], bool]:
    """The project's files from the output of `LISTING`, and whether a submodule differs from its commit.

    Without git every file of the folder.
    """
    if listing is not None:
        refuse_tracked(root, listing.split("\0"))
    names, dirty = existing(root, listing) if listing is not None else (walk(root), False)
    for name in names:
        if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name):
            raise UsageError(f"the file name {name!a} is not UTF-8", hint="rename it, or add it to .gitignore")
    return tuple(sorted(name for name in names if not name.startswith(f"{KIT_FOLDER}/"))), dirty


def existing(root: Path, listing: str) -> tuple[list[str], bool]:
    """The listed names that are a file, or a link to a file or folder, and whether a repository among them differs.

    A submodule counts as its files; git runs there with settings for that repository, since each has its own
    configuration. git also lists deleted files whose deletion is not committed.
    """
    names: list[str] = []
    dirty = False
    for name in filter(None, listing.split("\0")):
        path = root / name
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode) or path.is_symlink():
            names.append(name)
        elif (path / ".git").exists():  # git lists a folder only where that is a repository itself
            facts, files = checkout(path)
            dirty = dirty or facts.dirty
            names.extend(f"{name.rstrip('/')}/{inner}" for inner in files)
    return names, dirty


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
