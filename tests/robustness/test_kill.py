"""SIGKILL at any moment: no torn file, no process left, and the same command finishes the work."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline_kit.adapters.process.run import GRACE_SECONDS
from tests.drill import rounds
from tests.projects import kit
from tests.robustness import killing
from tests.robustness.conftest import Undisturbed
from tests.robustness.small_project import make_project

KILLS = rounds(200)
IN_A_ROW = 4
"""Kills before the work is let finish: each run starts from what the killed one before it left."""
BOUND_SECONDS = GRACE_SECONDS
"""How long a supervisor takes at most to end a command that ignores SIGTERM."""
SEED = 20261122


@dataclass
class Life:
    """A project whose runs are killed again and again, and what was found wrong."""

    folder: Path
    chance: random.Random
    undisturbed: Undisturbed
    whole_tree: bool
    kills: int = 0
    finished: int = 0
    wrong: list[str] = field(default_factory=list)

    def kill_once(self) -> None:
        """Starts a run, kills it at a random moment, and looks at what is left."""
        mark = f"{self.folder.name}-{self.kills}-{self.chance.random()}"
        process = killing.start(self.folder, "run", mark=mark)
        try:
            process.wait(self.chance.uniform(0.03, 1.3 * self.undisturbed.seconds))
        except subprocess.TimeoutExpired:
            killing.kill(killing.frozen(process.pid) if self.whole_tree else [process.pid])
        process.communicate()
        self.kills += process.returncode == -9
        left = {pid: killing.command_of(pid) for pid in killing.gone(mark, BOUND_SECONDS)}
        killing.kill(list(left))
        self.wrong += [f"{self.folder.name}, kill {self.kills}: left: {command}" for command in left.values()]
        self.wrong += [f"kill {self.kills}: {what}" for what in killing.torn(self.folder)]

    def finish(self) -> None:
        """Lets the same command end, and compares what it made with an undisturbed run."""
        done = kit(self.folder, "run")
        self.finished += 1
        if done.returncode:
            self.wrong.append(f"after kill {self.kills}: {done.stdout}{done.stderr}")
        elif killing.digests(self.folder) != self.undisturbed.digests:
            self.wrong.append(f"after kill {self.kills}: other digests")
        self.wrong += [f"after kill {self.kills}: {path} is left over" for path in killing.leftovers(self.folder)]

    def begin(self) -> None:
        """Gives every job a reason to run: it has never run here, or its code has another comment than last time."""
        if self.finished % 2:
            killing.forget(self.folder)
        for name in ("step.py", "code.py"):
            path = self.folder / name
            path.write_text(f"{path.read_text()}# {self.finished}\n")

    def live(self, kills: int) -> Life:
        """Kills so many times."""
        while self.kills < kills and not self.wrong:
            self.begin()
            for _ in range(min(IN_A_ROW, kills - self.kills)):
                self.kill_once()
            self.finish()
        return self


@pytest.mark.drill
def test_a_run_that_is_killed_at_any_moment_is_finished_by_the_same_command(
    tmp_path: Path, undisturbed: Undisturbed, count: Callable[[str, int], None]
) -> None:
    """Half of the times the whole tree of processes is killed, half of the times the parent alone."""
    lives = [
        Life(make_project(tmp_path / name), random.Random(SEED + whole), undisturbed, bool(whole))
        for whole, name in enumerate(("the parent alone", "the whole tree"))
    ]
    with ThreadPoolExecutor(len(lives)) as threads:
        for life in threads.map(lambda each: each.live(KILLS // len(lives)), lives):
            assert life.wrong == []
            count(f"runs killed, {life.folder.name}", life.kills)
            count("killed runs finished by the same command, with the same digests", life.finished)
    assert sum(life.kills for life in lives) >= KILLS
