"""One job of the descriptor: its common keys, its stage's parameters, and what its environment changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline_kit.descriptor.fields import Fields
from pipeline_kit.descriptor.layers import merge
from pipeline_kit.descriptor.model import EventKind, EventPattern, Job, Position, When
from pipeline_kit.descriptor.parameter import Kind, Parameter, Value
from pipeline_kit.descriptor.problem import shown
from pipeline_kit.descriptor.sections import JOB
from pipeline_kit.descriptor.tree import MapNode, ScalarNode, words
from pipeline_kit.descriptor.values import Reader
from pipeline_kit.frozen import frozen

RESULT_FILES = frozenset({"result.json", "junit.xml", "log.txt"})  # the kit's own in a job's folder
FIXED = ("stage", "needs", "environment", "matrix")  # what an environment may not change


@frozen
class ReadJob:
    """A job and the tree it was read from, where messages find their places."""

    job: Job
    node: MapNode

    def place(self, key: str, word: str) -> Position:
        """The place of a word in one of its lists."""
        places = [position for text, position in words(self.node.get(key)) if text == word]
        return places[0] if places else self.node.place(key)

    def event_place(self, event: EventPattern) -> Position:
        """The place of one of its events, however it is spelled: `push` is `branch:*` too."""
        spelled = {str(event), f"branch:{event.pattern}", f"{event.kind.value}:{event.pattern}"}
        places = [position for text, position in words(self.node.get("events")) if text in spelled]
        return places[0] if places else self.node.place("events")

    def value_place(self, key: str) -> Position:
        """The place of the value of one of its keys."""
        node = self.node.get(key)
        return node.position if node else self.node.position


class JobReader:
    """Reads jobs one by one; what is wrong goes to `problems`."""

    def __init__(self, stages: Mapping[str, tuple[Parameter, ...]], environments: MapNode, reader: Reader) -> None:
        self.stages = stages
        self.environments = environments
        self.problems = reader.problems
        self.reader = reader

    def read(self, name: str, position: Position, node: MapNode) -> ReadJob:
        """The job of that name."""
        node = self._in_environment(name, node)
        stage = self._stage(name, position, node)
        parameters = self.stages.get(stage, ())
        path = f"jobs.{name}"
        values = self.reader.record(node, (*parameters, *JOB), path, closed=stage in self.stages)
        fields = Fields(values)
        environment = fields.text("environment")
        job = Job(
            name=name,
            stage=stage,
            position=position,
            needs=fields.texts("needs"),
            events=self._events(fields, node, path),
            changes=fields.texts("changes"),
            when=When.MANUAL if self._needs_approval(environment) else When(fields.text("when") or "auto"),
            inputs=fields.texts("inputs") if values["inputs"] is not None else None,
            outputs=fields.paths("outputs"),
            runner=fields.text("runner"),
            timeout_seconds=fields.integer("timeout", 3600),
            secrets=fields.texts("secrets"),
            environment=environment,
            lock=fields.text("lock"),
            matrix=self._matrix(fields, node, stage, path),
            variables={key: value for key, value in fields.map("variables").items() if isinstance(value, str)},
            settings={parameter.name: values[parameter.name] for parameter in parameters},
        )
        self._check_outputs(job, node)
        return ReadJob(job, node)

    def _in_environment(self, name: str, node: MapNode) -> MapNode:
        """The job's tree with what its environment changes."""
        environment = node.get("environment")
        if not isinstance(environment, ScalarNode) or not isinstance(environment.value, str):
            return node
        changed = self.environments.child(environment.value).child("jobs").child(name)
        for key in FIXED:
            if key in changed.entries:
                message = f"an environment cannot change `{key}` of a job"
                self.problems.add(changed.place(key), message, f"set it in jobs.{name}, or make another job")
        return replace(merge(node, changed), position=node.position) if changed.entries else node

    def _needs_approval(self, environment: str | None) -> bool:
        node = self.environments.child(environment).get("approval") if environment else None
        return isinstance(node, ScalarNode) and node.value == When.MANUAL.value

    def _stage(self, name: str, position: Position, node: MapNode) -> str:
        given = node.get("stage")
        if given is None:
            if name not in self.stages:
                hint = f"add `stage: NAME`; {self.problems.choice_hint(name, self.stages, 'stages')}"
                self.problems.add(position, f"the job `{name}` names no stage, and none is called `{name}`", hint)
            return name
        if isinstance(given, ScalarNode) and isinstance(given.value, str):
            if given.value not in self.stages and not given.refused:
                message = f"jobs.{name}.stage: no stage is called {shown(given.value)}"
                hint = self.problems.choice_hint(given.value, self.stages, "stages")
                self.problems.add(given.position, message, hint)
            return given.value
        return ""

    def _events(self, fields: Fields, node: MapNode, path: str) -> tuple[EventPattern, ...] | None:
        if fields.values["events"] is None:
            return None
        texts = fields.texts("events")
        if not texts and not any(True for _ in words(node.get("events"))):
            self.problems.add(node.place("events"), f"{path}.events is empty: nothing would start it", "name an event")
        return tuple(event_of(text) for text in texts)

    def _matrix(self, fields: Fields, node: MapNode, stage: str, path: str) -> dict[str, tuple[Value, ...]]:
        """The lists of values by parameter."""
        given = fields.map("matrix")
        takes = next((parameter for parameter in self.stages.get(stage, ()) if parameter.name == "parameters"), None)
        if given and stage in self.stages and (takes is None or takes.kind not in (Kind.MAP, Kind.ANY)):
            message = f"{path}.matrix sets entries of `parameters`, which the stage `{stage}` has not"
            self.problems.add(node.place("matrix"), message, "remove it, or make one job for each value")
        matrix: dict[str, tuple[Value, ...]] = {}
        for key, values in given.items():
            if not isinstance(values, Sequence) or isinstance(values, str):
                continue
            place = node.child("matrix").place(key)
            if not values:
                self.problems.add(place, f"{path}.matrix.{key} has no values", "give it some, or remove it")
            if any(value in values[:number] for number, value in enumerate(values[:200])):
                self.problems.add(place, f"{path}.matrix.{key} names a value twice", "remove one of them")
            matrix[key] = tuple(values)
        return matrix

    def _check_outputs(self, job: Job, node: MapNode) -> None:
        """Reports outputs that would overwrite each other, or the job's own results."""
        taken: dict[str, str] = {}
        for name, path in job.outputs.items():
            place = node.child("outputs").place(name)
            label = f"jobs.{job.name}.outputs.{name}"
            if path.parts[:1] and path.parts[0] in RESULT_FILES:
                self.problems.add(place, f"{label}: {path} is a file of the kit's own", "choose another file name")
            if not path.parts:
                self.problems.add(place, f"{label} is the whole folder", "name a file or a folder in it")
            for other, owner in taken.items():
                if f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/"):
                    message = f"{label}: {path} collides with {other} of `{owner}`"
                    self.problems.add(place, message, "give each output a path of its own")
            taken[str(path)] = name


def event_of(text: str) -> EventPattern:
    """The pattern of a valid entry of `events`."""
    kind, _, pattern = text.partition(":")
    return EventPattern(EventKind.PUSH if kind == "branch" else EventKind(kind), pattern or "*")
