"""`pipeline-kit decide`: a person's recorded decision where the evidence did not decide."""

from __future__ import annotations

import argparse

from pipeline_kit.adapters.git.repository import git
from pipeline_kit.cli.output import say
from pipeline_kit.contract.result import Outcome
from pipeline_kit.errors import UsageError
from pipeline_kit.project.open import open_project
from pipeline_kit.runner.decisions import FILE, record_decision
from pipeline_kit.runner.folders import read_record


def execute(arguments: argparse.Namespace) -> int:
    """Records the decision for the evidence of the job's last result."""
    project = open_project(arguments.directory)
    job = project.job(arguments.name)
    record = read_record(arguments.result.parent, job.name) if arguments.result else project.folders.read(job.name)
    if record is None or record.outcome is not Outcome.UNDECIDED:
        state = "has no result here" if record is None else record.outcome.value
        raise UsageError(f"{job.name} is not undecided: it {state}", hint="only an undecided job takes a decision")
    evidence = record.facts.get("evidence")
    if not isinstance(evidence, str):
        raise UsageError(f"the result of {job.name} names no evidence", hint="its stage takes no decisions")
    by = arguments.by or (git(project.folders.root, "config", "user.name") or "").strip()
    record_decision(project.folders.root, evidence, arguments.reason, by)
    say(f"recorded in {FILE}: commit it, and run {job.name} again")
    return 0
