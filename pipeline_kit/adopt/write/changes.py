"""What adoption would change in a repository: new files, files that stay, and the difference as a diff."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path, PurePosixPath

from pipeline_kit.adopt.read.tree import readable
from pipeline_kit.descriptor.organisation import DESCRIPTOR
from pipeline_kit.errors import UsageError
from pipeline_kit.terminal import escaped

LONGEST_NEW = 60  # lines of a new file that are shown whole
BEGINNING = 12
APPENDED = ".gitignore"
BACKUP = ".before-pipeline-kit"


class Fate(Enum):
    """What happens to a file."""

    NEW = "new"
    ADDED_TO = "added to"
    REPLACED = "replaced"
    KEPT = "kept"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Change:
    """A file's new text, its old one, and what happens to it."""

    file: str
    text: str
    before: str | None
    fate: Fate

    def diff(self, *, whole: bool = True) -> str:
        """The difference, as `diff -u` shows it; not `whole`: of a long new file its beginning."""
        old = (self.before or "").splitlines(keepends=True)
        new = self.text.splitlines(keepends=True)
        source = "/dev/null" if self.before is None else f"a/{self.file}"
        lines = difflib.unified_diff(old, new, source, f"b/{self.file}")
        ended = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
        shown = [_visible(line) for line in ended]
        if whole or self.before is not None or len(shown) <= LONGEST_NEW:
            return "".join(shown)
        return "".join(shown[:BEGINNING]) + f"  ... and {len(shown) - BEGINNING} more new lines\n"


@dataclass(frozen=True, slots=True)
class Changes:
    """Every file that is proposed; `backups` are the files that are kept under another name."""

    files: tuple[Change, ...]
    backups: Mapping[str, str] = field(default_factory=dict)

    def written(self) -> tuple[Change, ...]:
        """The files that will be written."""
        return tuple(file for file in self.files if file.fate in (Fate.NEW, Fate.ADDED_TO, Fate.REPLACED))

    def kept(self) -> tuple[Change, ...]:
        """The files that differ and stay as they are."""
        return tuple(file for file in self.files if file.fate is Fate.KEPT)

    def text(self, *, whole: bool) -> str:
        """The differences, then what happens to each file; the descriptor is always `whole`."""
        diffs = [change.diff(whole=whole or change.file == DESCRIPTOR) for change in self.written()]
        lines = []
        for change in self.written():
            kept = f", the old one kept as {self.backups[change.file]}" if change.file in self.backups else ""
            lines.append(f"{change.fate.value:9} {change.file}{kept}\n")
        for change in self.kept():
            how = f"--force {shlex.quote(change.file)} replaces it"
            lines.append(f"{change.fate.value:9} {change.file}: it is not touched; {how}\n")
        return "".join([*diffs, *lines])

    def write(self, root: Path, write: Callable[[Path, str | bytes], None]) -> int:
        """Writes the backups, then the files, and returns their number; `write` replaces a symbolic link itself."""
        for file, backup in self.backups.items():
            write(root / backup, (root / file).read_bytes())
        for change in self.written():
            write(root / change.file, change.text)
        return len(self.backups) + len(self.written())


def changes(root: Path, files: Mapping[str, str], forced: Collection[str], ci_files: Collection[str]) -> Changes:
    """What writing the files would do: nothing that is there is replaced unless it is forced by name.

    The `ci_files` among those that are replaced are kept under another name. Raises UsageError if a forced file is not
    among `files`.
    """
    for name in forced:
        if name not in files:
            raise UsageError(f"--force: init does not write {name}", hint=f"these: {', '.join(files)}")
    result = tuple(_change(root, name, text, forced) for name, text in files.items())
    backups = {
        change.file: _free(root, backup_name(change.file))
        for change in result
        if change.fate is Fate.REPLACED and change.file in ci_files
    }
    return Changes(result, backups)


def backup_name(file: str) -> str:
    """The name under which an old CI file is kept: its own, marked before the suffix."""
    path = PurePosixPath(file)
    return str(path.with_name(f"{path.stem}{BACKUP}{path.suffix}"))


def _change(root: Path, name: str, text: str, forced: Collection[str]) -> Change:
    path = root / name
    if not path.parent.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{path.parent} leads out of the project", hint="replace that link by a folder")
    if not (path.exists() or path.is_symlink()):
        return Change(name, text, None, Fate.NEW)
    is_file = readable(root, name) is not None
    before = path.read_bytes().decode("utf-8", errors="replace") if is_file else ""
    if before == text:
        fate = Fate.SAME
    elif name == APPENDED and is_file and text.startswith(before) and "\ufffd" not in before:
        fate = Fate.ADDED_TO
    else:
        fate = Fate.REPLACED if name in forced else Fate.KEPT
    return Change(name, text, before, fate)


def _visible(line: str) -> str:
    """A line of a diff as a terminal may show it: what an old file holds is not for the terminal to act on."""
    return escaped(line.rstrip("\r\n"), "\t") + "\n"


def _free(root: Path, name: str) -> str:
    """The name, numbered where a file of that name is there."""
    stem, dot, ending = name.rpartition(".")
    names = [name, *(f"{stem}-{number}{dot}{ending}" for number in range(2, 100))]
    return next((name for name in names if not (root / name).exists()), name)
