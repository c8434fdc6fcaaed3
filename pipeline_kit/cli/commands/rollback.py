"""`pipeline-kit rollback`: back to a revision that has been live, as one unit."""

from __future__ import annotations

import argparse
import json
import os

from pipeline_kit.cli.commands.job import show
from pipeline_kit.cli.releasing import open_release
from pipeline_kit.deploy.release import roll_back
from pipeline_kit.runner.stop import Interrupted, Stop, stoppable


def execute(arguments: argparse.Namespace) -> int:
    """Rolls back and says what is live; interrupted, it leaves what was live before, or what the next call finishes."""
    opened = open_release(arguments.directory, arguments.environment, show)
    log = (lambda line: None) if arguments.json else show
    stop = Stop(lambda: os._exit(137), raising=True)
    try:
        with stoppable(stop):
            released = roll_back(opened.deployer(log), arguments.to)
    except Interrupted as interruption:
        print(f"rollback: {interruption}: nothing is half done")
        return 128 + interruption.number
    revision, before = released.revision, released.before
    if arguments.json:
        told = {
            "environment": opened.place.environment,
            "revision": revision.number,
            "rollback_to": revision.rollback_to,
            "before": before.number if before else None,
            "image": revision.content.image,
            "model": revision.content.model_digest,
            "pods": list(released.pods),
        }
        print(json.dumps(told, indent=2))
        return 0
    back = f" with all that revision {revision.rollback_to} was" if revision.rollback_to else ""
    print(f"revision {revision.number} is live in {opened.place.environment}{back}")
    print(f"  image {revision.content.image}\n  model {revision.content.model_digest}")
    return 0
