"""A store in a directory: objects by digest, and a few names that point to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pipeline_kit.adapters.files import copy_atomically, write_atomically
from pipeline_kit.contract.digest import digest_file
from pipeline_kit.contract.store_kind import StoreRequest
from pipeline_kit.descriptor.grammar import Grammar
from pipeline_kit.descriptor.parameter import Parameter
from pipeline_kit.errors import InfrastructureError, ModelError, UsageError

SILENCE_SECONDS = 300.0
"""How long the store may show no progress; a copy may take any time as long as bytes move."""
DIGEST = re.compile("sha256:[0-9a-f]{64}")

Result = TypeVar("Result")


class DirectoryStore:
    """Objects in `objects/ab/cdef...`, names in `names/NAME`; every file is written atomically.

    The directory is usually on another machine: every operation raises InfrastructureError when it fails or stalls.
    """

    def __init__(self, root: Path, silence_seconds: float = SILENCE_SECONDS) -> None:
        self.root = root
        self.silence_seconds = silence_seconds

    def put(self, path: Path) -> str:
        """Stores a file and returns its digest; an existing object of the same size is kept."""
        digest = digest_file(path)
        target = self.object(digest)

        def place(alive: Callable[[], None]) -> None:
            if not (target.is_file() and target.stat().st_size == path.stat().st_size):
                copy_atomically(path, target, alive)

        self._call(f"did not store {path.name}", place)
        return digest

    def fetch(self, digest: str, target: Path) -> None:
        """Writes the verified object to `target`. Raises ModelError where it is missing or corrupt."""
        source = self.object(digest)

        def copy(alive: Callable[[], None]) -> bool:
            if not source.exists():
                return False
            copy_atomically(source, target, alive)
            return True

        if not self._call(f"did not return {digest}", copy):
            raise ModelError(f"the store {self.root} has no object {digest}")
        if digest_file(target) != digest:
            target.unlink()
            hint = "remove it from the store and run again"
            raise ModelError(f"the store's object {digest} is corrupt: its content has another digest", hint=hint)

    def resolve(self, name: str) -> str | None:
        """The digest that a name points to, None where it was never set. Raises ModelError for a malformed digest."""
        path = self.name(name)

        def read(alive: Callable[[], None]) -> str | None:
            try:
                return path.read_text(encoding="utf-8", errors="replace").strip()
            except FileNotFoundError:
                return None

        digest = self._call(f"did not return the name {name}", read)
        if digest is not None and not DIGEST.fullmatch(digest):
            hint = "point the name to a stored object again"
            raise ModelError(f"the store's name {name} points to {digest[:80]!r}, not to a digest", hint=hint)
        return digest

    def point(self, name: str, digest: str) -> None:
        """Points a name to a stored digest."""
        path, target = self.name(name), self.object(digest)

        def move(alive: Callable[[], None]) -> bool:
            if not target.exists():
                return False
            write_atomically(path, digest + "\n")
            return True

        if not self._call(f"did not store the name {name}", move):
            raise ModelError(f"the store {self.root} has no object {digest} for the name {name}")

    def _call(self, failure: str, action: Callable[[Callable[[], None]], Result]) -> Result:
        """The result of an operation. Raises InfrastructureError where the store is missing, fails or stalls."""
        from pipeline_kit.adapters.process.liveness import while_alive

        def answer(alive: Callable[[], None]) -> Result:
            if not (self.root.is_dir() or self.root.parent.is_dir()):
                raise FileNotFoundError(2, "the directory is missing", str(self.root))
            return action(alive)

        try:
            return while_alive(self.silence_seconds, answer)
        except OSError as error:
            hint = "check that it is mounted and has space, then run the same command again: it resumes from here"
            raise InfrastructureError(f"the store {self.root} {failure}: {error}", hint=hint) from error

    def object(self, digest: str) -> Path:
        """The path of an object."""
        if not DIGEST.fullmatch(digest):
            raise ModelError(f"{digest!r} is not a digest")
        hexadecimal = digest.removeprefix("sha256:")
        return self.root / "objects" / hexadecimal[:2] / hexadecimal[2:]

    def name(self, name: str) -> Path:
        """The path of a name; it may have folders, but must not lead out of the store."""
        parts = name.split("/")
        if not all(part and part.strip(".") and part.isprintable() for part in parts):
            raise UsageError(f"{name!r} is not a valid name in a store")
        return self.root / "names" / Path(*parts)


class Directories:
    """Stores in directories: `store: ../models`, a path that all runners mount, relative to the project."""

    grammar = Grammar(r"(?!-)(?![^/]*:)[^$'\"`\\\x00-\x1f\x7f]+", "a directory", "../models")
    parameters: tuple[Parameter, ...] = ()

    def open(self, request: StoreRequest) -> DirectoryStore:
        """The store in the directory; its parent directory must exist."""
        return DirectoryStore(request.project / Path(request.address).expanduser())


DIRECTORIES = Directories()
