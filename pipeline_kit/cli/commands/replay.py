"""`pipeline-kit replay`: a job of another run, such as one that failed in CI, run again here in the same state."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pipeline_kit.adapters.files import locked
from pipeline_kit.adapters.stores import open_store
from pipeline_kit.cli.commands.job import run_shown
from pipeline_kit.cli.output import log
from pipeline_kit.contract.ports import Store
from pipeline_kit.contract.result import JobRecord
from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.errors import Category, UsageError
from pipeline_kit.project.open import open_project
from pipeline_kit.runner.cache import Cache
from pipeline_kit.runner.evidence import Evidence, ReadingStore
from pipeline_kit.runner.folders import Folders, folders_of, user_cache
from pipeline_kit.runner.job_run import JobRun
from pipeline_kit.runner.origin import Machine
from pipeline_kit.runner.replay import (
    Scene,
    check_world,
    comparison,
    differences,
    provide,
    read_result,
    refuse,
    set_up,
)


def execute(arguments: argparse.Namespace) -> int:
    """Makes the state again in a folder of its own, runs the job there, and says whether it ended as it did there."""
    root = arguments.directory.resolve()
    here = folders_of(root)
    there = read_result(arguments.result, arguments.name)
    with locked(here.lock(f"replay-{there.job}"), busy=f"job {there.job} is being replayed in this directory already"):
        scene = make_scene(there, here, arguments.result, anyway=arguments.anyway)
        log(f"{there.job}: running it in {scene.folders.root} as of commit {there.commit}")
        run = JobRun(scene.job, scene.descriptor, open_project(scene.folders.root).catalog, scene.folders, log)
        run.store = reading_store(scene.descriptor, root)
        code = run_shown(run)
    if run.record is not None and run.record.category is not Category.INTERRUPTED:
        log(f"{there.job}: {comparison(there, run.record)}")
    return code


def make_scene(there: JobRecord, here: Folders, result: Path, *, anyway: bool) -> Scene:
    """The other run's state, complete. Raises UsageError naming what of it is not to be had here."""
    folder = set_up(there, here.root, here.replay(there.job))
    project = open_project(folder)
    scene = Scene(there, here.root, project.folders, project.job(there.job), project.descriptor)
    check_world(scene.job)
    artifacts = (result if result.is_dir() else result.parent).resolve().parent
    store = open_store(scene.descriptor, here.root, os.environ)
    refuse(
        there,
        provide(scene, Evidence((artifacts, here.out("x").parent), Cache(here.cache, Machine(user_cache())), store)),
    )
    if wrong := differences(scene, log):
        lines = "".join(f"\n  {line}" for line in wrong)
        if not anyway:
            hint = "--anyway runs it nevertheless, and compares with a grain of salt"
            raise UsageError(f"job {there.job} would not be the same here; different:{lines}", hint=hint)
        log(f"{there.job}: not the same here:{lines}")
    return scene


def reading_store(descriptor: Descriptor, root: Path) -> Store | None:
    """The project's store, to be read only."""
    store = open_store(descriptor, root, os.environ)
    return None if store is None else ReadingStore(store)
