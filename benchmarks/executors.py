"""What the executor itself costs, beside those that run GitLab's files on this machine: pipelines of empty jobs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.measure import Timed, command, in_turns
from benchmarks.projects import kit_project, repository
from benchmarks.results import Row, at_most, missing, seconds
from benchmarks.scale import Scale
from benchmarks.tools import Tools

TRIES = 10
GITLAB_LOCAL_FLAGS = ("--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source")
"""Each job in a copy of the project and with its own artifacts, as the kit's jobs are."""


WHY_NOT = (
    "a tenth of that peer's whole run is about what Python takes to start and to read the descriptor; and each job of "
    "the kit is also digested, watched by a process that ends what it leaves behind, and recorded so that it lasts"
)


def measure(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """A pipeline of empty jobs a job, start included; then what each job more adds to it."""
    few, many = scale.jobs, scale.jobs + scale.more_jobs
    peers: tuple[tuple[str, tuple[str, ...], float], ...] = (
        ("gitlab-ci-local", GITLAB_LOCAL_FLAGS, 0.1),
        ("bitrab", ("run", "--no-tui"), 1),
    )
    ours = {number: own(tools, number, folder) for number in (few, many)}
    for name, words, limit in peers:
        what = f"the executor's own cost a job ({few} empty jobs, start included), to {name}"
        more = f"for comparison: what each of {scale.more_jobs} more jobs adds, to {name}"
        place = tools.peer(name)
        if place is None:
            ours[few]()
            yield missing(what, f"at most {limit:g} times", name)
            continue
        theirs = {number: command([place, *words], cwd=checkout(number, folder)) for number in (few, many)}
        peer = persistently(theirs[few])
        pairs = in_turns(shared(ours[few], few), shared(peer, few), scale.long_pairs)
        yield at_most(what, (seconds(pairs.ours_seconds), seconds(pairs.peer_seconds), pairs.ratio), limit, WHY_NOT)
        if name == "bitrab":  # more jobs collide more often than not
            continue
        added = in_turns(slope(ours, few, many), slope(theirs, few, many), scale.long_pairs)
        figures = (seconds(added.ours_seconds), seconds(added.peer_seconds), f"{added.ratio:.2f} times")
        yield Row(more, *figures, "-", None)


def persistently(timed: Timed) -> Timed:
    """The first of some tries that does not fail: bitrab 0.5.0 makes its jobs' work trees at once, and they collide."""

    def run() -> float:
        for _ in range(TRIES - 1):
            with contextlib.suppress(RuntimeError):
                return timed()
        return timed()

    return run


def shared(timed: Timed, jobs: int) -> Timed:
    """The seconds of each of so many jobs."""
    return lambda: timed() / jobs


def slope(timed: Mapping[int, Timed], few: int, many: int) -> Timed:
    """The seconds that each job more takes."""
    return lambda: (timed[many]() - timed[few]()) / (many - few)


def own(tools: Tools, number: int, folder: Path) -> Timed:
    """The kit's run of so many empty jobs."""
    jobs = "".join(f'  empty_{each}: {{stage: command, run: ["true"]}}\n' for each in range(number))
    project = kit_project(folder / f"empty-{number}", jobs)
    variables = {"PIPELINE_KIT_CACHE": str(tools.cache)}
    return command([tools.pipeline_kit, "run", "--no-cache"], cwd=project, variables=variables)


def checkout(number: int, folder: Path) -> Path:
    """A repository with so many empty jobs in GitLab's file; made once."""
    place = folder / f"gitlab-{number}"
    if place.exists():
        return place
    return repository(place, {".gitlab-ci.yml": gitlab_file(number), ".gitignore": ".gitlab-ci-local/\n.bitrab/\n"})


def gitlab_file(jobs: int) -> str:
    """As many empty jobs of one stage."""
    return "stages: [test]\n" + "".join(
        f'empty_{number}:\n  stage: test\n  script: ["true"]\n' for number in range(jobs)
    )
