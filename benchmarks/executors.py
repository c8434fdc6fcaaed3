"""The cost of the executor itself, beside tools that run GitLab files locally: pipelines of empty jobs."""

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
"""Each job gets a copy of the project and its own artifacts, like the kit's jobs."""


WHY_NOT = (
    "a tenth of that peer's whole run is about the time in which Python starts and reads the descriptor; and the kit "
    "also digests each job, supervises its processes, and syncs its record to the disk"
)


def measure(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """The time per empty job of a pipeline, start included; then the time that each further job adds."""
    few, many = scale.jobs, scale.jobs + scale.more_jobs
    peers: tuple[tuple[str, tuple[str, ...], float], ...] = (
        ("gitlab-ci-local", GITLAB_LOCAL_FLAGS, 0.1),
        ("bitrab", ("run", "--no-tui"), 1),
    )
    ours = {number: kit_run(tools, number, folder) for number in (few, many)}
    for name, words, limit in peers:
        what = f"the executor's own cost a job ({few} empty jobs, start included), to {name}"
        more = f"for comparison: what each of {scale.more_jobs} more jobs adds, to {name}"
        path = tools.peer(name)
        if path is None:
            ours[few]()
            yield missing(what, f"at most {limit:g} times", name)
            continue
        theirs = {number: command([path, *words], cwd=checkout(number, folder)) for number in (few, many)}
        peer = persistently(theirs[few])
        pairs = in_turns(shared(ours[few], few), shared(peer, few), scale.long_pairs)
        yield at_most(what, (seconds(pairs.ours_seconds), seconds(pairs.peer_seconds), pairs.ratio), limit, WHY_NOT)
        if name == "bitrab":  # with more jobs it usually fails, see below
            continue
        added = in_turns(slope(ours, few, many), slope(theirs, few, many), scale.long_pairs)
        figures = (seconds(added.ours_seconds), seconds(added.peer_seconds), f"{added.ratio:.2f} times")
        yield Row(more, *figures, "-", None)


def persistently(timed: Timed) -> Timed:
    """The first of TRIES that passes: bitrab 0.5.0 makes its jobs' work trees in parallel, and they collide."""

    def run() -> float:
        for _ in range(TRIES - 1):
            with contextlib.suppress(RuntimeError):
                return timed()
        return timed()

    return run


def shared(timed: Timed, jobs: int) -> Timed:
    """The seconds per job."""
    return lambda: timed() / jobs


def slope(timed: Mapping[int, Timed], few: int, many: int) -> Timed:
    """The seconds that each further job adds."""
    return lambda: (timed[many]() - timed[few]()) / (many - few)


def kit_run(tools: Tools, number: int, folder: Path) -> Timed:
    """The kit's run of that many empty jobs."""
    jobs = "".join(f'  empty_{index}: {{stage: command, run: ["true"]}}\n' for index in range(number))
    project = kit_project(folder / f"empty-{number}", jobs)
    variables = {"PIPELINE_KIT_CACHE": str(tools.cache)}
    return command([tools.pipeline_kit, "run", "--no-cache"], cwd=project, variables=variables)


def checkout(number: int, folder: Path) -> Path:
    """A repository with that many empty jobs in its GitLab file; made once."""
    root = folder / f"gitlab-{number}"
    if root.exists():
        return root
    return repository(root, {".gitlab-ci.yml": gitlab_file(number), ".gitignore": ".gitlab-ci-local/\n.bitrab/\n"})


def gitlab_file(jobs: int) -> str:
    """A GitLab file with empty jobs of one stage."""
    return "stages: [test]\n" + "".join(
        f'empty_{number}:\n  stage: test\n  script: ["true"]\n' for number in range(jobs)
    )
