"""The keys of the descriptor that a line of a CI file is made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from pipeline_kit.descriptor.jobs import event_of
from pipeline_kit.descriptor.model import Descriptor, EventPattern
from pipeline_kit.descriptor.origin import Layer, Origin, Setting
from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.plan.model import Plan, PlannedJob
from pipeline_kit.render.ancestors import ancestors
from pipeline_kit.render.marks import MarkedLine
from pipeline_kit.render.value_sources import CONSTANTS, SOURCES, UNCHANGING, Source, value_name


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the descriptor; an unset one has the kit's origin, and no setting without a default."""

    path: tuple[str, ...]
    origin: Origin
    setting: Setting | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return ".".join(self.path)

    @property
    def is_set(self) -> bool:
        """Whether a file sets it."""
        return self.origin.layer is not Layer.KIT


class KeyFinder:
    """Finds the keys of lines, for one plan and its settings; a server's own says what its template's values are."""

    sources: ClassVar[Mapping[str, Source]] = SOURCES
    """What each value comes from, by its name; see `value_name`."""
    constants: ClassVar[Sequence[tuple[str, str]]] = CONSTANTS
    """What a line without a value means, by a regular expression of how it begins."""

    def __init__(self, plan: Plan, descriptor: Descriptor, settings: Setting) -> None:
        self.plan = plan
        self.descriptor = descriptor
        self.settings = settings
        self.before = ancestors(plan)
        self.first_release = [job.name for job in plan.jobs if job.spec.changes_world][:1]

    def find(self, line: MarkedLine) -> tuple[Source | None, tuple[Key, ...]]:
        """What the line's own values come from; where it has none, those of the innermost condition that says it."""
        job = self.plan.job(line.job) if line.job else None
        for paths in (line.values, *line.conditions):
            names = dict.fromkeys(self.name_of(path, line.text, job) for path in paths)
            known = [self.sources[name] for name in names if name in self.sources]
            if known:
                keys = [key for source in known for key in self.keys(source, line, job)]
                return known[0], tuple(dict.fromkeys(keys))
        return None, self.keys(self.sources["job.name"], line, job) if job else ()

    def name_of(self, path: str, text: str, job: PlannedJob | None) -> str:
        """The name of a value in `sources`; a server's own distinguishes the values of one list here."""
        return value_name(path)

    def constant_meaning(self, text: str) -> str:
        """What a line without any value means."""
        meanings = (meaning for pattern, meaning in self.constants if re.match(pattern, text.strip()))
        return next(meanings, UNCHANGING)

    def keys(self, source: Source, line: MarkedLine, job: PlannedJob | None) -> tuple[Key, ...]:
        """The first of a source's keys that are set; where none is, the first of all with the kit's default."""
        unset: list[Key] = []
        for alternative in source.keys:
            parts = [key for pattern in alternative.split() for key in self.expanded(pattern, line, job)]
            narrowed = [item for key in parts if key.is_set for item in self.narrowed(key, line, job)]
            if any(not source.value or (key.setting and key.setting.value == source.value) for key in narrowed):
                return tuple(narrowed)
            unset += [key for key in parts if not key.is_set]
        return tuple(unset[:1])

    def expanded(self, pattern: str, line: MarkedLine, job: PlannedJob | None) -> Iterator[Key]:
        """The keys that a pattern matches."""
        placeholder = re.search(r"\{(\w+)\}", pattern)
        for name in self.names(placeholder[1], line, job) if placeholder else [""]:
            path = tuple(re.sub(r"\{\w+\}", name, pattern).split("."))
            setting = self.settings.at(path)
            yield Key(path, setting.origin if setting else Origin(Layer.KIT), setting)

    def names(self, placeholder: str, line: MarkedLine, job: PlannedJob | None) -> Sequence[str]:
        """The names that replace a placeholder on a line."""
        match placeholder:
            case "any":
                event = self.event(line, job)
                return self.declared([job for job in self.plan.jobs if event is None or event in job.events])
            case "first_release":
                return self.first_release
            case "schedule":
                return [name for name in self.descriptor.schedules if re.search(rf"={name}\b", line.text)]
        if job is None:
            return []
        match placeholder:
            case "job":
                return self.declared([job])
            case "before":
                return self.declared([item for item in self.plan.jobs if item.name in self.before[job.name]])
            case "runner":
                return [job.runner.name] if job.runner else []
            case "environment":
                return [job.environment.name] if job.environment else []
        return secrets_on(line.text, job)

    def declared(self, jobs: Sequence[PlannedJob]) -> list[str]:
        """The names of jobs in the descriptor: a cell has its matrix's."""
        return list(dict.fromkeys(job.name.rpartition("_")[0] if job.cell else job.name for job in jobs))

    def narrowed(self, key: Key, line: MarkedLine, job: PlannedJob | None) -> list[Key]:
        """The key; of a list of events or secrets the entries that the line is made from, none where it has none."""
        event = self.event(line, job)
        if key.path[-1] == "events" and event is not None:
            return items(key, lambda value: event_of(value) == event) or ([] if job is None else [key])
        if key.path[-1] == "secrets" and job is not None and secrets_on(line.text, job):
            return items(key, lambda value: value in secrets_on(line.text, job))
        return [key]

    def event(self, line: MarkedLine, job: PlannedJob | None) -> EventPattern | None:
        """The one event that a line is about, or `None`; a server's own finds it where a line has one."""
        return None


def items(key: Key, wanted: Callable[[str], bool]) -> list[Key]:
    """The entries of a list that are wanted, as keys of their own."""
    listed = (key.setting.items if key.setting else None) or ()
    return [
        Key((*key.path, str(number)), setting.origin, setting)
        for number, setting in enumerate(listed)
        if isinstance(setting.value, str) and wanted(setting.value)
    ]


def secrets_on(text: str, job: PlannedJob) -> list[str]:
    """The job's secrets whose variables a line names."""
    suffix = r"(?:_USERNAME|_PASSWORD)?\b"
    return [secret.name for secret in job.secrets if re.search(secret_variable(secret.name) + suffix, text)]
