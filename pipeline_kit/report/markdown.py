"""A run as Markdown (GitHub's dialect), for a merge request's comment or a job's page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline_kit.contract.result import Outcome
from pipeline_kit.report.documents import DatasetMetrics
from pipeline_kit.report.quantities import figure
from pipeline_kit.report.summary import JobRow, RunSummary, counted
from pipeline_kit.report.tables import Table

SIGNS = {
    Outcome.PASSED: "✅ passed",
    Outcome.FAILED: "❌ failed",
    Outcome.UNDECIDED: "❔ undecided",
    Outcome.SKIPPED: "⏭ skipped",
    Outcome.WAITING: "⏸ waiting",
}
# What starts something inside a line of Markdown, in a table or in HTML (GFM 0.29, sections 4.10, 6 and 6.9), and
# what CI servers add: $ for formulas.
SPECIAL = re.compile(r"[\\`*_\[\]|<>&~$#!]")
# What CI servers take for a mention or a reference before a name, a number or a quote: people, issues, merge requests,
# epics, labels, milestones, snippets, alerts. They look at the rendered text, in which no escape is left; an invisible
# word joiner ends the reference.
REFERENCE = re.compile(r"([@#!&~%$^*])(?=[\w\"'])")
WORD_JOINER = "\u2060"
# What starts a block at the beginning of a line: a list, a rule, a heading's underline.
LEADING = re.compile(r"^(?:[-+=]|[0-9]+[.)](?=\s|$))")
CASES_SHOWN = 10
ROWS_SHOWN = 50
TEXT_LIMIT = 500


def write_markdown(summary: RunSummary) -> str:
    """The summary: the verdict, what failed first, the jobs, the metrics with their baseline, the jobs' tables."""
    blocks = [f"# {SIGNS[summary.outcome]}: {escape(summary.project)}", f"**{escape(summary.sentence)}**"]
    blocks += _failures(summary.failed())
    blocks += ["## Jobs", escape(counted(summary.jobs)), _jobs(summary.jobs)]
    if summary.metrics:
        blocks += ["## Metrics", *(_metrics(metric) for metric in summary.metrics)]
    if summary.verdict and summary.verdict.rules:
        rows = [(rule.status + (" (waived)" if rule.waived else ""), rule.text) for rule in summary.verdict.rules]
        blocks += ["## Rules", table(("Status", "Rule"), rows)]
    blocks += [block for shown in summary.tables for block in _table(shown)]
    if summary.commit:
        blocks.append(f"Commit {escape(summary.commit)}.")
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it is: on one line, no tag, no mark-up, no cell border."""
    line = " ".join(text.split())
    if len(line) > TEXT_LIMIT:
        line = line[: TEXT_LIMIT - 1] + "…"
    text = "".join(character for character in line if character.isprintable())
    text = SPECIAL.sub(_escaped, REFERENCE.sub(rf"\1{WORD_JOINER}", text))
    text = f"{WORD_JOINER}{text}" if text.startswith("/") else text
    return LEADING.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", text)


def _escaped(match: re.Match[str]) -> str:
    """HTML's characters as entities, since a renderer may pass tags through."""
    entities = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    return entities.get(match[0], "\\" + match[0])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; every cell is escaped."""
    lines = [head, ["---"] * len(head)]
    text = [" | ".join(lines[0]), " | ".join(lines[1]), *(" | ".join(map(escape, row)) for row in rows)]
    return "\n".join(f"| {line} |" for line in text)


def _table(shown: Table) -> Iterator[str]:
    """A job's table under its heading, and how many rows are left out."""
    rows, left_out = shown.first(ROWS_SHOWN)
    yield f"## {escape(shown.heading)}"
    yield table(tuple(map(escape, shown.columns)), rows)
    if left_out:
        yield f"and {left_out} more"


def _failures(jobs: Sequence[JobRow]) -> Iterator[str]:
    for job in jobs:
        yield f"## {SIGNS[job.outcome]}: {escape(job.name)}"
        yield f"Reason: {escape(job.reason)}"
        if job.cause and job.cause not in job.reason:
            yield f"Cause: {escape(job.cause)}"
        lines = [f"- {escape(f'{case.group}: {case.name}: {case.failure}')}" for case in job.failed_cases[:CASES_SHOWN]]
        if len(job.failed_cases) > CASES_SHOWN:
            lines.append(f"- and {len(job.failed_cases) - CASES_SHOWN} more")
        if lines:
            yield "\n".join(lines)


def _jobs(jobs: Sequence[JobRow]) -> str:
    rows = [(job.name, SIGNS[job.outcome], job.time, job.reason) for job in jobs]
    return table(("Job", "Outcome", "Time", "Reason"), rows)


def _metrics(data: DatasetMetrics) -> str:
    compared = any(metric.baseline is not None for metric in data.metrics)
    head = ("Metric", "Value", "Baseline") if compared else ("Metric", "Value")
    rows = []
    for metric in data.metrics:
        value = f"undefined: {metric.undefined}" if metric.value is None else figure(metric.value)
        baseline = "" if metric.baseline is None else figure(metric.baseline)
        rows.append((metric.name, value, baseline)[: len(head)])
    return f"### {escape(data.name)}: {data.rows} rows\n\n{table(head, rows)}"
