"""`pipeline-kit releases`: what was released to an environment, and what became of it."""

from __future__ import annotations

import argparse

from pipeline_kit.cli.output import log, say, say_json
from pipeline_kit.deploy.deployer import silent
from pipeline_kit.deploy.record import as_document
from pipeline_kit.errors import UsageError
from pipeline_kit.project.release import open_release
from pipeline_kit.project.shown.revisions import document_of, list_lines, revision_of, show_lines


def execute(arguments: argparse.Namespace) -> int:
    """Prints the record of an environment, or one revision of it."""
    environment: str | None = arguments.environment
    number: int | None = arguments.revision
    if arguments.action == "list" and number is not None:
        raise UsageError("list shows all revisions", hint="of one: pipeline-kit releases show ENVIRONMENT N")
    if number is None and environment is not None and environment.isdecimal():  # `releases show 3`: a name has letters
        number = int(environment)
        environment = None
    with open_release(arguments.directory, environment, silent if arguments.json else log) as release:
        record = release.record()
    if arguments.action == "list":
        lines = list_lines(release.title(), record)
        if arguments.json:
            say_json(as_document(record))
        else:
            say("\n".join(lines))
        return 0
    revision = revision_of(record, number)
    if arguments.json:
        say_json(document_of(record, revision))
    else:
        say("\n".join(show_lines(revision, release.job.target.names(revision.content.manifests))))
    return 0
