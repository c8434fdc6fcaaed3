"""Ends as the settings say. `CONFORMANCE_TRACE` names a file outside, where each job notes its start and its end."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_tree
from pipeline_kit.contract.result import Outcome, Output, StageResult
from pipeline_kit.errors import Category, InfrastructureError

TRACE = Path(os.environ["CONFORMANCE_TRACE"])
EVIDENCE = "sha256:" + "1" * 64


def run(context: StageContext) -> StageResult:
    """The outcome that the settings ask for, and a note of everything that the job read."""
    attempt = tell("start", context.job)
    try:
        time.sleep(float(str(context.settings["seconds"])))
        return act(context, str(context.settings["end"]), attempt)
    finally:
        tell("end", context.job)


def tell(word: str, job: str) -> int:
    """Notes the moment, and answers how often it was noted before."""
    before = TRACE.read_text().splitlines() if TRACE.exists() else []
    with TRACE.open("a") as file:
        file.write(f"{word} {job} {time.monotonic_ns()}\n")
    return sum(line.startswith(f"{word} {job} ") for line in before)


def act(context: StageContext, end: str, attempt: int) -> StageResult:
    """Writes what the job leaves, and ends."""
    note = json.dumps(read(context), indent=1, sort_keys=True, ensure_ascii=False)
    (context.out / "note.json").write_text(note, encoding="utf-8")
    outputs = {"note": Output("note.json", "data")}
    for name, path in context.outputs.items():
        path.mkdir(parents=True) if name == "folder" else path.parent.mkdir(parents=True, exist_ok=True)
        (path / "note.json" if name == "folder" else path).write_text(note, encoding="utf-8")
        outputs[name] = Output(path.relative_to(context.out).as_posix(), "model" if name == "model" else "data")
    if end == "crash":
        raise ValueError("the stage has a fault of its own")
    if end == "infrastructure" or (end == "infrastructure_once" and attempt == 0):
        raise InfrastructureError("the registry is gone", hint="wait for it")
    if end == "time_limit":
        signal.setitimer(signal.ITIMER_REAL, 0.05)  # the kit's own alarm, brought forward: nobody waits a minute
        signal.pause()
    outcome = {"failed": Outcome.FAILED, "undecided": Outcome.UNDECIDED}.get(end, Outcome.PASSED)
    category = Category.PROJECT if outcome is Outcome.FAILED else None
    facts = {"evidence": EVIDENCE} if outcome is Outcome.UNDECIDED else {}
    return StageResult(outcome, f"as it was told: {end}", category, {"attempt": attempt}, outputs, (), facts)


def read(context: StageContext) -> dict[str, object]:
    """All that a job sees, by digest where it is a file: the same on every executor, or the executors do not agree."""
    return {
        "job": context.job,
        "says": context.settings["says"],
        "parameters": context.settings["parameters"],
        "variables": dict(context.variables),
        "files": {
            path.relative_to(context.workspace).as_posix(): digest_tree(path)
            for path in sorted(context.workspace.rglob("*"))
            if path.is_file()
        },
        "data": {name: digest_tree(each.path) for name, each in context.datasets.items()},
        "upstream": {
            job: {name: digest_tree(path) for name, path in upstream.files.items()}
            for job, upstream in context.upstream.items()
        },
        "secrets": {name: hidden(value) for name, value in context.secrets.items()},
    }


def hidden(value: str) -> str:
    """The digest of a secret: of a file's content, where the value is its path."""
    content = Path(value).read_bytes() if value.startswith("/") and Path(value).is_file() else value.encode()
    return hashlib.sha256(content).hexdigest()
