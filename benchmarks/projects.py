"""The small projects that are measured."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

HEAD = "version: 1\nkit: 0.1.0\nproject: {name: NAME, lock: requirements.lock}\njobs:\n"
NOTHING_YML = "help: Does nothing, so that only the kit's own work is left.\n"
NOTHING_PY = '''"""Does nothing."""

from pipeline_kit.contract.result import Outcome, StageResult


def run(context):
    """Passes at once."""
    return StageResult(Outcome.PASSED, "nothing to do")
'''
DESCRIPTOR = """version: 1
kit: 0.1.0
project: {name: NAME, python: "3.11", lock: requirements.lock}
data:
  train: {path: data/train.csv, target: fraud, columns: {amount: {type: number, min: 0}, country: {type: text}}}
  test: {path: data/test.csv, target: fraud}
runners:
  gpu: {image: "cuda:12.4", gitlab: [a100], jenkins: gpu}
schedules:
  nightly: {cron: "0 2 * * *", timezone: UTC, branch: main}
jobs:
  check: {inputs: [data.train, data.test]}
  test: {}
  train:
    needs: [check]
    run: "fraud.train:main"
    parameters: {rate: 0.01}
    seed: 7
    inputs: ["fraud/**", data.train]
    outputs: {model: model.json}
    runner: gpu
    timeout: 6h
    events: [merge_request, "branch:main", "schedule:nightly"]
  evaluate:
    needs: [train]
    run: "fraud.predict:main"
    task: binary
    positive: "yes"
    inputs: ["fraud/**", data.test]
    slices: [country]
  gate:
    needs: [evaluate]
    baseline: {from: baseline/production.tar, first: absolute_rules}
    rules: [{metric: f1, min: 0.8}, {metric: f1, max_drop: 0.01}]
  package: {needs: [gate]}
"""
"""The main job's descriptor, as the README shows it."""


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    """A git repository with one commit of these files, and an `origin` that is never contacted."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    identity = ("-c", "user.name=benchmarks", "-c", "user.email=benchmarks@example.invalid")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", "https://git.example/benchmarks.git")
    git(folder, "add", "--all")
    git(folder, *identity, "commit", "--quiet", "--message", "All")
    return folder


def git(folder: Path, *words: str) -> None:
    """Runs git in a folder."""
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def kit_project(folder: Path, jobs: str, extra: Mapping[str, str] | None = None) -> Path:
    """A project with these jobs, as indented YAML, and an empty lock file."""
    ignored = ".pipeline-kit/*\n!.pipeline-kit/stages/\n__pycache__/\n"
    files = {
        "pipeline-kit.yml": HEAD.replace("NAME", "measured") + jobs,
        "requirements.lock": "",
        ".gitignore": ignored,
    }
    return repository(folder, {**files, **(extra or {})})


def no_op_project(folder: Path) -> Path:
    """A project with a job `nothing`, whose stage does nothing, and a job `command`, which runs `true`."""
    stage = ".pipeline-kit/stages/nothing"
    jobs = '  nothing: {}\n  command: {run: ["true"]}\n'
    return kit_project(folder, jobs, {f"{stage}/stage.yml": NOTHING_YML, f"{stage}/run.py": NOTHING_PY})
