"""Runs a checkout's `Jenkinsfile` with this project's own Groovy harness, in real shells."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.plan.model import Event
from tests.executors.executor import (
    PUSH,
    ExecutorRun,
    jenkins_causes,
    jenkins_variables,
    recorded_outcome,
    settled,
)

HARNESS = Path(__file__).parent / "jenkins"
TIME_LIMIT_SECONDS = 900
WORDS = {"aborted": "failed", "broken": "failed"}
NEED = re.compile(r"stage\('(\w+)'\)|name: 'OUTCOME_(\w+)'")


def require_groovy() -> None:
    """Skips the test where a tool that it needs is missing."""
    for tool in ("groovy", "java", "git"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


@dataclass(frozen=True, slots=True)
class Build:
    """One build to run. `checkout` is a repository with a commit; `work` a folder of its own.

    `start` and `refuse` answer the manual jobs; one that nobody answers waits, and so does all behind it.
    `credentials` are by Jenkins id: a text, a file's path, or user and password. A job in `loses_agent` loses its
    first one. `environment` is added to this process's for the jobs. `server` is what the server tells of the build in
    place of what the event means there: `env`, `params`, `event`.
    """

    checkout: Path
    work: Path
    event: Event = PUSH
    start: Sequence[str] = ()
    refuse: Sequence[str] = ()
    credentials: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    loses_agent: Collection[str] = ()
    server: Mapping[str, object] = field(default_factory=dict)

    def request(self) -> dict[str, object]:
        """The build as the harness reads it."""
        return {
            "checkout": str(self.checkout),
            "work": str(self.work),
            "env": jenkins_variables(self.event),
            "params": {"PIPELINE_KIT_SCHEDULE": self.event.schedule or ""},
            "event": {"causes": jenkins_causes(self.event), "changed": self.event.changed},
            "answers": {**dict.fromkeys(self.start, "start"), **dict.fromkeys(self.refuse, "refuse")},
            "credentials": dict(self.credentials),
            "environment": dict(self.environment),
            "losesAgent": list(self.loses_agent),
            **self.server,
        }

    def needs(self) -> dict[str, list[str]]:
        """The jobs whose outcomes each stage of the Jenkinsfile asks for."""
        needs: dict[str, list[str]] = {}
        for stage, need in NEED.findall((self.checkout / "Jenkinsfile").read_text(encoding="utf-8")):
            needs.setdefault(stage, []) if stage else needs[list(needs)[-1]].append(need.lower())
        return needs

    def ended(self, problems: Sequence[Mapping[str, object]]) -> ExecutorRun:
        """What it left in its folder."""
        if problems:
            return ExecutorRun({}, {}, problems=tuple(problems))
        lines = (self.work / "stages.jsonl").read_text(encoding="utf-8").splitlines()
        archive = self.work / "archive" / ".pipeline-kit" / "out"
        stages = [each for each in map(json.loads, lines) if each["agent"]]  # one without only moves a milestone
        told = {each["stage"]: WORDS.get(each["outcome"], each["outcome"]) for each in stages}
        ended = {name: recorded_outcome(archive / name, outcome) for name, outcome in told.items()}
        outcomes = settled(ended, list(told), self.needs())
        logs = "".join(path.read_text(encoding="utf-8") for path in sorted((self.work / "logs").glob("*.log")))
        return ExecutorRun(outcomes, {name: archive / name for name in outcomes}, logs)


def run_jenkinsfile(checkout: Path, work: Path, event: Event = PUSH, **more: Any) -> ExecutorRun:
    """What one build of the checkout's `Jenkinsfile` ends with; `more` are the other fields of `Build`."""
    return run_builds([Build(checkout, work, event, **more)])[0]


def run_builds(builds: Sequence[Build], parallel: int = 1) -> list[ExecutorRun]:
    """What each build ends with, `parallel` at a time in one Java process."""
    require_groovy()
    for build in builds:
        build.work.mkdir(parents=True, exist_ok=True)
    said = groovy({"builds": [build.request() for build in builds], "parallel": parallel}, builds[0].work)
    return [build.ended(problems) for build, problems in zip(builds, said, strict=True)]


def problems_of(files: Sequence[Path], work: Path) -> dict[Path, list[Mapping[str, object]]]:
    """What Jenkins would refuse in each of the files: line and message."""
    require_groovy()
    work.mkdir(parents=True, exist_ok=True)
    said = groovy({"validate": [str(file) for file in files]}, work)
    return {file: said[str(file)] for file in files}


def groovy(request: Mapping[str, object], work: Path) -> Any:
    """The harness's answer."""
    (work / "request.json").write_text(json.dumps(request), encoding="utf-8")
    done = subprocess.run(
        ["groovy", "-cp", str(HARNESS), str(HARNESS / "harness.groovy"), str(work / "request.json")],
        cwd=work,
        env=groovy_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIME_LIMIT_SECONDS,
    )
    if done.returncode != 0:
        raise AssertionError(f"the harness failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def groovy_environment() -> dict[str, str]:
    """The variables of a Groovy process: Java's home, which Debian's `groovy` needs, and no costly optimisation."""
    home = Path(shutil.which("java") or "java").resolve().parent.parent
    return {**os.environ, "JAVA_HOME": str(home), "JAVA_OPTS": "-XX:TieredStopAtLevel=1"}
