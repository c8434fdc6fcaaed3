"""A run as the reports show it: one value, from the plan's levels, the records and what the jobs left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from pipeline_kit.contract.result import Case, JobRecord, Outcome
from pipeline_kit.contract.spec import ReportSpec, Shape
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen
from pipeline_kit.report.documents import (
    CheckedData,
    Curve,
    DatasetMetrics,
    Verdict,
    checks_of,
    curves_of,
    metrics_of,
    verdict_of,
)
from pipeline_kit.report.quantities import duration
from pipeline_kit.report.tables import Table, findings_table, table_of


class PlannedJob(Protocol):
    """What a report must know of a planned job."""

    @property
    def name(self) -> str:
        """The job's name."""

    @property
    def stage(self) -> str:
        """The stage it uses."""

    @property
    def needs(self) -> Sequence[str]:
        """The jobs right before it."""

    @property
    def reports(self) -> Sequence[ReportSpec]:
        """The outputs that the report shows."""


class Plan(Protocol):
    """What a report must know of a plan."""

    @property
    def project(self) -> str:
        """The project's name."""

    def levels(self) -> Sequence[Sequence[PlannedJob]]:
        """The jobs by level, the first level first."""


@frozen
class Document:
    """What a job left for the report: its declaration, and the content of the file."""

    spec: ReportSpec
    content: Value


@frozen
class Evidence:
    """What one job left beside its record: the documents to show, and the cases of its JUnit report."""

    documents: tuple[Document, ...] = ()
    cases: tuple[Case, ...] = ()


@frozen
class JobRow:
    """A job of the run; without a record it did not come to an end and counts as waiting."""

    name: str
    stage: str
    level: int
    needs: tuple[str, ...]
    outcome: Outcome
    reason: str
    seconds: float = 0.0
    cached: bool = False
    cause: str | None = None
    category: str | None = None
    failed_cases: tuple[Case, ...] = ()

    @property
    def time(self) -> str:
        """How long it took, as text; empty for a job that did not run."""
        if self.outcome in (Outcome.SKIPPED, Outcome.WAITING):
            return ""
        return "from cache" if self.cached else duration(self.seconds)


@frozen
class RunSummary:
    """A whole run."""

    project: str
    outcome: Outcome
    sentence: str
    jobs: tuple[JobRow, ...]
    seconds: float = 0.0  # of work: jobs that ran side by side count each
    commit: str | None = None
    verdict: Verdict | None = None
    metrics: tuple[DatasetMetrics, ...] = ()
    checks: tuple[CheckedData, ...] = ()
    curves: Mapping[str, tuple[Curve, ...]] = field(default_factory=dict)  # by heading, such as "Training: train"
    tables: tuple[Table, ...] = ()

    def levels(self) -> tuple[tuple[JobRow, ...], ...]:
        """The jobs by level."""
        numbers = sorted({job.level for job in self.jobs})
        return tuple(tuple(job for job in self.jobs if job.level == number) for number in numbers)

    def failed(self) -> tuple[JobRow, ...]:
        """The jobs that failed or stayed undecided."""
        return tuple(job for job in self.jobs if job.outcome in (Outcome.FAILED, Outcome.UNDECIDED))


WORST_FIRST = (Outcome.FAILED, Outcome.UNDECIDED, Outcome.WAITING, Outcome.SKIPPED, Outcome.PASSED)


