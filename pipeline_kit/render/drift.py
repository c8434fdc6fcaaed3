"""How the CI files on disk differ from what would be rendered now: as a diff, and as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from functools import partial

from pipeline_kit.render.header import edited_by_hand
from pipeline_kit.render.job_facts import JobFacts
from pipeline_kit.render.project import RenderedProject

Facts = Mapping[str, JobFacts]


@dataclass(frozen=True, slots=True)
class Drift:
    """One file that differs: its path, the unified diff from disk to new, what changed in meaning, in sentences."""

    path: str
    diff: str
    meanings: tuple[str, ...]


def drifts(project: RenderedProject, existing: Mapping[str, str | None]) -> tuple[Drift, ...]:
    """The files of `existing` (path to text, None for a missing file) that differ from the rendered ones."""
    found: list[Drift] = []
    for path, text in project.files.items():
        if path in existing:
            server = project.servers[path]
            planned = partial(server.planned, project.plan, project.descriptor)
            drifted = drift(path, existing[path], text, server.facts, planned)
            found += [drifted] if drifted is not None else []
    return tuple(found)


def drift(
    path: str, old: str | None, new: str, facts: Callable[[str], Facts], planned: Callable[[], Facts]
) -> Drift | None:
    """How one file differs from what it would be; None where it does not.

    `facts` reads the jobs of the old file; `planned` gives those of the new one, which come from the plan.
    """
    if old == new:
        return None
    before = (old or "").splitlines(keepends=True)
    lines = unified_diff(before, new.splitlines(keepends=True), f"{path} (now)", f"{path} (rendered)")
    diff = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    if old is None:
        return Drift(path, diff, (f"{path} is missing",))
    return Drift(path, diff, tuple(meanings(path, old, new, facts(old), planned)))


def meanings(path: str, old: str, new: str, before: Facts, planned: Callable[[], Facts]) -> Iterator[str]:
    """What the change from one text to the other means."""
    if edited_by_hand(old):
        yield f"{path} has been edited by hand since it was rendered"
    if not before:
        yield f"{path} names no job that pipeline-kit knows to read"
        return
    sentences = list(job_changes(before, planned()))
    yield from sentences
    if old.splitlines()[2:] == new.splitlines()[2:]:
        yield f"only the header of {path} differs: another version of pipeline-kit rendered it"
    elif not sentences:
        yield f"{path} changed in none of its jobs' order, events, approvals and runners: the diff says where"


def job_changes(before: Mapping[str, JobFacts], after: Mapping[str, JobFacts]) -> Iterator[str]:
    """A sentence for each change of meaning."""
    for name in before:
        if name not in after:
            yield f"job {name} was removed"
    for name, job in after.items():
        if name in before:
            yield from changes_of(name, before[name], job)
        else:
            yield f"job {name} was added"


def changes_of(name: str, old: JobFacts, new: JobFacts) -> Iterator[str]:
    """A sentence for each change of one job."""
    yield from each(
        new.needs - old.needs, f"{name} now waits for {{}} too" if old.needs else f"{name} now waits for {{}}"
    )
    yield from each(old.needs - new.needs, f"{name} no longer waits for {{}}")
    if old.manual != new.manual:
        yield f"{name} lost its approval" if old.manual else f"{name} now waits for a person's approval"
    yield from each(new.starts - old.starts, f"{name} now starts on {{}}")
    yield from each(old.starts - new.starts, f"{name} no longer starts on {{}}")
    yield from each(new.secrets - old.secrets, f"{name} now gets {{}}")
    yield from each(old.secrets - new.secrets, f"{name} no longer gets {{}}")
    if old.interruptible != new.interruptible:
        yield f"a newer push {'may now' if new.interruptible else 'may no longer'} interrupt {name}"
    for word in ("timeout", "image", "runner", "lock", "environment"):
        then, now = getattr(old, word), getattr(new, word)
        if then != now:
            yield f"{word} of {name}: {then or 'none'} -> {now or 'none'}"


def each(values: Iterable[str], sentence: str) -> Iterator[str]:
    """The sentence for each value, in order."""
    return (sentence.replace("{}", value) for value in sorted(values))
