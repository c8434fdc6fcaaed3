"""A deployer in a process of its own, which ends as its order says or as a test wants."""

from __future__ import annotations

import subprocess
import sys

from pipeline_kit.deploy.record import Content
from tests.conftest import ROOT
from tests.deploy.one_release import order
from tests.deploy.stories import Scene

LEASE_SECONDS = 5
"""For how long the lease of a dead deployer keeps others waiting."""
WITHIN_SECONDS = 240
SCRIPT = "tests.deploy.one_release"


class Deploying:
    """A process that releases a content, or rolls back where there is none."""

    def __init__(self, scene: Scene, wanted: Content | None, moment: str = "", sends: str = "SIGKILL") -> None:
        self.by = f"process {len(list(scene.folder.iterdir()))}"
        path = scene.folder / self.by
        told = {"moment": moment, "sends": sends, "lease_seconds": LEASE_SECONDS, "by": self.by}
        path.write_text(order(scene.ground, wanted, **told), encoding="utf-8")
        command = [sys.executable, "-m", SCRIPT, str(path)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def end(self) -> tuple[int, str]:
        """Its exit code, and what it has said."""
        said, _ = self.process.communicate(timeout=WITHIN_SECONDS)
        return self.process.returncode, said

    def __enter__(self) -> Deploying:
        """Itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Leaves no process behind, whatever became of the story."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def end_of(scene: Scene, wanted: Content | None, moment: str = "", sends: str = "SIGKILL") -> tuple[int, str]:
    """The exit code of such a process, and what it has said."""
    with Deploying(scene, wanted, moment, sends) as process:
        return process.end()