def summarise(
    plan: Plan, records: Mapping[str, JobRecord], evidence: Mapping[str, Evidence] | None = None
) -> RunSummary:
    """The summary of a run. Pure: the same records give the same summary."""
    left = evidence or {}
    jobs = tuple(
        _row(job, level, records.get(job.name), left.get(job.name, Evidence()))
        for level, jobs in enumerate(plan.levels())
        for job in jobs
    )
    documents = [(job.name, document) for job in jobs if job.name in left for document in left[job.name].documents]
    verdict = _last([verdict_of(content) for content in _contents(documents, Shape.VERDICT)])
    return RunSummary(
        project=plan.project,
        outcome=next(
            (outcome for outcome in WORST_FIRST if any(job.outcome is outcome for job in jobs)), Outcome.PASSED
        ),
        sentence=_sentence(jobs, verdict),
        jobs=jobs,
        seconds=sum(job.seconds for job in jobs),
        commit=next((record.commit for record in records.values() if record.commit), None),
        verdict=verdict,
        metrics=tuple(
            metric for content in _contents(documents, Shape.METRICS) for metric in metrics_of(content, verdict)
        ),
        checks=tuple(check for content in _contents(documents, Shape.CHECKS) for check in checks_of(content)),
        curves=_curves(documents),
        tables=tuple(_tables(documents)),
    )


def _contents(documents: Sequence[tuple[str, Document]], shape: Shape) -> Iterator[Value]:
    """The content of each document of that shape, in the order of the jobs."""
    return (document.content for _, document in documents if document.spec.shape is shape)


def _curves(documents: Sequence[tuple[str, Document]]) -> Mapping[str, tuple[Curve, ...]]:
    """The curves by heading."""
    return {
        f"{document.spec.title}: {job}": curves
        for job, document in documents
        if document.spec.shape is Shape.CURVES and (curves := curves_of(document.content))
    }


TABLES = {Shape.TABLE: table_of, Shape.FINDINGS: findings_table}


def _tables(documents: Sequence[tuple[str, Document]]) -> Iterator[Table]:
    """The tables, and the findings as tables."""
    for job, document in documents:
        read = TABLES.get(document.spec.shape)
        table = read(document.content, document.spec.title, job) if read else None
        if table is not None:
            yield table


def _row(job: PlannedJob, level: int, record: JobRecord | None, evidence: Evidence) -> JobRow:
    if record is None:
        return JobRow(job.name, job.stage, level, tuple(job.needs), Outcome.WAITING, "it has not ended")
    return JobRow(
        name=job.name,
        stage=job.stage,
        level=level,
        needs=tuple(job.needs),
        outcome=record.outcome,
        reason=record.reason,
        seconds=record.seconds,
        cached=record.cached,
        cause=record.cause,
        category=record.category.value if record.category else None,
        failed_cases=tuple(case for case in evidence.cases if case.failure is not None),
    )


def _last(verdicts: Sequence[Verdict | None]) -> Verdict | None:
    return next((verdict for verdict in reversed(verdicts) if verdict is not None), None)


def _sentence(jobs: Sequence[JobRow], verdict: Verdict | None) -> str:
    """The run in one sentence: the first failure, else the gate's verdict, else the count."""
    broken = [job for job in jobs if job.outcome is Outcome.FAILED]
    if broken and not (verdict and verdict.status == "FAIL"):
        more = f" ({len(broken)} jobs failed)" if len(broken) > 1 else ""
        return f"FAILED: {broken[0].name}: {broken[0].reason.rstrip('.')}{more}."
    if verdict is not None:
        decided = f" A person decided: {verdict.decision}." if verdict.decision else ""
        return verdict.sentence + decided
    undecided = next((job for job in jobs if job.outcome is Outcome.UNDECIDED), None)
    if undecided is not None:
        return f"UNDECIDED: {undecided.name}: {undecided.reason.rstrip('.')}."
    return counted(jobs)


def counted(jobs: Sequence[JobRow]) -> str:
    """How many jobs ended how, and how many came from the cache: "8 jobs passed, all from the cache."."""
    parts = []
    for outcome in reversed(WORST_FIRST):
        count = sum(job.outcome is outcome for job in jobs)
        if count:
            parts.append(
                f"{count} job{'s' if count > 1 else ''} {'wait' if outcome is Outcome.WAITING else outcome.value}"
            )
    cached = sum(job.cached for job in jobs)
    if cached:
        parts.append(
            "from the cache"
            if len(jobs) == 1
            else "all from the cache"
            if cached == len(jobs)
            else f"{cached} from the cache"
        )
    return (", ".join(parts) or "no job") + "."
