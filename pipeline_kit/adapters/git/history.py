"""The lines that a repository's commits added, streamed from `git log`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline_kit.adapters.git.command import git_variables
from pipeline_kit.adapters.git.repository import git, of_commits, running_git
from pipeline_kit.contract.world import Added
from pipeline_kit.errors import InfrastructureError

LONGEST_LINE = 1 << 20
MOST_BYTES = 1 << 30
COMMIT = b"\0commit "
COMMIT_ID = re.compile(r"[0-9a-f]{40,64}")
HUNK = re.compile(rb"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
LOG = (
    "log", "--patch", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames",
    "--no-show-signature", "--no-notes", "--format=%x00commit %H", "--src-prefix=a/", "--dst-prefix=b/", "--relative",
)  # fmt: skip


class GitHistory:
    """The history of a folder's files in its repository."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def commits(self, most: int) -> tuple[str, ...]:
        """The newest commits, newest first; empty outside a repository. Raises UsageError where git fails in one."""
        with running_git(self._root, ("rev-list", f"--max-count={most}", "HEAD", "--", ".")) as outputs:
            return tuple((of_commits(self._root, outputs()[0], "rev-list") or "").split())

    def is_before(self, older: str, newer: str) -> bool:
        """Whether a commit is a proper ancestor of another, as far as this clone knows."""
        if older == newer or not (COMMIT_ID.fullmatch(older) and COMMIT_ID.fullmatch(newer)):
            return False
        return git(self._root, "merge-base", "--is-ancestor", older, newer) is not None

    def shallow(self) -> bool:
        """Whether this is a shallow clone."""
        return (git(self._root, "rev-parse", "--is-shallow-repository") or "").strip() == "true"

    def added(self, most: int) -> Iterator[Added]:
        """The lines that the newest commits added. Raises InfrastructureError where git fails or prints too much."""
        command = ["git", "-C", str(self._root), *LOG, f"--max-count={most}", "--", "."]
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        with (
            git_variables(self._root) as variables,
            subprocess.Popen(command, stdin=null, stdout=pipe, stderr=null, env=variables) as process,
        ):
            assert process.stdout is not None
            try:
                yield from hunks(lines(process.stdout))
                process.stdout.read()
            finally:
                process.stdout.close()
                if process.poll() is None:
                    process.terminate()
            if process.wait() != 0:
                raise InfrastructureError("git log failed", hint="check the clone with git fsck")


def lines(output: Iterable[bytes]) -> Iterator[bytes]:
    """The output's lines without line ends. Raises InfrastructureError above MOST_BYTES."""
    read = 0
    for line in output:
        read += len(line)
        if read > MOST_BYTES:
            hint = "scan fewer commits: set `history:` of the scan"
            raise InfrastructureError(f"the history has more than {MOST_BYTES >> 30} GiB of changes", hint=hint)
        yield line[:LONGEST_LINE].rstrip(b"\r\n")


def hunks(output: Iterator[bytes]) -> Iterator[Added]:
    """The added lines of a patch without context, one value for each hunk."""
    commit = path = ""
    for line in output:
        if line.startswith(COMMIT):
            commit = line.removeprefix(COMMIT).decode()
        elif line.startswith(b"+++ "):
            path = path_of(line)
        elif (header := HUNK.match(line)) and path:
            count = int(header[2]) if header[2] is not None else 1
            yield from block(output, commit, path, (int(header[1]), count))


def block(output: Iterator[bytes], commit: str, path: str, position: tuple[int, int]) -> Iterator[Added]:
    """The hunk's added lines; removed ones, and git's remark on a missing line end, are skipped."""
    first, count = position
    added: list[bytes] = []
    while len(added) < count:
        line = next(output, None)
        if line is None:
            return
        if line.startswith(b"+"):
            added.append(line[1:])
    if added:
        yield Added(commit, path, first, b"\n".join(added))


def path_of(line: bytes) -> str:
    """The path of a `+++` line; git quotes names with control characters. Empty for a removed file."""
    name = line.removeprefix(b"+++ ").rstrip(b"\t").decode("utf-8", "replace")
    if name.startswith('"') and name.endswith('"'):
        name = name[1:-1].replace('\\"', '"').replace("\\t", "\t").replace("\\\\", "\\")
    return name.removeprefix("b/") if name != "/dev/null" else ""
