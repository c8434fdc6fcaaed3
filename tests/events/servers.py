"""What each server starts for the rows of the tables: GitLab's rules and Jenkins's conditions, as they are rendered."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from pipeline_kit.plan.model import Event
from pipeline_kit.project.open import OpenProject, open_project
from pipeline_kit.servers.project import render_project
from tests.events.tables import CIRCUMSTANCES, GROUPS, ONE_SERVER, ROWS
from tests.executors.executor import PUSH, gitlab_variables
from tests.executors.fake_kit import commit, git
from tests.executors.gitlab_local import options_for, when_of
from tests.executors.jenkins_harness import Build, run_builds

AT_A_TIME = 2
PIPELINE = "the_pipeline_itself"
BESIDE = "beside"
"""The number, as it were, of the descriptor of all circumstances."""


def write_projects(folder: Path) -> dict[str, OpenProject]:
    """Every descriptor of the tables as a project with its rendered files, in a repository with an origin."""
    texts = {**{str(number): group.descriptor for number, group in enumerate(GROUPS)}, BESIDE: ONE_SERVER}
    projects = {}
    for name, text in texts.items():
        root = folder / name
        root.mkdir(parents=True)
        (root / "pipeline-kit.yml").write_text(text, encoding="utf-8")
        (root / "requirements.lock").write_text("", encoding="utf-8")
        project = projects[name] = open_project(root)
        for path, rendered in render_project(project.plan, project.descriptor).files.items():
            (root / path).write_text(rendered, encoding="utf-8")
        file = yaml.safe_load((root / ".gitlab-ci.yml").read_text(encoding="utf-8"))
        # gitlab-ci-local weighs no rule of `workflow`: a job with the same rules tells whether there is a pipeline.
        rules = file["workflow"]["rules"]
        asked = yaml.safe_dump({PIPELINE: {"stage": file["stages"][0], "rules": rules, "script": ["true"]}})
        (root / "asked.yml").write_text((root / ".gitlab-ci.yml").read_text(encoding="utf-8") + asked, encoding="utf-8")
        git(root, "init", "-q", "-b", "main")
        commit(root, "A project")
        git(root, "remote", "add", "origin", str(root))
        git(root, "fetch", "-q", "origin")
    return projects


def on_gitlab(folder: Path, names: Sequence[str]) -> dict[str, list[str]]:
    """The jobs that gitlab-ci-local adds to the pipeline, by row and by circumstance."""
    asked: list[tuple[str, Path, Mapping[str, str], Event | None]] = []
    asked += [
        (name, folder / str(ROWS[name].group), gitlab_variables(ROWS[name].event), ROWS[name].event) for name in names
    ]
    asked += [(name, folder / BESIDE, each["variables"], None) for name, each in CIRCUMSTANCES["gitlab"].items()]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        found = pool.map(lambda each: gitlab_starts(folder / "states", *each), asked)
        return dict(zip([name for name, *_ in asked], found, strict=True))


def gitlab_starts(states: Path, name: str, root: Path, variables: Mapping[str, str], event: Event | None) -> list[str]:
    """The jobs of one pipeline; none where the workflow's rules want no pipeline at all."""
    place = states / name.translate({ord(each): "_" for each in " /:*"})
    checkout = changed_clone(root, place, event.changed) if event and event.changed is not None else root
    options = [
        *options_for(variables),
        "--file",
        "asked.yml",
        "--state-dir",
        os.path.relpath(place / "state", checkout),
    ]
    jobs = when_of(checkout, options)
    pipeline = jobs.pop(PIPELINE) != "never"
    return sorted(job for job, when in jobs.items() if when != "never" and pipeline)


def changed_clone(root: Path, place: Path, changed: Sequence[str]) -> Path:
    """A clone with a commit that touches the files."""
    checkout = place / "checkout"
    git(root, "clone", "-q", str(root), str(checkout))
    for path in changed:
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_text("changed\n", encoding="utf-8")
    commit(checkout, "A change")
    return checkout


def on_jenkins(folder: Path, names: Sequence[str], projects: Mapping[str, OpenProject]) -> dict[str, list[str]]:
    """The jobs that the harness starts, by row and by circumstance; the kit on its PATH does nothing."""
    command = folder / "bin" / "pipeline-kit"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\n", encoding="utf-8")
    command.chmod(0o755)
    shared: dict[str, Any] = {
        "environment": {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"},
        "credentials": {"api-token": "a token"},
    }
    builds: dict[str, Build] = {}
    for name in names:
        group, event = str(ROWS[name].group), ROWS[name].event
        by_hand = [job.name for job in projects[group].plan.jobs if job.when.value == "manual"]
        builds[name] = Build(folder / group, folder / "builds" / str(len(builds)), event, start=by_hand, **shared)
    for name, each in CIRCUMSTANCES["jenkins"].items():
        params = {"PIPELINE_KIT_SCHEDULE": each.get("schedule", "")}
        server = {"env": {**each["env"], "BUILD_NUMBER": "7"}, "params": params, "event": {"causes": each["causes"]}}
        builds[name] = Build(folder / BESIDE, folder / "builds" / str(len(builds)), PUSH, server=server, **shared)
    runs = run_builds(list(builds.values()), AT_A_TIME)
    assert all(run.problems == () for run in runs)
    return {name: sorted(run.passed()) for name, run in zip(builds, runs, strict=True)}
