"""Descriptor and stage specifications to the plan: matrices expanded, events resolved, levels counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from pipeline_kit.contract.spec import STORED_KINDS, OutputSpec, StageSpec
from pipeline_kit.descriptor.events import ROOT_EVENTS, intersect, uncovered
from pipeline_kit.descriptor.model import Descriptor, EventPattern, Job
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.descriptor.problem import DescriptorError, Problem
from pipeline_kit.plan.model import Plan, PlannedJob
from pipeline_kit.plan.promotion_path import chain_problem

MOST_JOBS = 200
MOST_NAMED = 3


def build_plan(descriptor: Descriptor, specs: Mapping[str, StageSpec]) -> Plan:
    """The plan of all events.

    Raises DescriptorError with every problem that only the whole graph shows: too many jobs or needs, events
    that start a job where its need does not start, a consumed output that no or more than one job makes, a release
    that passes an environment over.
    """
    cells = expand(descriptor.jobs.values())
    order = topological(cells)
    builder = PlanBuilder(descriptor, specs, {cell.name: cell for cell, _ in cells}, {c.name: v for c, v in cells})
    jobs = [builder.add(name) for name in order]
    if len(order) > MOST_JOBS:
        first = next(iter(descriptor.jobs.values()))
        builder.problem(first, f"the plan has {len(order)} jobs, {MOST_JOBS} is the most", "make a matrix smaller")
    if builder.problems:
        raise DescriptorError(tuple(builder.problems))
    return Plan(project=descriptor.project.name, jobs=interruptibility(sorted(jobs, key=lambda job: job.level)))


def expand(jobs: Iterable[Job]) -> list[tuple[Job, Mapping[str, Value]]]:
    """Every job or, of a matrix, every cell `NAME_1`, `NAME_2`...; a need of a matrix is a need of all its cells.

    A cell's values become entries of its `parameters`.
    """
    listed = list(jobs)
    names = {job.name: [name for name, _ in cell_names(job)] for job in listed}
    expanded: list[tuple[Job, Mapping[str, Value]]] = []
    for job in listed:
        needs = tuple(cell for need in job.needs for cell in names[need])
        for name, cell in cell_names(job):
            expanded.append((replace(job, name=name, needs=needs, settings=with_cell(job.settings, cell)), cell))
    return expanded


def cell_names(job: Job) -> list[tuple[str, Mapping[str, Value]]]:
    """The names of a job's cells and their values; of a job without a matrix its own."""
    if not job.matrix:
        return [(job.name, {})]
    cells = [dict(zip(job.matrix, values, strict=True)) for values in product(*job.matrix.values())]
    return [(f"{job.name}_{number}", cell) for number, cell in enumerate(cells, start=1)]


def with_cell(settings: Mapping[str, Value], cell: Mapping[str, Value]) -> Mapping[str, Value]:
    """The settings with a cell's values among the parameters that the project's code gets."""
    if not cell:
        return settings
    parameters = settings.get("parameters")
    return {**settings, "parameters": {**(parameters if isinstance(parameters, Mapping) else {}), **cell}}


def topological(cells: Sequence[tuple[Job, Mapping[str, Value]]]) -> list[str]:
    """Names, each after its needs, and otherwise in the descriptor's order. The check has refused cycles."""
    needs = {job.name: set(job.needs) for job, _ in cells}
    order: list[str] = []
    while len(order) < len(needs):
        done = set(order)
        ready = [name for name, need in needs.items() if name not in done and need <= done]
        if not ready:
            raise AssertionError("a cycle of needs passed the descriptor's check")
        order.extend(ready)
    return order


