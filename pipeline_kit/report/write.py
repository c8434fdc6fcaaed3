"""The report of a run in files: `report.html`, `report.md`, `junit.xml`, from the records and what the jobs left."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline_kit.contract.result import Case, JobRecord, Outcome
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError
from pipeline_kit.frozen import frozen
from pipeline_kit.report.junit import read_junit, write_junit
from pipeline_kit.report.summary import Document, Evidence, Plan, PlannedJob, RunSummary, summarise

JUNIT = "junit.xml"
SHOWN = ".shown"
"""The suffix of the file, beside the report's folder, that lists the results the report shows."""
DOCUMENT_LIMIT = 64 * 1024 * 1024
"""A document of more bytes is left out: the page is for people."""


@frozen
class Report:
    """A written report: the summary, and the files that show it."""

    summary: RunSummary
    html: Path
    markdown: Path
    junit: Path


def write_report(plan: Plan, records: Mapping[str, JobRecord], out: Callable[[str], Path], target: Path) -> Report:
    """Writes a run's report into the folder `target`; `out` says where a job's results are.

    Where all of it came from the cache, the report of the run that made these very results is left as it is.
    """
    jobs = [job for level in plan.levels() for job in level if job.name in records]
    summary = summarise(plan, records, {job.name: gather(job, records[job.name], out(job.name)) for job in jobs})
    target.mkdir(parents=True, exist_ok=True)
    report = Report(summary, target / "report.html", target / "report.md", target / JUNIT)
    message, marker = _results(plan, records), target.with_suffix(SHOWN)
    if all(record.cached for record in records.values()) and _shows(report, marker, message):
        return report
    from pipeline_kit.report.html import write_html
    from pipeline_kit.report.markdown import write_markdown

    marker.unlink(missing_ok=True)
    _write(report.html, write_html(summary))
    _write(report.markdown, write_markdown(summary))
    _write(report.junit, write_junit(plan.project, _cases(summary)))
    _write(marker, message)
    return report


def _results(plan: Plan, records: Mapping[str, JobRecord]) -> str:
    """What a report is about: the plan's shape, and the key of each job's result."""
    levels = [[job.name for job in level] for level in plan.levels()]
    keys = {name: record.key for name, record in records.items()}
    return json.dumps({"project": plan.project, "levels": levels, "keys": keys}, sort_keys=True)


def _shows(report: Report, marker: Path, results: str) -> bool:
    """Whether a whole report of these results is there."""
    try:
        return marker.read_text(encoding="utf-8") == results and all(
            path.is_file() for path in (report.html, report.markdown, report.junit)
        )
    except (OSError, UnicodeDecodeError):
        return False


def gather(job: PlannedJob, record: JobRecord, folder: Path) -> Evidence:
    """What a job left for the report, by what its stage declares; what is missing or damaged is left out."""
    paths = {spec: record.outputs.get(spec.output) for spec in job.reports}
    return Evidence(
        documents=tuple(Document(spec, _document(folder / output.path)) for spec, output in paths.items() if output),
        cases=_read_cases(folder / JUNIT) if record.outcome in (Outcome.FAILED, Outcome.UNDECIDED) else (),
    )


def _document(path: Path) -> Value:
    if path.suffix != ".json":
        return None
    try:
        if path.stat().st_size > DOCUMENT_LIMIT:
            return None
        document: Value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return document


def _read_cases(path: Path) -> tuple[Case, ...]:
    try:
        return read_junit(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, DataError):
        return ()


def _cases(summary: RunSummary) -> list[Case]:
    """A case a job: a job that did not run is skipped, one that did not pass has failed."""
    cases = []
    for job in summary.jobs:
        broken = job.outcome in (Outcome.FAILED, Outcome.UNDECIDED)
        idle = job.outcome in (Outcome.SKIPPED, Outcome.WAITING)
        cases.append(
            Case(
                job.name,
                summary.project,
                job.seconds,
                failure=job.reason if broken else None,
                detail=job.cause or "",
                skipped=job.reason if idle else None,
            )
        )
    return cases


def _write(path: Path, text: str) -> None:
    """Puts the file in its place at once, so that a reader never sees half of it."""
    part = path.with_name(f".{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    part.replace(path)
