"""`pipeline-kit report`: what all jobs left, as one report; the last job of a CI server's pipeline."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.cli.output import warn
from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import Plugins
from pipeline_kit.project.gathered import gathered
from pipeline_kit.project.open import open_project
from pipeline_kit.report.terminal import print_summary
from pipeline_kit.report.write import write_report
from pipeline_kit.runner.folders import read_record

SENTENCE = "sentence.txt"


def execute(arguments: argparse.Namespace) -> int:
    """Writes the report, shows its summary, and posts it to the merge request if configured."""
    project = open_project(arguments.directory)
    downloaded: Path | None = arguments.results
    out = (lambda job: downloaded / job) if downloaded else project.folders.out
    read = (lambda job: read_record(downloaded / job, job)) if downloaded else project.folders.read
    records = gathered(project.plan, read, warn)
    if not records:
        hint = "run the pipeline first, or name a folder of downloaded results: pipeline-kit report --from FOLDER"
        raise UsageError("no job has left a result here", hint=hint)
    plan = replace(project.plan, jobs=tuple(job for job in project.plan.jobs if job.name in records))
    report = write_report(plan, records, out, project.folders.report)
    write_atomically(project.folders.report / SENTENCE, report.summary.sentence + "\n")
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
