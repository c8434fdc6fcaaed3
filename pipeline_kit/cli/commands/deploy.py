"""`pipeline-kit deploy`: a release as the CI server makes it, or what it would change."""

from __future__ import annotations

import argparse

from pipeline_kit.cli.commands import job
from pipeline_kit.cli.output import log, say, say_json
from pipeline_kit.deploy.deployer import silent
from pipeline_kit.errors import UsageError
from pipeline_kit.project.release import difference, job_to_release
from pipeline_kit.project.shown.difference import document_of, lines_of


def execute(arguments: argparse.Namespace) -> int:
    """Releases, or with `--diff` says what that would change and whether it would be refused (exit code 1 then)."""
    if not arguments.diff:
        if arguments.json:
            raise UsageError("--json says what would change", hint="give --diff too; a release leaves its result.json")
        name = job_to_release(arguments.directory, arguments.environment)
        return job.execute(argparse.Namespace(name=name, directory=arguments.directory))
    show = silent if arguments.json else log
    request, changes = difference(arguments.directory, arguments.environment, show)
    if arguments.json:
        say_json(document_of(request, changes))
    else:
        say("\n".join(lines_of(request, changes)))
    return 1 if changes.refusal else 0
