"""A repository as the survey sees it: names of files, and small reads of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline_kit.contract.wording import word_set
from pipeline_kit.descriptor.grammar import GRAMMARS

LARGEST_READ = 1 << 20  # bytes of a file that is read as text
MOST_NAMES = 50_000
PASSED_OVER = word_set(
    "node_modules site-packages .venv venv env .tox .nox .eggs build dist vendor third_party __pycache__ "
    ".ipynb_checkpoints .pipeline-kit .git .svn .hg .idea .vscode"
)
"""Folders with third-party or generated files."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The files by relative name, sorted; `odd` are those whose names no descriptor can hold."""

    root: Path
    names: tuple[str, ...]
    odd: tuple[str, ...] = ()
    _known: frozenset[str] = field(default=frozenset())

    def has(self, name: str) -> bool:
        """Whether the repository lists that file."""
        return name in self._known

    def has_folder(self, name: str) -> bool:
        """Whether a listed file is below that folder."""
        return any(item.startswith(f"{name.rstrip('/')}/") for item in self.names)

    def on_disk(self, name: str) -> bool:
        """Whether a regular file is there, listed or ignored by git."""
        return is_plain(name) and readable(self.root, name) is not None

    def ending(self, *suffixes: str) -> Iterator[str]:
        """The names that end so."""
        return (name for name in self.names if name.lower().endswith(suffixes))

    def read(self, name: str, most: int = LARGEST_READ) -> str:
        """The file's text, cut where it is too long; empty where it cannot be read."""
        path = readable(self.root, name)
        if path is None:
            return ""
        try:
            with path.open("rb") as file:
                return file.read(most).decode("utf-8-sig", errors="replace")
        except OSError:
            return ""


def list_tree(root: Path, names: Sequence[str]) -> Tree:
    """The tree of those files, without what the survey passes over."""
    expected = [name for name in sorted(names)[:MOST_NAMES] if not PASSED_OVER & set(PurePosixPath(name).parts[:-1])]
    plain = tuple(name for name in expected if is_plain(name))
    odd = tuple(name for name in expected if not is_plain(name))
    return Tree(root, plain, odd, frozenset(plain))


def is_plain(name: str) -> bool:
    """Whether a descriptor may hold the name as a path, and a reader sees all of it."""
    return bool(name) and name.isprintable() and GRAMMARS["path"].complaint(name) is None


def readable(root: Path, name: str) -> Path | None:
    """The regular file of that name inside the repository; none where a link leads out of it."""
    path = root / name
    try:
        inside = path.resolve().is_relative_to(root.resolve())
        return path if inside and path.is_file() else None
    except (OSError, ValueError):
        return None


def line_of(text: str, needle: str) -> int:
    """The first line that holds the needle, or 1."""
    index = text.find(needle)
    return text.count("\n", 0, index) + 1 if index >= 0 else 1
