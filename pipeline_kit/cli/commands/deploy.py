"""`pipeline-kit deploy`: a release as the CI server makes it, or what it would change."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from pipeline_kit.adapters.git.repository import checkout
from pipeline_kit.cli.commands import job
from pipeline_kit.cli.project import open_project
from pipeline_kit.cli.releasing import opened_release, releasing_job
from pipeline_kit.deploy.changes import Change, ObjectChange
from pipeline_kit.deploy.deployer import silent
from pipeline_kit.deploy.dry_run import DryRun, dry_run
from pipeline_kit.deploy.request import ReleaseRequest
from pipeline_kit.errors import UsageError
from pipeline_kit.plan.model import PlannedJob

SIGNS = {"created": "+", "changed": "~", "removed": "-"}
WIDEST = 160


def execute(arguments: argparse.Namespace) -> int:
    """Releases, or with `--diff` says what that would change and whether it would be refused (exit code 1 then)."""
    if arguments.diff:
        return show_difference(arguments)
    if arguments.json:
        raise UsageError("--json says what would change", hint="give --diff too; a release leaves its result.json")
    project = open_project(arguments.directory)
    result = releasing_job(project, arguments.environment)
    refuse_branch(result, checkout(project.folders.root)[0].branch)
    return job.execute(argparse.Namespace(name=result.name, directory=arguments.directory))


def refuse_branch(wanted: PlannedJob, branch: str | None) -> None:
    """Raises UsageError where the branch that is checked out may not go to the environment."""
    environment = wanted.environment
    refs = environment.refs if environment else ()
    if environment and branch and refs and not any(fnmatchcase(branch, ref) for ref in refs):
        message = f"only {', '.join(refs)} may go to {environment.name}, and this is {branch}"
        raise UsageError(message, hint="check out what may, or let the descriptor's `refs` say more")


def show_difference(arguments: argparse.Namespace) -> int:
    """Prints what the release would change; 1 where it would be refused."""
    say = silent if arguments.json else job.show
    with opened_release(arguments.directory, arguments.environment, say, inputs=True) as opened:
        request = opened.job.request(silent, rows=False)
        seen = dry_run(opened.site, request)
    if arguments.json:
        print(json.dumps(document_of(request, seen), indent=2))
    else:
        print("\n".join(lines_of(request, seen)))
    return 1 if seen.refusal else 0


def document_of(request: ReleaseRequest, seen: DryRun) -> dict[str, Any]:
    """What would change, for a machine."""
    return {
        "environment": request.destination.environment,
        "namespace": request.destination.namespace,
        "image": request.content.image,
        "model": request.content.model_digest,
        "live": seen.live.number if seen.live else None,
        "refusal": seen.refusal,
        "changes": [
            {"object": change.name, "verb": change.verb, "fields": [as_json(field) for field in change.fields]}
            for change in seen.changes
        ],
        "unchanged": list(seen.unchanged),
    }


def as_json(change: Change) -> dict[str, Any]:
    """A field that would change."""
    return {"path": change.path, "before": change.before, "after": change.after}


def lines_of(request: ReleaseRequest, seen: DryRun) -> Iterator[str]:
    """What would change, to be read."""
    live = f"revision {seen.live.number} is live" if seen.live else "nothing is live yet"
    destination = request.destination
    yield f"{destination.release} in {destination.environment}, namespace {destination.namespace}: {live}"
    if seen.unfinished is not None:
        yield f"revision {seen.unfinished.number} was left unfinished: a release resumes it, or rolls it back first"
    for change in seen.changes:
        if not only_marks(change):
            yield from change_lines(change)
    if marked := [change.name for change in seen.changes if only_marks(change)]:
        yield f"only the kit's labels and annotations: {', '.join(marked)}"
    if seen.unchanged:
        yield f"unchanged: {', '.join(seen.unchanged)}"
    if seen.refusal:
        yield f"it would be refused: {seen.refusal}"
    elif not seen.changes:
        yield "nothing would change"


def only_marks(change: ObjectChange) -> bool:
    """Whether nothing of an object would change but what the kit writes on each: commit, package, model."""
    return change.verb == "changed" and change.fields == change.marks


def change_lines(change: ObjectChange) -> Iterator[str]:
    """One object; a new one without its fields, and without the kit's labels and annotations."""
    yield f"{SIGNS[change.verb]} {change.name}"
    if change.verb == "changed":
        for field in change.fields:
            if field not in change.marks:
                yield f"    {field.path}: {shown(field.before)} -> {shown(field.after)}"


def shown(value: object) -> str:
    """A value on one line; a long one is cut."""
    text = json.dumps(value, ensure_ascii=False) if value is not None else "none"
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
