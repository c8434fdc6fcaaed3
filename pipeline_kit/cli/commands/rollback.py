"""`pipeline-kit rollback`: back to a revision that has been live, as one unit."""

from __future__ import annotations

import argparse
import os

from pipeline_kit.cli.output import log, say_json, warn
from pipeline_kit.deploy.deployer import Released, silent
from pipeline_kit.deploy.release import roll_back
from pipeline_kit.project.release import OpenRelease, open_release
from pipeline_kit.runner.stop import Interrupted, Stop, stoppable

AGAIN = "run the same command again: it finishes what was begun, or says what is live"


def execute(arguments: argparse.Namespace) -> int:
    """Rolls back and prints what is live; after a signal the exit code is 128 + its number."""
    say = silent if arguments.json else log
    stop = Stop(lambda: leave(stop), raising=True)
    try:
        with open_release(arguments.directory, arguments.environment, say) as opened, stoppable(stop):
            released = roll_back(opened.deployer(), arguments.to)
    except Interrupted as interruption:
        warn(f"rollback: {interruption}; {AGAIN}")
        return 128 + interruption.number
    if arguments.json:
        say_json(document_of(opened, released))
    else:
        revision = released.revision
        back = f" with all that revision {revision.rollback_to} was" if revision.rollback_to else ""
        say(f"revision {revision.number} is live in {opened.destination.environment}{back}")
        say(f"  image {revision.content.image}\n  model {revision.content.model_digest}")
    return 0


def leave(stop: Stop) -> None:
    """Ends at once on a second signal; the record says how far it got."""
    warn(f"rollback: ended in the middle; {AGAIN}")
    os._exit(128 + (stop.number or 0))


def document_of(opened: OpenRelease, released: Released) -> dict[str, object]:
    """What is live now, for a machine."""
    revision, before = released.revision, released.before
    return {
        "environment": opened.destination.environment,
        "revision": revision.number,
        "rollback_to": revision.rollback_to,
        "before": before.number if before else None,
        "image": revision.content.image,
        "model": revision.content.model_digest,
        "pods": list(released.instances),
    }