class PlanBuilder:
    """Plans one job after the other, each after its needs, and gathers problems."""

    def __init__(
        self,
        descriptor: Descriptor,
        specs: Mapping[str, StageSpec],
        jobs: Mapping[str, Job],
        cells: Mapping[str, Mapping[str, Value]],
    ) -> None:
        self.descriptor = descriptor
        self.specs = specs
        self.jobs = jobs
        self.cells = cells
        self.planned: dict[str, PlannedJob] = {}
        self.ancestors: dict[str, tuple[str, ...]] = {}
        self.problems: list[Problem] = []

    def problem(self, job: Job, message: str, hint: str | None = None) -> None:
        """Keeps a problem at the job's place."""
        self.problems.append(Problem(job.position, f"job {job.name}: {message}", hint))

    def add(self, name: str) -> PlannedJob:
        """The job as planned; its needs have been added before."""
        job, spec = self.jobs[name], self.specs[self.jobs[name].stage]
        expected = set(job.needs)
        needs = tuple(text for text in self.planned if text in expected)
        self.ancestors[name] = self.closure(needs)
        self.chain(job, spec)
        takes, made = self.takes(job, spec, needs), outputs(job, spec)
        names = (*self.secret_names(job), *self.store_secrets(spec, takes, made))
        secrets = tuple(self.descriptor.secrets[name] for name in dict.fromkeys(names))
        planned = PlannedJob(
            name=name,
            stage=job.stage,
            level=1 + max((self.planned[need].level for need in needs), default=-1),
            needs=needs,
            takes=takes,
            events=self.events(job, needs),
            changes=self.changes(job, needs),
            when=job.when,
            spec=spec,
            settings=job.settings,
            inputs=job.inputs if job.inputs is not None else spec.default_inputs,
            datasets=self.datasets(job, spec),
            outputs=made,
            timeout_seconds=job.timeout_seconds,
            runner=self.descriptor.runners[job.runner] if job.runner else None,
            secrets=secrets,
            environment=self.descriptor.environments[job.environment] if job.environment else None,
            lock=job.lock,
            variables=job.variables,
            cell=self.cells[name],
            forks=not secrets and job.environment is None and all(self.planned[need].forks for need in needs),
        )
        self.planned[name] = planned
        return planned

    def chain(self, job: Job, spec: StageSpec) -> None:
        """Keeps the problem of a release that passes an environment over."""
        before = (self.planned[ancestor] for ancestor in self.ancestors[job.name])
        wrong = chain_problem(job, spec, self.descriptor.environments, before, self.planned.values())
        if wrong:
            self.problem(job, *wrong)

    def secret_names(self, job: Job) -> tuple[str, ...]:
        """The job's secrets and those of its environment, each once."""
        of_environment = self.descriptor.environments[job.environment].secrets if job.environment else ()
        return tuple(dict.fromkeys((*job.secrets, *of_environment)))

    def store_secrets(self, spec: StageSpec, takes: Sequence[str], made: Mapping[str, OutputSpec]) -> tuple[str, ...]:
        """The store's secrets, for a job that keeps something there or reads it there."""
        store = self.descriptor.store
        if store is None or not store.secrets:
            return ()
        carried = [made, *(self.planned[name].outputs for name in takes)]
        kinds = {output.kind for outputs in carried for output in outputs.values()}
        return store.secrets if spec.uses_store or kinds & STORED_KINDS else ()

    def closure(self, needs: Sequence[str]) -> tuple[str, ...]:
        """All jobs before, in the plan's order."""
        before = {ancestor for need in needs for ancestor in (*self.ancestors[need], need)}
        return tuple(text for text in self.planned if text in before)

    def events(self, job: Job, needs: Sequence[str]) -> tuple[EventPattern, ...]:
        """The job's events, or the intersection of its needs'."""
        if job.events is None:
            common: tuple[EventPattern, ...] = ROOT_EVENTS
            for need in needs:
                common = intersect(common, self.planned[need].events)
            if not common:
                self.problem(job, "no event starts all of its needs", "give its needs an event in common")
            return common
        for need in needs:
            for event in uncovered(self.planned[need].events, job.events):
                starts = ", ".join(str(event) for event in self.planned[need].events)
                self.problem(job, f"starts on {event}, but its need {need} does not", f"{need} starts on: {starts}")
        return job.events

    def changes(self, job: Job, needs: Sequence[str]) -> tuple[str, ...]:
        """The paths that narrow the job in merge requests: its own, which its needs must share, or its needs'."""
        expected = {self.planned[need].changes for need in needs} - {()}
        if job.changes:
            expected.add(job.changes)
        if len(expected) > 1:
            hint = "a job has one list of changed paths: give the job and its needs the same list"
            self.problem(job, "its `changes` differ from those of its needs, or theirs from each other", hint)
        return next(iter(expected)) if len(expected) == 1 else job.changes

    def takes(self, job: Job, spec: StageSpec, needs: Sequence[str]) -> tuple[str, ...]:
        """The jobs whose results it reads, in the plan's order; of two that make one kind the named one is last."""
        before = self.ancestors[job.name] if job.inputs else ()
        taken = {*needs, *(text for text in before if self.is_named(text, job))}
        made = {kind: self.makers(job, kind) for kind in spec.consumes}
        taken.update(*made.values())
        lacking = [kind for kind in spec.requires if not made[kind]]
        if lacking:
            self.problem(job, f"no job before it makes its {', '.join(lacking)}", self.maker_hint(lacking))
        limit = self.descriptor.needs_limit
        if limit is not None and len(taken) > limit.count:
            hint = f"{limit.count} is {limit.owner}'s limit: put a job between that gathers them"
            self.problem(job, f"needs the results of {len(taken)} jobs", hint)
        preferred = self.preferred(job, taken)
        return (*(text for text in self.planned if text in taken and text not in preferred), *preferred)

    def preferred(self, job: Job, taken: Collection[str]) -> tuple[str, ...]:
        """The jobs that its inputs name for a kind of output that another job makes too."""
        chosen = []
        for item in job.inputs or ():
            source, _, output = item.partition(".")
            made = self.planned[source].outputs.get(output) if source in taken else None
            if made and any(self.makes(text, made.kind) for text in taken if text != source):
                chosen.append(source)
        return tuple(dict.fromkeys(chosen))

    def makers(self, job: Job, kind: str) -> set[str]:
        """The nearest jobs that make what the stage consumes: none where it does not matter, one, or a problem."""
        every = [ancestor for ancestor in self.ancestors[job.name] if self.makes(ancestor, kind)]
        behind = {earlier for text in every for earlier in self.ancestors[text]}
        nearest = [text for text in every if text not in behind]
        named = [text for text in nearest if self.is_named(text, job)]
        if named:
            return set(named)
        if len(nearest) > 1:
            hint = f"name the one to take in its inputs, such as {nearest[0]}.{kind}"
            self.problem(job, f"more than one job makes a {kind}: {', '.join(nearest)}", hint)
        return set(nearest)

    def is_named(self, name: str, job: Job) -> bool:
        """Whether a job's inputs name an output of a planned job; `train.py` is a file, and no output of `train`."""
        return any(f"{name}.{output}" in (job.inputs or ()) for output in self.planned[name].outputs)

    def maker_hint(self, kinds: Sequence[str]) -> str:
        """The next step where nothing before a job makes what it cannot do without."""
        jobs = [text for text, job in self.jobs.items() if makes_one_of(kinds, outputs(job, self.specs[job.stage]))]
        if jobs:
            return f"let it need {' and '.join(jobs[:MOST_NAMED])}"
        stages = [name for name, spec in self.specs.items() if any(output.kind in kinds for output in spec.outputs)]
        return f"let it need a job of the stage {' or '.join(stages)}" if stages else "let it need one that does"

    def datasets(self, job: Job, spec: StageSpec) -> tuple[str, ...]:
        """The declared data it reads: what its inputs name, all where it names no inputs, and its source's."""
        inputs = job.inputs if job.inputs is not None else spec.default_inputs
        if inputs is None:
            return tuple(self.descriptor.data)
        named = {item.removeprefix("data.") for item in inputs if item.startswith("data.")}
        if spec.data_from:
            named.update(
                dataset for maker in self.makers(job, spec.data_from) for dataset in self.planned[maker].datasets
            )
        return tuple(text for text in self.descriptor.data if text in named)

    def makes(self, name: str, kind: str) -> bool:
        """Whether a planned job has an output of that kind."""
        return any(output.kind == kind for output in self.planned[name].outputs.values())


def outputs(job: Job, spec: StageSpec) -> Mapping[str, OutputSpec]:
    """What the job leaves: what its stage always leaves, and what the descriptor adds or renames."""
    output_specs = {output.name: output for output in spec.outputs}
    for name, path in job.outputs.items():
        kind = output_specs[name].kind if name in output_specs else "model" if name == "model" else "data"
        output_specs[name] = OutputSpec(name, path.as_posix(), kind)
    return output_specs


def makes_one_of(kinds: Sequence[str], made: Mapping[str, OutputSpec]) -> bool:
    """Whether something of those kinds is among what a job leaves."""
    return any(output.kind in kinds for output in made.values())


def interruptibility(jobs: Sequence[PlannedJob]) -> tuple[PlannedJob, ...]:
    """The jobs, those from the first that changes the world on no longer interrupted by a newer push."""
    first = min((job.level for job in jobs if job.spec.changes_world), default=None)
    if first is None:
        return tuple(jobs)
    return tuple(replace(job, interruptible=job.level < first) for job in jobs)
