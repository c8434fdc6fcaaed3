"""The tables of events, read: descriptors, events, and the jobs that each event starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline_kit.plan.model import Event
from tests.executors.event_words import event_of

HERE = Path(__file__).parent
HEAD = {
    "version": 1,
    "kit": {"version": "0.1.0", "image": "kit.example/pipeline-kit@sha256:" + "5e" * 32},
    "project": {"name": "demo"},
}


@dataclass(frozen=True, slots=True)
class Row:
    """A case: the number of its descriptor, the event, and the jobs that it starts."""

    group: int
    words: str
    event: Event
    starts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Group:
    """A descriptor and the pages of documentation that its rows rest on."""

    about: str
    descriptor: str
    gitlab: str
    jenkins: str


def descriptor(jobs: Mapping[str, Any], more: Mapping[str, Any]) -> str:
    """The descriptor's text; a job that is a list has those events."""
    plain = {name: {"events": job} if isinstance(job, list) else job for name, job in jobs.items()}
    return yaml.safe_dump(
        {**HEAD, **more, "jobs": {name: {"stage": "command", "run": "a:b", **job} for name, job in plain.items()}}
    )


TABLE = yaml.safe_load((HERE / "table.yml").read_text(encoding="utf-8"))
GROUPS = [
    Group(each["about"], descriptor(each["jobs"], each.get("with", {})), each["gitlab"], each["jenkins"])
    for each in TABLE
]
ROWS = {
    f"{number}: {words}": Row(number, words, event_of(words), frozenset(starts.split()))
    for number, each in enumerate(TABLE)
    for words, starts in each["rows"].items()
}
CIRCUMSTANCES = yaml.safe_load((HERE / "circumstances.yml").read_text(encoding="utf-8"))
ONE_SERVER = descriptor(CIRCUMSTANCES["jobs"], CIRCUMSTANCES["with"])
