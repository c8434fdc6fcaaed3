"""The time of the shortest commands, beside a bare interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Pairs, command, in_turns
from benchmarks.projects import no_op_project
from benchmarks.results import Row, at_most, seconds
from benchmarks.scale import Scale
from benchmarks.tools import Tools

BARE = "python -c pass"


def measure(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """`--version`, and `job` with a stage that does nothing; for comparison a job that runs a process."""
    project = no_op_project(folder / "no_op")
    variables = {"PIPELINE_KIT_CACHE": str(tools.cache)}
    bare = command([tools.python, "-c", "pass"], cwd=project)

    def beside(*words: str) -> tuple[str, str, float]:
        ours = command([tools.pipeline_kit, *words], cwd=project, variables=variables)
        return figures(in_turns(ours, bare, scale.pairs))

    yield at_most("cold start of `--version`, to `python -c pass`", beside("--version"), 3)
    note = (
        "a bare interpreter takes a tenth of this; the rest is checks, digests, git, and syncing the record to the disk"
    )
    yield at_most("cold start of `job` on a no-op, to `python -c pass`", beside("job", "nothing"), 8, note)
    ours, peer, ratio = beside("job", "command")
    yield Row("for comparison: `job` that runs the process `true`", ours, peer, f"{ratio:.2f} times", "-", None)


def figures(pairs: Pairs) -> tuple[str, str, float]:
    """The times of the kit and of the bare interpreter, and their ratio."""
    return seconds(pairs.ours_seconds), f"{seconds(pairs.peer_seconds)} ({BARE})", pairs.ratio
