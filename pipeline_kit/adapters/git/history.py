"""What the commits of a repository added, streamed out of `git log`, never held whole."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline_kit.adapters.git.repository import git
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
    """The history of the repository that a folder lies in, of that folder's files."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def commits(self, most: int) -> tuple[str, ...]:
        """The newest commits, newest first; none outside a repository."""
        return tuple((git(self._root, "rev-list", f"--max-count={most}", "HEAD", "--", ".") or "").split())

    def is_before(self, older: str, newer: str) -> bool:
        """Whether one commit is an ancestor of another, and not the same, as far as this clone knows."""
        if older == newer or not (COMMIT_ID.fullmatch(older) and COMMIT_ID.fullmatch(newer)):
            return False
        return git(self._root, "merge-base", "--is-ancestor", older, newer) is not None

    def shallow(self) -> bool:
        """Whether the clone was cut off."""
        return (git(self._root, "rev-parse", "--is-shallow-repository") or "").strip() == "true"

    def added(self, most: int) -> Iterator[Added]:
        """What the newest commits added. Raises InfrastructureError where git fails, or writes more than is read."""
        command = ["git", "-c", "core.quotepath=off", "-C", str(self._root), *LOG, f"--max-count={most}", "--", "."]
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        with subprocess.Popen(command, stdin=null, stdout=pipe, stderr=null) as process:
            assert process.stdout is not None
            try:
                yield from hunks(lines(process.stdout))
                process.stdout.read()
            finally:
                process.stdout.close()
                if process.poll() is None:
                    process.terminate()
            if process.wait() != 0:
                raise InfrastructureError("git does not show the history", hint="is this clone whole? try git fsck")


def lines(output: Iterable[bytes]) -> Iterator[bytes]:
    """The output's lines without their ends. Raises InfrastructureError beyond a gigabyte."""
    read = 0
    for line in output:
        read += len(line)
        if read > MOST_BYTES:
            hint = "look through fewer commits: `history:` of the scan"
            raise InfrastructureError(f"the history has more than {MOST_BYTES} bytes of changes", hint=hint)
        yield line[:LONGEST_LINE].rstrip(b"\r\n")


def hunks(output: Iterator[bytes]) -> Iterator[Added]:
    """The added lines of a patch without context, those of one place together."""
    commit = path = ""
    for line in output:
        if line.startswith(COMMIT):
            commit = line.removeprefix(COMMIT).decode()
        elif line.startswith(b"+++ "):
            path = path_of(line)
        elif (found := HUNK.match(line)) and path:
            count = int(found[2]) if found[2] is not None else 1
            yield from block(output, commit, path, (int(found[1]), count))


def block(output: Iterator[bytes], commit: str, path: str, where: tuple[int, int]) -> Iterator[Added]:
    """The next so many added lines; those taken out, and git's remark on a missing line end, are passed over."""
    first, count = where
    found: list[bytes] = []
    while len(found) < count:
        line = next(output, None)
        if line is None:
            return
        if line.startswith(b"+"):
            found.append(line[1:])
    if found:
        yield Added(commit, path, first, b"\n".join(found))


def path_of(line: bytes) -> str:
    """The path of a `+++` line; git quotes names with control characters. Empty for a file that was taken out."""
    name = line.removeprefix(b"+++ ").rstrip(b"\t").decode("utf-8", "replace")
    if name.startswith('"') and name.endswith('"'):
        name = name[1:-1].replace('\\"', '"').replace("\\t", "\t").replace("\\\\", "\\")
    return name.removeprefix("b/") if name != "/dev/null" else ""
