"""How jobs hang together: stages, needs, dependencies, environments that are stopped."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline_kit.lint.finding import listed, word
from pipeline_kit.servers.gitlab.lint import keywords
from pipeline_kit.servers.gitlab.lint.condition import Truth
from pipeline_kit.servers.gitlab.lint.document import Document, Job
from pipeline_kit.servers.gitlab.lint.events import EVENTS, Starts
from pipeline_kit.servers.gitlab.lint.shape import NEED, ShapeCheck
from pipeline_kit.servers.gitlab.lint.yaml_nodes import Mapping, Reference, Scalar, flat

MOST_NEEDS = 50
_CELL = re.compile(r"(.+?)(?:: \[.*\]| \d+/\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Need:
    """One job that a job needs."""

    node: Scalar
    job: str
    optional: bool


class Graph:
    """The checks of how jobs hang together."""

    def __init__(self, document: Document, shapes: ShapeCheck) -> None:
        self._document = document
        self._add = document.findings.add
        self._shapes = shapes
        self._jobs = {job.name: job for job in document.visible}
        self._stages = self._read_stages()
        self._needs = {job.name: self._read_needs(job) for job in self._jobs.values()}

    def check(self) -> None:
        """Notes everything that does not fit together."""
        for job in self._jobs.values():
            self._check_stage(job)
            self._check_needs(job)
            self._check_dependencies(job)
            self._check_environment(job)
        self._check_circles()
        self._check_events()

    def _read_stages(self) -> dict[str, int] | None:
        """Each stage with its place, or None where another file may define them."""
        node = self._document.follow(self._document.root.get("stages") or self._document.root.get("types"))
        if self._document.fragment or (node is None and self._document.open):
            return None
        items = self._document.items(node) if node is not None else []
        names = [item.text for item in items if isinstance(item, Scalar)]
        if any("$[[" in name for name in names) or (node is not None and len(names) < len(flat(node))):
            return None
        every = [keywords.FIRST_STAGE, *(names or keywords.DEFAULT_STAGES), keywords.LAST_STAGE]
        return {name: at for at, name in enumerate(dict.fromkeys(every))}

    def _place(self, job: Job) -> int | None:
        """The place of a job's stage in the order, where that is known."""
        if self._stages is None or not job.complete:
            return None
        stage = job.config.entries.get("stage")
        if stage is None:
            return None if self._document.open else self._stages.get("test")
        value = self._document.follow(stage.value)
        return self._stages.get(value.text) if isinstance(value, Scalar) else None

    def _check_stage(self, job: Job) -> None:
        stage = job.config.get("stage")
        if self._stages is None:
            return
        defined = [name for name in self._stages if not name.startswith(".")]
        if isinstance(stage, Scalar) and not stage.dynamic and stage.text not in self._stages:
            hint = self._document.findings.near(stage.text, defined, f"`stages` has: {listed(defined)}")
            self._add(
                "GL020",
                stage.line,
                stage.column,
                f"{word(job.name)} is in the stage {word(stage.text)}, which is not defined",
                hint,
            )
        elif stage is None and "test" not in self._stages and job.complete and not self._document.open:
            message = f"{word(job.name)} names no stage, so it is in `test`, which is not defined"
            self._add("GL020", job.key.line, job.key.column, message, f"`stages` has: {listed(defined)}")

    def _read_needs(self, job: Job) -> list[Need]:
        needs: list[Need] = []
        for item in self._document.items(job.config.get("needs")):
            if isinstance(item, Scalar):
                if not item.dynamic and not item.absent:
                    needs.append(Need(item, self._known_as(item.text), optional=False))
            elif isinstance(item, Mapping):
                self._shapes.check(item, NEED, f"{job.name}:needs")
                name, optional = item.text("job"), item.text("optional")
                elsewhere = item.get("pipeline") is not None or item.get("project") is not None
                if item.get("job") is None and not elsewhere:
                    self._add("GL026", item.line, item.column, f"an entry of {word(job.name + ':needs')} names no job")
                elif name is not None and not elsewhere:
                    is_optional = item.get("optional") is not None and (
                        optional is None or optional.text.lower() not in ("false", "no", "off")
                    )
                    needs.append(Need(name, self._known_as(name.text), is_optional))
        return needs

    def _known_as(self, name: str) -> str:
        """The job that a name means, which may be one cell of a matrix."""
        cell = _CELL.fullmatch(name)
        return cell[1] if name not in self._jobs and cell and cell[1] in self._jobs else name

    def _check_needs(self, job: Job) -> None:
        place = self._place(job)
        for need in self._needs[job.name]:
            known = self._jobs.get(need.job)
            if known is None:
                if not need.optional and not self._document.open:
                    self._missing("GL021", job, need.node, "needs")
                continue
            later = self._place(known)
            if place is not None and later is not None and later > place:
                message = f"{word(job.name)} needs {word(need.job)}, which is in a later stage"
                self._add("GL023", need.node.line, need.node.column, message)
        self._count_needs(job)

    def _count_needs(self, job: Job) -> None:
        total = len(self._needs[job.name])
        if total > MOST_NEEDS:
            key = job.config.entries["needs"].key
            message = f"{word(job.name)} needs {total} jobs, and {MOST_NEEDS} is GitLab's limit"
            self._add("GL024", key.line, key.column, message)

    def _missing(self, rule: str, job: Job, node: Scalar, verb: str) -> None:
        hidden = node.text.startswith(".") and node.text in self._document.jobs
        hint = "a job whose name begins with a dot never runs" if hidden else None
        hint = hint or self._document.findings.near(node.text, self._jobs, f"there are: {listed(self._jobs)}")
        self._add(rule, node.line, node.column, f"{word(job.name)} {verb} {word(node.text)}, which is not there", hint)

    def _check_dependencies(self, job: Job) -> None:
        nodes = [item for item in self._document.items(job.config.get("dependencies")) if isinstance(item, Scalar)]
        needs_node = job.config.entries.get("needs")
        certain = needs_node is not None and not isinstance(needs_node.value, Reference)
        needs = {need.node.text for need in self._needs[job.name]} | {need.job for need in self._needs[job.name]}
        place = self._place(job)
        for node in nodes:
            known = self._jobs.get(self._known_as(node.text))
            if node.dynamic or node.absent:
                continue
            if known is None:
                if not self._document.open:
                    self._missing("GL027", job, node, "depends on")
                continue
            earlier = self._place(known)
            if certain and job.complete and node.text not in needs:
                self._add(
                    "GL028",
                    node.line,
                    node.column,
                    f"{word(job.name)} depends on {word(node.text)}, which is not in its `needs`",
                )
            elif needs_node is None and place is not None and earlier is not None and earlier > place:
                message = f"{word(job.name)} depends on {word(node.text)}, which is in a later stage"
                self._add("GL027", node.line, node.column, message)

    def _check_environment(self, job: Job) -> None:
        environment = self._document.follow(job.config.get("environment"))
        if not isinstance(environment, Mapping):
            return
        key = job.config.entries["environment"].key
        if environment.get("name") is None and not self._document.open and job.complete:
            self._add("GL032", key.line, key.column, f"the environment of {word(job.name)} has no name")
        node = environment.text("on_stop")
        if node is None:
            return
        stop = self._jobs.get(node.text)
        if stop is None:
            if not self._document.open:
                self._missing("GL030", job, node, "names as `on_stop`")
        elif stop.complete and not self._document.open:
            self._check_stop(job, stop, node, environment)

    def _check_stop(self, job: Job, stop: Job, node: Scalar, environment: Mapping) -> None:
        theirs = self._document.follow(stop.config.get("environment"))
        named = f"{word(stop.name)}, which {word(job.name)} names as `on_stop`,"
        if not isinstance(theirs, Mapping):
            problem = "has no `environment`" if theirs is None else "has no `action: stop` in its `environment`"
            self._add("GL031", node.line, node.column, f"{named} {problem}")
            return
        action = theirs.text("action")
        name, started = theirs.text("name"), environment.text("name")
        if theirs.get("action") is None or (action is not None and action.text != "stop"):
            self._add("GL031", node.line, node.column, f"{named} has no `action: stop` in its `environment`")
        elif name is not None and started is not None and name.text != started.text:
            self._add("GL031", node.line, node.column, f"{named} stops {word(name.text)}, and not {word(started.text)}")

    def _check_circles(self) -> None:
        """Follows the needs from each job with a stack of its own; each circle is reported once."""
        state: dict[str, int] = {}
        for start in self._jobs:
            if start in state:
                continue
            path: list[str] = [start]
            waiting = [iter(self._needs[start])]
            state[start] = 1
            while waiting:
                need = next(waiting[-1], None)
                if need is None:
                    state[path.pop()] = 2
                    waiting.pop()
                elif state.get(need.job) == 1:
                    circle = [*path[path.index(need.job) :], need.job]
                    shown = circle if len(circle) < 9 else [*circle[:7], "...", circle[-1]]
                    self._add("GL022", need.node.line, need.node.column, " needs ".join(word(text) for text in shown))
                elif need.job in self._jobs and need.job not in state:
                    state[need.job] = 1
                    path.append(need.job)
                    waiting.append(iter(self._needs[need.job]))

    def _check_events(self) -> None:
        """Notes a need that an event certainly leaves out while it certainly starts the job."""
        starts = Starts(self._document)
        possible = [event for event in EVENTS if starts.pipeline(event) is Truth.YES]
        for job in self._jobs.values():
            if _rules_set_needs(job):
                continue
            for need in self._needs[job.name]:
                known = self._jobs.get(need.job)
                if known is None or need.optional:
                    continue
                events = [
                    event.name
                    for event in possible
                    if starts.job(known, event) is Truth.NO and starts.job(job, event) is Truth.YES
                ]
                if events:
                    more = f" (and {len(events) - 1} other events)" if len(events) > 1 else ""
                    message = f"{events[0]}{more} starts {word(job.name)}, and not {word(need.job)}, which it needs"
                    self._add("GL025", need.node.line, need.node.column, message)


def _rules_set_needs(job: Job) -> bool:
    """Whether a rule replaces the needs."""
    return any(not isinstance(node, Mapping) or "needs" in node.entries for node in flat(job.config.get("rules")))
