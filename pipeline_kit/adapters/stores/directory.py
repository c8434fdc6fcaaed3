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

PATIENCE_SECONDS = 300.0
"""How long the store may give no sign of life; a copy that goes on, however long, does."""
DIGEST = re.compile("sha256:[0-9a-f]{64}")

Found = TypeVar("Found")


class DirectoryStore:
    """Objects in `objects/ab/cdef...`, names in `names/NAME`; each file appears whole or not at all.

    The directory is another machine's as a rule: every operation raises InfrastructureError when it fails or stalls.
    """

    def __init__(self, root: Path, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.root = root
        self.patience_seconds = patience_seconds

    def put(self, path: Path) -> str:
        """Stores a file and returns its digest; an object that is there already, and as long, is left as it is."""
        digest = digest_file(path)
        target = self.object(digest)

        def place(alive: Callable[[], None]) -> None:
            if not (target.is_file() and target.stat().st_size == path.stat().st_size):
                copy_atomically(path, target, alive)

        self._ask(f"does not take {path.name}", place)
        return digest

    def fetch(self, digest: str, target: Path) -> None:
        """Writes the object to `target`, verified. Raises ModelError when it is not there or not itself any more."""
        source = self.object(digest)

        def copy(alive: Callable[[], None]) -> bool:
            if not source.exists():
                return False
            copy_atomically(source, target, alive)
            return True

        if not self._ask(f"does not give {digest}", copy):
            raise ModelError(f"the store {self.root} has no object {digest}")
        if digest_file(target) != digest:
            target.unlink()
            raise ModelError(f"the store's object {digest} holds other bytes", hint="remove it there and run again")

    def resolve(self, name: str) -> str | None:
        """The digest that a name points to, or none where it was never set. Raises ModelError where it is none."""
        path = self.name(name)

        def read(alive: Callable[[], None]) -> str | None:
            try:
                return path.read_text(encoding="utf-8", errors="replace").strip()
            except FileNotFoundError:
                return None

        digest = self._ask(f"does not give the name {name}", read)
        if digest is not None and not DIGEST.fullmatch(digest):
            hint = "point the name to a stored object again"
            raise ModelError(f"the store's name {name} points to {digest[:80]!r}, which is no digest", hint=hint)
        return digest

    def point(self, name: str, digest: str) -> None:
        """Moves a name to a digest that is stored."""
        path, target = self.name(name), self.object(digest)

        def move(alive: Callable[[], None]) -> bool:
            if not target.exists():
                return False
            write_atomically(path, digest + "\n")
            return True

        if not self._ask(f"does not take the name {name}", move):
            raise ModelError(f"the store {self.root} has no object {digest} for the name {name}")

    def _ask(self, complaint: str, action: Callable[[Callable[[], None]], Found]) -> Found:
        """What the store answers. Raises InfrastructureError where it is not there, fails or stalls."""
        from pipeline_kit.adapters.process.liveness import patiently

        def answer(alive: Callable[[], None]) -> Found:
            if not (self.root.is_dir() or self.root.parent.is_dir()):
                raise FileNotFoundError(2, "it is not there", str(self.root))
            return action(alive)

        try:
            return patiently(self.patience_seconds, answer)
        except OSError as error:
            hint = "is it mounted, and has it space? the same command goes on from here"
            raise InfrastructureError(f"the store {self.root} {complaint}: {error}", hint=hint) from error

    def object(self, digest: str) -> Path:
        """The place of an object."""
        if not DIGEST.fullmatch(digest):
            raise ModelError(f"{digest!r} is not a digest")
        hexadecimal = digest.removeprefix("sha256:")
        return self.root / "objects" / hexadecimal[:2] / hexadecimal[2:]

    def name(self, name: str) -> Path:
        """The place of a name; folders within it are allowed, ways out of the store are not."""
        parts = name.split("/")
        if not all(part and part.strip(".") and part.isprintable() for part in parts):
            raise UsageError(f"{name!r} is no name for a store")
        return self.root / "names" / Path(*parts)


class Directories:
    """Stores in directories: `store: ../models`, a path that all runners mount; a relative one is the project's."""

    grammar = Grammar(r"(?!-)(?![^/]*:)[^$'\"`\\\x00-\x1f\x7f]+", "a directory", "../models")
    parameters: tuple[Parameter, ...] = ()

    def open(self, request: StoreRequest) -> DirectoryStore:
        """The store in the directory, which need not be there yet; its own parent must be."""
        return DirectoryStore(request.project / Path(request.address).expanduser())


DIRECTORIES = Directories()
