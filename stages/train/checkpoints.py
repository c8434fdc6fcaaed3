"""Checkpoints in the store: kept while the project's code trains, handed back to the run that follows a broken one."""

from __future__ import annotations

import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_kit.contract.ports import Store
from pipeline_kit.errors import KitError, ModelError

UNFINISHED = (".tmp", ".part")

State = tuple[tuple[str, int, int], ...]
"""The state of an entry at one check: names, sizes and times of its files."""


@dataclass(slots=True)
class Checkpoints:
    """One run's folder of checkpoints, and the name in the store under which the newest of them is kept."""

    store: Store
    name: str
    folder: Path
    log: Callable[[str], None]
    seen: dict[Path, State] = field(default_factory=dict)
    kept: State = ()
    stopping: threading.Event = field(default_factory=threading.Event)

    def restore(self, target: Path) -> Path | None:
        """The entry that a run before this one left, written under `target`, or None.

        A damaged checkpoint does not stop the run: it is reported and the run starts afresh.
        """
        digest = self.store.resolve(self.name)
        if digest is None:
            return None
        with tempfile.TemporaryDirectory(prefix="pipeline-kit-") as folder:
            packed = Path(folder) / "checkpoint.tar"
            try:
                self.store.fetch(digest, packed)
                with tarfile.open(packed) as archive:
                    archive.extractall(target, filter="data")
            except (ModelError, tarfile.TarError, OSError) as error:
                self.log(f"the checkpoint {digest} cannot be used, starting afresh: {error}")
                return None
        return next(iter(sorted(target.iterdir())), None) if target.is_dir() else None

    def look(self) -> bool:
        """Keeps the newest entry that is unchanged since the last check, while newer ones may still be written.

        Returns whether one was kept now.
        """
        states = {entry: state_of(entry) for entry in entries(self.folder)}
        steady = [entry for entry, state in states.items() if state and state == self.seen.get(entry)]
        self.seen = states
        entry = max(steady, key=lambda path: (changed(states[path]), path.name), default=None)
        if entry is None or changed(states[entry]) <= changed(self.kept):
            return False
        self.keep(entry, states[entry])
        return True

    def finish(self) -> None:
        """Keeps the newest entry now that nothing writes any more."""
        entry = newest(self.folder)
        if entry and state_of(entry) != self.kept:
            self.keep(entry, state_of(entry))

    def keep(self, entry: Path, state: State) -> None:
        """Puts an entry into the store and moves the name to it, in this order: a kill between leaves the older one."""
        self._point_to(entry)
        self.kept = state
        self.log(f"checkpoint {entry.name} is kept in the store")

    def forget(self) -> None:
        """Leaves nothing to resume: the name moves to an archive without entries, if it was ever set."""
        if self.store.resolve(self.name) is not None:
            self._point_to(None)

    def _point_to(self, entry: Path | None) -> None:
        with tempfile.TemporaryDirectory(prefix="pipeline-kit-") as folder:
            packed = Path(folder) / "checkpoint.tar"
            with tarfile.open(packed, "w") as archive:
                if entry is not None:
                    archive.add(entry, arcname=entry.name)
            self.store.point(self.name, self.store.put(packed))

    @contextmanager
    def watched(self, interval_seconds: float) -> Iterator[None]:
        """Looks at the folder in the background while the block runs."""
        watcher = threading.Thread(target=self._watch, args=(interval_seconds,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            self.stopping.set()
            watcher.join()

    def _watch(self, interval_seconds: float) -> None:
        while not self.stopping.wait(interval_seconds):
            try:
                self.look()
            except (KitError, OSError) as error:  # training continues: a checkpoint is a help, not a result
                self.log(f"a checkpoint could not be kept: {error}")


def entries(folder: Path) -> list[Path]:
    """What the project's code has put into the folder; names that mark half-written files do not count."""
    return [
        path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if not path.name.startswith(".") and not path.name.endswith(UNFINISHED)
    ]


def newest(folder: Path) -> Path | None:
    """The entry that changed last."""
    return max(entries(folder), key=lambda path: (changed(state_of(path)), path.name), default=None)


def state_of(entry: Path) -> State:
    """Names, sizes and times of an entry's files; a file that vanishes meanwhile is left out."""
    files = [entry] if entry.is_file() else sorted(entry.rglob("*"))
    state = []
    for path in files:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        state.append((path.name, status.st_size, status.st_mtime_ns))
    return tuple(state)


def changed(state: State) -> int:
    """When an entry changed last, in nanoseconds; 0 where it holds nothing."""
    return max((time for _, _, time in state), default=0)
