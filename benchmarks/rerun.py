"""The time of an unchanged pipeline, beside `dvc repro` of as many stages."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import command, in_turns
from benchmarks.projects import git, kit_project, repository
from benchmarks.results import Row, faster, missing, seconds
from benchmarks.scale import Scale
from benchmarks.tools import Tools

TARGET = 5


def measure(tools: Tools, scale: Scale, folder: Path) -> Iterator[Row]:
    """Runs an unchanged chain of stages again; each copies the file of the one before."""
    what = f"an unchanged pipeline of {scale.stages} jobs run again, to an unchanged `dvc repro`"
    project = kit_chain(folder / "chain", scale.stages)
    again = command([tools.pipeline_kit, "run"], cwd=project, variables={"PIPELINE_KIT_CACHE": str(tools.cache)})
    dvc = tools.peer("dvc")
    if dvc is None:
        again()
        yield missing(what, f"at least {TARGET} times faster", "dvc")
        return
    repro = command([dvc, "repro"], cwd=dvc_chain(folder / "dvc", scale.stages, dvc))
    pairs = in_turns(again, repro, scale.long_pairs)
    yield faster(what, (seconds(pairs.ours_seconds), f"{seconds(pairs.peer_seconds)} (dvc)", pairs.ratio), TARGET)


def kit_chain(folder: Path, stages: int) -> Path:
    """The chain as a project: each job reads the output of the one before, by its path in the request file."""
    first = (
        "  copy_1: {stage: command, run: [python, copy.py], inputs: [copy.py, start.txt], outputs: {text: text.txt}}\n"
    )
    rest = (
        f"  copy_{number}: {{stage: command, run: [python, copy.py], needs: [copy_{number - 1}], "
        f"inputs: [copy.py, copy_{number - 1}.text], outputs: {{text: text.txt}}}}\n"
        for number in range(2, stages + 1)
    )
    return kit_project(folder, first + "".join(rest), {"copy.py": COPY, "start.txt": "start\n"})


COPY = '''"""Copies the output of the job before, or the first file."""

import json
import os
import shutil
from pathlib import Path

request = json.loads(Path(os.environ["PIPELINE_KIT_JOB"]).read_text())
shutil.copyfile(request["inputs"].get("text", "start.txt"), request["outputs"]["text"])
'''


def dvc_chain(folder: Path, stages: int, dvc: Path) -> Path:
    """The chain as dvc stages, reproduced once."""
    lines = ["stages:"]
    lines += [
        f"  copy_{n}: {{cmd: cp text_{n - 1} text_{n}, deps: [text_{n - 1}], outs: [text_{n}]}}"
        for n in range(1, stages + 1)
    ]
    repository(folder, {"text_0": "start\n", "dvc.yaml": "\n".join(lines) + "\n"})
    for words in (
        ["init", "--quiet"],
        ["config", "core.analytics", "false"],
        ["config", "core.check_update", "false"],
        ["repro", "--quiet"],
    ):
        subprocess.run([dvc, *words], cwd=folder, check=True, capture_output=True)
    git(folder, "add", "--all")
    return folder
