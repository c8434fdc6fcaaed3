"""Small projects on disk for the tests: a descriptor, and a stage of their own that does as it is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

STAGE_YML = """
help: Ends as it is told, for the tests of the runner.
parameters:
  end: {type: string, default: passed, help: "passed, failed, undecided, crash, exit, infrastructure, wait or kill"}
  text: {type: any, help: "Written to its output."}
outputs:
  note: {path: note.txt, kind: data, help: "The text."}
"""

RUN_PY = '''
"""Ends as it is told."""
import json, os, signal, subprocess, sys, time
from pathlib import Path

from pipeline_kit.contract.result import Output, Outcome, StageResult
from pipeline_kit.errors import Category, InfrastructureError


def run(context):
    """The result that the descriptor asks for."""
    end = context.settings["end"]
    context.log(f"{context.job} works, secrets {sorted(context.secrets.values())}")
    (context.out / "note.txt").write_text(json.dumps([context.settings["text"], sorted(os.listdir(context.workspace))]))
    seen = [name for name, upstream in context.upstream.items() for name in [name]]
    if end == "crash":
        raise ValueError("no such thing")
    if end == "exit":
        sys.exit(0)
    if end == "infrastructure":
        with (Path(os.environ["TRIES"]).open("a")) as file:
            file.write("x")
        raise InfrastructureError("the registry is gone", hint="wait for it")
    if end == "wait":
        (Path(os.environ["MARK"])).touch()
        for _ in range(600):
            time.sleep(0.1)  # a signal that comes just before a sleep is taken after it, so it is short
    if end == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    outcome = {"failed": Outcome.FAILED, "undecided": Outcome.UNDECIDED}.get(end, Outcome.PASSED)
    category = Category.PROJECT if outcome is Outcome.FAILED else None
    facts = {"evidence": "sha256:" + "1" * 64} if outcome is Outcome.UNDECIDED else {"seen": seen}
    if context.decisions and outcome is Outcome.UNDECIDED:
        outcome = Outcome.PASSED
    return StageResult(outcome, f"it {end}", category, {"size": 1}, {"note": Output("note.txt", "data")}, (), facts)
'''


def write_project(folder: Path, jobs: str, extra: str = "") -> Path:
    """A project in a git repository whose jobs may use the stage `probe`; `jobs` is indented YAML."""
    stage = folder / ".pipeline-kit" / "stages" / "probe"
    stage.mkdir(parents=True)
    (stage / "stage.yml").write_text(STAGE_YML)
    (stage / "run.py").write_text(RUN_PY)
    (folder / "pipeline-kit.yml").write_text(f"version: 1\nkit: 0.1.0\nproject: {{name: demo}}\n{extra}\njobs:\n{jobs}")
    (folder / ".gitignore").write_text(".pipeline-kit/*\n!.pipeline-kit/stages/\n__pycache__/\n")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Makes the folder a git repository with everything in one commit."""
    identity = ["-c", "user.name=tests", "-c", "user.email=tests@example.invalid"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-q", "-m", "All"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def kit(folder: Path, *arguments: str, seconds: int = 300, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command line, run in a process of its own."""
    command = [sys.executable, "-m", "pipeline_kit", *arguments]
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment, timeout=seconds
    )


def start_kit(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """The command line, started and not waited for."""
    command = [sys.executable, "-m", "pipeline_kit", *arguments]
    environment = {**os.environ, **variables}
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
