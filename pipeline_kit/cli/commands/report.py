"""`pipeline-kit report`: what all jobs left, as one report; the last job of a CI server's pipeline."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import replace

from pipeline_kit.cli.project import open_project
from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import Plugins
from pipeline_kit.plan.model import Plan
from pipeline_kit.report.terminal import print_summary
from pipeline_kit.report.write import write_report
from pipeline_kit.runner.folders import Folders

SENTENCE = "sentence.txt"


def execute(arguments: argparse.Namespace) -> int:
    """Writes the report, shows its summary, and posts it to the merge request if configured."""
    project = open_project(arguments.directory)
    records = gathered(project.plan, project.folders)
    if not records:
        raise UsageError("no job has left a result here", hint="run the pipeline first, or fetch its artifacts")
    plan = replace(project.plan, jobs=tuple(job for job in project.plan.jobs if job.name in records))
    report = write_report(plan, records, project.folders.out, project.folders.report)
    (project.folders.report / SENTENCE).write_text(report.summary.sentence + "\n", encoding="utf-8")
    print_summary(report.summary, report.html)
    comment = project.descriptor.report.comment if project.descriptor.report else None
    if arguments.comment and comment:
        text = report.markdown.read_text(encoding="utf-8")
        put_comment(text, secret_variable(comment), project.descriptor.plugins)
    return 0


def put_comment(markdown: str, token: str, plugins: Plugins) -> None:
    """Writes the report into the merge request of the server that this pipeline runs on, where it belongs to one."""
    from pipeline_kit.servers import SERVERS

    any(server.comment(markdown, os.environ, token) for server in SERVERS.all(plugins).values())


def gathered(plan: Plan, folders: Folders) -> Mapping[str, JobRecord]:
    """The record of every job that left one, and of those that did not start because a need of theirs has not passed.

    A job without a record whose needs have all passed, or that has none, was not of this event.
    """
    job_records: dict[str, JobRecord] = {}
    for job in plan.jobs:
        record = folders.read(job.name)
        stopped = next(
            (need for need in job.needs if need in job_records and job_records[need].outcome is not Outcome.PASSED),
            None,
        )
        if record is not None:
            job_records[job.name] = record
        elif stopped is not None:
            reason = f"{stopped} {job_records[stopped].outcome.value}"
            job_records[job.name] = JobRecord(job.name, job.stage, Outcome.SKIPPED, reason)
    return job_records
