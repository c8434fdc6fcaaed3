"""What the executor itself costs, beside those that run GitLab's files on this machine: pipelines of empty jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Timed, command, in_turns
from benchmarks.projects import kit_project, repository
from benchmarks.results import Row, at_most, missing, seconds
from benchmarks.scale import Scale
from benchmarks.tools import Tools

GITLAB_LOCAL_FLAGS = ("--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source")
"""Each job in a copy of the project and with its own artifacts, as the kit's jobs are."""


WHY_NOT = (
    "a tenth of that peer's whole run is about what Python takes to start and to read the descriptor; and each job of "
    "the kit is also digested, watched by a process that ends what it leaves behind, and recorded so that it lasts"
)


def measure(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """The whole time of a pipeline of empty jobs, start included, by the number of jobs."""
    jobs = "".join(f'  empty_{number}: {{stage: command, run: ["true"]}}\n' for number in range(scale.jobs))
    project = kit_project(folder / "empty", jobs)
    variables = {"PIPELINE_KIT_CACHE": str(tools.cache)}
    ours = command([tools.pipeline_kit, "run", "--no-cache"], cwd=project, variables=variables)
    checkout = repository(
        folder / "gitlab", {".gitlab-ci.yml": gitlab_file(scale.jobs), ".gitignore": ".gitlab-ci-local/\n.bitrab/\n"}
    )
    peers: tuple[tuple[str, tuple[str, ...], float], ...] = (
        ("gitlab-ci-local", GITLAB_LOCAL_FLAGS, 0.1),
        ("bitrab", ("run", "--no-tui"), 1),
    )
    for name, words, limit in peers:
        what = f"the executor's own cost a job ({scale.jobs} empty jobs, start included), to {name}"
        place = tools.peer(name)
        if place is None:
            ours()
            yield missing(what, f"at most {limit:g} times", name)
            continue
        yield compared(what, ours, command([place, *words], cwd=checkout), (scale, limit))


def compared(what: str, ours: Timed, peer: Timed, sizes: tuple[Scale, float]) -> Row:
    """The row of one peer."""
    scale, limit = sizes
    pairs = in_turns(lambda: ours() / scale.jobs, lambda: peer() / scale.jobs, scale.long_pairs)
    return at_most(what, (seconds(pairs.ours_seconds), seconds(pairs.peer_seconds), pairs.ratio), limit, WHY_NOT)


def gitlab_file(jobs: int) -> str:
    """As many empty jobs of one stage."""
    return "stages: [test]\n" + "".join(
        f'empty_{number}:\n  stage: test\n  script: ["true"]\n' for number in range(jobs)
    )
