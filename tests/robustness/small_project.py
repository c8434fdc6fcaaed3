"""A small project with every way in which the kit starts work: a stage of its own, a command, a function."""

from __future__ import annotations

from pathlib import Path

from tests.projects import commit, write_project

JOBS = """
  a: {stage: probe, text: one}
  b: {stage: command, needs: [a], run: [python, step.py, made], inputs: [step.py, a.note], outputs: {made: made}}
  c: {stage: command, needs: [a], run: "code:main", inputs: [code.py, a.note], outputs: {table: table.json}}
  d: {stage: probe, needs: [b, c], text: two}
"""
STEP = """
import json, os, pathlib, subprocess, sys
job = json.loads(pathlib.Path(os.environ["PIPELINE_KIT_JOB"]).read_text())
folder = pathlib.Path(job["outputs"]["made"])
folder.mkdir(parents=True, exist_ok=True)
helper = subprocess.Popen(["sleep", "30"])  # left behind: the kit ends it
for number in range(20):
    (folder / f"{number}.txt").write_text(f"{number} " * 5000)
    print("wrote", number, flush=True)
"""
CODE = """
import json
def main(job):
    rows = [{"row": number, "square": number * number} for number in range(20000)]
    job.outputs["table"].write_text(json.dumps(rows))
    job.metric("rows", len(rows))
"""


def make_project(folder: Path) -> Path:
    """The project, in a git repository."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "requirements.lock").write_text("")
    (folder / "step.py").write_text(STEP)
    (folder / "code.py").write_text(CODE)
    write_project(folder, JOBS)
    descriptor = folder / "pipeline-kit.yml"
    locked = 'project: {name: demo, python: ">=3.11", lock: requirements.lock}'
    descriptor.write_text(descriptor.read_text().replace("project: {name: demo}", locked))
    commit(folder)
    return folder
