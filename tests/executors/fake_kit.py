"""A stand-in for `pipeline-kit` on a CI server: it ends as told, and notes when it ran and what it saw."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.plan.model import Plan
from pipeline_kit.servers.project import render_project

SCRIPT = '''"""Plays `pipeline-kit job NAME`."""
import json, os, sys, time
from pathlib import Path

name, state = sys.argv[2], Path(os.environ["FAKE_KIT"])
trace = state / "trace"
before = trace.read_text().splitlines() if trace.exists() else []
attempt = sum(line.startswith("start " + name + " ") for line in before)

def tell(word):
    with trace.open("a") as file:
        file.write(word + " " + name + " " + str(time.time_ns()) + "\\n")

tell("start")
job = json.loads((state / "jobs.json").read_text())[name]
out = Path(".pipeline-kit/out") / name
out.mkdir(parents=True, exist_ok=True)
seen = {{up: (Path(".pipeline-kit/out") / up / "value.txt").exists() for up in job["takes"]}}
secrets = {{key: value for key, value in os.environ.items() if key.startswith("PIPELINE_KIT_SECRET_")}}
code = job["codes"][min(attempt, len(job["codes"]) - 1)] if all(seen.values()) else 70
words = {{0: "passed", 4: "undecided"}}
(out / "value.txt").write_text("made by " + name)
(out / "junit.xml").write_text("<testsuite name='" + name + "' tests='0'/>")
(out / "result.json").write_text(json.dumps({{"outcome": words.get(code, "failed"), "seen": seen, "secrets": secrets}}))
tell("end")
sys.exit(code)
'''


@dataclass(frozen=True, slots=True)
class FakeKit:
    """The command's folder, to stand first on PATH, and its notes."""

    folder: Path

    def environment(self) -> dict[str, str]:
        """What an executor's jobs need to find the command."""
        return {"PATH": f"{self.folder}:{os.environ['PATH']}", "FAKE_KIT": str(self.folder)}

    def moments(self, word: str) -> dict[str, int]:
        """The last time each job started or ended, in nanoseconds."""
        lines = [line.split() for line in self.trace()]
        return {name: int(at) for said, name, at in lines if said == word}

    def attempts(self, name: str) -> int:
        """How often a job was started."""
        return sum(line.startswith(f"start {name} ") for line in self.trace())

    def trace(self) -> list[str]:
        """All that was noted."""
        file = self.folder / "trace"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def make_fake_kit(folder: Path, plan: Plan, codes: Mapping[str, Sequence[int]]) -> FakeKit:
    """The command for a plan; `codes` has the exit codes of a job's attempts, all others pass."""
    folder.mkdir(parents=True)
    jobs = {job.name: {"codes": list(codes.get(job.name, (0,))), "takes": job.takes} for job in plan.jobs}
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    command = folder / "pipeline-kit"
    script = folder / "pipeline-kit.py"
    script.write_text(SCRIPT.format(), encoding="utf-8")
    start = f'exec {shlex.quote(sys.executable)} {shlex.quote(str(script))} "$@"'  # a shebang takes no space in a path
    command.write_text(f"#!/bin/sh\n{start}\n", encoding="utf-8")
    command.chmod(0o755)
    return FakeKit(folder)


def make_checkout(folder: Path, plan: Plan, descriptor: Descriptor) -> Path:
    """A repository with both rendered files, one commit, and an `origin` that has it."""
    folder.mkdir(parents=True)
    for name, text in render_project(plan, descriptor).files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "requirements.lock").write_text("", encoding="utf-8")
    (folder / ".gitignore").write_text(".pipeline-kit/\n.gitlab-ci-local/\n", encoding="utf-8")
    origin = folder.parent / f"{folder.name}-origin.git"
    git(folder.parent, "init", "-q", "--bare", "-b", "main", str(origin))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", str(origin))
    commit(folder, "A project")
    git(folder, "push", "-q", "-u", "origin", "main")
    return folder


def commit(folder: Path, message: str) -> None:
    """Commits everything."""
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=Tester", "-c", "user.email=tester@example.org", "commit", "-q", "-m", message)


def git(folder: Path, *arguments: str) -> None:
    """Runs git quietly."""
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
