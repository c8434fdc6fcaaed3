"""The cases: folders with a descriptor, and what its pipeline ends with on every executor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pipeline_kit.plan.model import Event
from tests.executors.event_words import event_of

FOLDER = Path(__file__).parent.parent / "cases" / "conformance"
EXECUTORS = ("here", "gitlab", "jenkins")


@dataclass(frozen=True, slots=True)
class Case:
    """A case's `expected.yml`: see docs/conformance.md for its keys."""

    name: str
    story: str
    event: Event
    outcomes: Mapping[str, str]
    start: tuple[str, ...] = ()
    attempts: Mapping[str, int] = field(default_factory=dict)
    one_at_a_time: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    deviations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def descriptor(self) -> Path:
        """Its `pipeline-kit.yml`."""
        return FOLDER / self.name / "pipeline-kit.yml"

    def expected(self, executor: str) -> dict[str, str]:
        """The outcome of each job that the event starts; what deviates is listed in the case itself."""
        return {**self.outcomes, **self.deviations.get(executor, {})}

    def started_here(self) -> list[str]:
        """The jobs to name to `pipeline-kit run` where a person starts some: all but those that nobody starts."""
        return [name for name, outcome in self.outcomes.items() if outcome != "waiting"] if self.start else []


def read_case(folder: Path) -> Case:
    """The case in a folder."""
    found = yaml.safe_load((folder / "expected.yml").read_text(encoding="utf-8"))
    return Case(
        name=folder.name,
        story=found.pop("story"),
        event=event_of(found.pop("event", "push main")),
        start=tuple(found.pop("start", ())),
        one_at_a_time=tuple(found.pop("one_at_a_time", ())),
        without=tuple(found.pop("without", ())),
        **found,
    )


CASES = {folder.name: read_case(folder) for folder in sorted(FOLDER.iterdir()) if folder.is_dir()}
