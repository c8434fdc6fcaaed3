"""What only the jobs together can show: needs, cycles, matrices' cells, events, and outputs read from others."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from pipeline_kit.descriptor.events import ROOT_EVENTS, intersect, uncovered
from pipeline_kit.descriptor.grammar import NAME
from pipeline_kit.descriptor.jobs import ReadJob
from pipeline_kit.descriptor.model import EventPattern, Job, NeedsLimit
from pipeline_kit.descriptor.problem import Problems, shown

MOST_JOBS = 200

Jobs = Mapping[str, ReadJob]


def check_graph(jobs: Jobs, limit: NeedsLimit | None, problems: Problems) -> dict[str, tuple[EventPattern, ...]]:
    """The events of each job, resolved; reports what is wrong between the jobs. Empty where there are too many."""
    needs = {name: _known_needs(job, jobs, problems) for name, job in jobs.items()}
    if not _small_enough(jobs, needs, limit, problems):
        return {}
    order = _order(jobs, needs, problems)  # leaves `needs` without cycles
    before: dict[str, set[str]] = {}
    for name in order:
        before[name] = set(needs[name]).union(*(before[need] for need in needs[name]))
    for name in jobs:
        _check_inputs(jobs[name], jobs, before[name], problems)
    return _check_events(jobs, needs, order, problems)


def cell_count(job: Job) -> int:
    """How many plain jobs a job becomes."""
    return math.prod(len(values) for values in job.matrix.values())


def _known_needs(each: ReadJob, jobs: Jobs, problems: Problems) -> list[str]:
    """The needs that are jobs, without the job itself."""
    known = []
    for need in each.job.needs:
        place, path = each.place("needs", need), f"jobs.{each.job.name}.needs"
        if need == each.job.name:
            problems.add(place, f"{path}: a job cannot need itself", "remove it")
        elif need in jobs:
            known.append(need)
        else:
            others = [name for name in jobs if name != each.job.name]
            problems.add(place, f"{path}: no job is called {shown(need)}", problems.choice_hint(need, others, "jobs"))
    return known


def _small_enough(jobs: Jobs, needs: Mapping[str, list[str]], limit: NeedsLimit | None, problems: Problems) -> bool:
    """Whether the plan can hold the jobs, each matrix as its cells; reports where not, and names that would meet."""
    counts = {name: cell_count(job.job) for name, job in jobs.items()}
    total = sum(counts.values())
    if total > MOST_JOBS:
        largest = max(jobs, key=lambda name: counts[name])
        place = jobs[largest].node.place("matrix") if counts[largest] > 1 else jobs[largest].job.position
        hint = (
            f"jobs.{largest} alone makes {counts[largest]}: shorten its matrix" if counts[largest] > 1 else "drop some"
        )
        problems.add(place, f"the plan would have {total} jobs, and {MOST_JOBS} are the most", hint)
        return False
    for name, job in jobs.items():
        expected = sum(counts[need] for need in needs[name])
        if limit is not None and expected > limit.count:
            hint = f"{limit.count} is {limit.owner}'s limit: let a job between gather them"
            problems.add(job.node.place("needs"), f"jobs.{name} needs {expected} jobs, cells counted", hint)
        _check_cells(job, counts[name], jobs, problems)
    return True


def _check_cells(each: ReadJob, count: int, jobs: Jobs, problems: Problems) -> None:
    if not each.job.matrix:
        return
    name, place = each.job.name, each.node.place("matrix")
    for cell in (f"{name}_{number}" for number in range(1, count + 1)):
        if cell in jobs:
            hint = f"the other one is at {jobs[cell].job.position}: rename it"
            problems.add(place, f"jobs.{name}.matrix makes a job `{cell}`, and there is one", hint)
    if not re.fullmatch(NAME, f"{name}_{count}"):
        problems.add(place, f"the cells' names, such as {name}_{count}, are too long", "shorten the job's name")


def _order(jobs: Jobs, needs: Mapping[str, list[str]], problems: Problems) -> list[str]:
    """The jobs, each after its needs; every cycle is reported, and cut in `needs`."""
    while True:
        try:
            return list(TopologicalSorter(needs).static_order())
        except CycleError as error:
            ring: list[str] = error.args[1][:-1]  # each needs the one before it
            names = list(jobs)
            start = ring.index(min(ring, key=names.index))
            ring = [ring[start], *reversed(ring[start + 1 :]), *reversed(ring[:start])]
            first, second = ring[0], ring[1]
            problems.add(
                jobs[first].place("needs", second),
                f"jobs.{first}.needs: a job cannot come before itself: {' needs '.join([*ring, first])}",
                "remove one of these needs",
            )
            needs[first].remove(second)


def _check_inputs(each: ReadJob, jobs: Jobs, before: set[str], problems: Problems) -> None:
    """Reports outputs of jobs that do not come before. A name that is not a declared output may be a file."""
    for item in each.job.inputs or ():
        job, _, output = item.partition(".")
        if job in jobs and output in jobs[job].job.outputs and job not in before:
            place, path = each.place("inputs", item), f"jobs.{each.job.name}.inputs"
            problems.add(
                place, f"{path}: `{job}`, which makes {item}, does not come before", f"add `{job}` to its needs"
            )


def _check_events(
    jobs: Jobs, needs: Mapping[str, list[str]], order: list[str], problems: Problems
) -> dict[str, tuple[EventPattern, ...]]:
    """The events of each job; reports those on which it would start and one of its needs not."""
    events: dict[str, tuple[EventPattern, ...]] = {}
    for name in order:
        job = jobs[name].job
        if job.events is not None:
            events[name] = job.events
            for need in needs[name]:
                _check_need(jobs[name], need, events[need], problems)
            continue
        common: tuple[EventPattern, ...] = ROOT_EVENTS
        for need in needs[name]:
            common = intersect(common, events[need])
        if not common:
            hint = "give its needs an event in common; starts on branch:a and on branch:b never meet"
            problems.add(jobs[name].node.place("needs"), f"jobs.{name}: no event starts all of its needs", hint)
        events[name] = common or ROOT_EVENTS
    return events


def _check_need(each: ReadJob, need: str, starts: Sequence[EventPattern], problems: Problems) -> None:
    listed = ", ".join(str(event) for event in starts)
    for event in uncovered(starts, each.job.events or ()):
        problems.add(
            each.event_place(event),
            f"jobs.{each.job.name}.events: `{need}`, which it needs, does not start on {event}",
            f"`{need}` starts on {listed}: add {event} there, or remove it here",
        )
