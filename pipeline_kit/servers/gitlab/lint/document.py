"""A `.gitlab-ci.yml` as GitLab sees it: jobs with what they extend merged in, and references followed."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field

from pipeline_kit.lint.finding import Findings, listed, word
from pipeline_kit.servers.gitlab.lint.keywords import NO_JOB_NAMES, ROOT
from pipeline_kit.servers.gitlab.lint.yaml_nodes import Entry, Mapping, Node, Reference, Scalar, flat

MOST_LEVELS = 11  # of extends: https://docs.gitlab.com/ci/yaml/#extends
_DEEPEST_REFERENCE = 10


@dataclass(frozen=True, slots=True)
class Job:
    """A job with what it extends; `complete` says that nothing in its ancestry is unknown."""

    name: str
    key: Scalar
    config: Mapping
    complete: bool
    level: int = 1

    @property
    def hidden(self) -> bool:
        """Whether it is a template that never runs."""
        return self.name.startswith(".")


@dataclass(slots=True)
class Document:
    """The file. `open` says that files which the linter does not see complete it."""

    root: Mapping
    open: bool
    findings: Findings
    fragment: bool = False  # another file includes it, and may say of which stages the pipeline is
    _jobs: dict[str, Job] = field(default_factory=dict)
    _merged: dict[tuple[int, int], Mapping] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.names():
            self._resolve(name, ())

    def names(self) -> Iterator[str]:
        """The names of all jobs and templates."""
        for name, entry in self.root.entries.items():
            is_job = name == "pages" or name not in ROOT
            if is_job and isinstance(entry.value, Mapping):
                yield name

    @property
    def jobs(self) -> MappingOf[str, Job]:
        """All jobs and templates, in the file's order."""
        return self._jobs

    @property
    def visible(self) -> list[Job]:
        """The jobs that can run."""
        return [job for job in self._jobs.values() if not job.hidden and job.name not in NO_JOB_NAMES]

    def follow(self, node: Node | None, depth: int = 0) -> Node | None:
        """The node's value: itself, or the target of a reference; None if unknown."""
        while isinstance(node, Reference):
            if depth > _DEEPEST_REFERENCE:
                return None
            depth += 1
            node = self.lookup(node.path, depth)
        return node

    def lookup(self, path: tuple[str, ...], depth: int = 0) -> Node | None:
        """The value at a path of a reference, or None."""
        if not path:
            return None
        job = self._jobs.get(path[0])
        entry = self.root.entries.get(path[0])
        node: Node | None = job.config if job else entry.value if entry else None
        for key in path[1:]:
            node = self.follow(node, depth + 1) if isinstance(node, Reference) else node
            entry = node.entries.get(key) if isinstance(node, Mapping) else None
            node = entry.value if entry else None
        return node

    def items(self, node: Node | None) -> list[Node]:
        """The items of a list with references followed and lists in lists opened; unknown references are left out."""
        nodes: list[Node] = []
        waiting = [(item, 0) for item in reversed(flat(node))]
        while waiting and len(nodes) < 20_000:
            item, depth = waiting.pop()
            if isinstance(item, Reference):
                known = self.lookup(item.path) if depth <= _DEEPEST_REFERENCE else None
                waiting.extend((inner, depth + 1) for inner in reversed(flat(known)))
            else:
                nodes.append(item)
        return nodes

    def _resolve(self, name: str, below: tuple[str, ...]) -> Job:
        """The job with its ancestors merged in, the nearest last."""
        if name in self._jobs:
            return self._jobs[name]
        entry = self.root.entries[name]
        config = entry.value
        assert isinstance(config, Mapping)
        job = Job(name, entry.key, config, complete=True)
        parents = self._parents(job, (*below, name))
        if parents is None:
            job = Job(name, entry.key, config, complete=False)
        elif parents:
            merged = parents[0].config
            for node in (*(parent.config for parent in parents[1:]), config):
                merged = self._merge(merged, node)
            level = 1 + max(parent.level for parent in parents)
            job = Job(name, entry.key, merged, all(parent.complete for parent in parents), level)
            if level == MOST_LEVELS + 1:
                message = f"{word(name)} extends jobs over more than {MOST_LEVELS} levels"
                self.findings.add("GL016", entry.key.line, entry.key.column, message)
        self._jobs[name] = job
        return job

    def _parents(self, job: Job, below: tuple[str, ...]) -> list[Job] | None:
        """The jobs that a job extends, or None where one of them is not known."""
        jobs: list[Job] = []
        known_all = True
        extends = flat(job.config.get("extends"))
        names = [extend for extend in extends if isinstance(extend, Scalar)]
        if len(names) < len(extends):
            return None
        for name in names:
            if name.text in below:
                circle = " extends ".join(word(step) for step in (*below[below.index(name.text) :], name.text))
                self.findings.add("GL016", name.line, name.column, circle)
                return None
            known = self.root.entries.get(name.text)
            if known is None or not isinstance(known.value, Mapping):
                if not self.open and not name.dynamic:
                    hint = self.findings.near(name.text, self.names(), f"there are: {listed(self.names())}")
                    message = f"{word(job.name)} extends {word(name.text)}, which is not there"
                    self.findings.add("GL015", name.line, name.column, message, hint)
                known_all = False
                continue
            if len(below) > 4 * MOST_LEVELS:
                return None
            jobs.append(self._resolve(name.text, below))
        return jobs if known_all else None

    def _merge(self, base: Mapping, over: Mapping) -> Mapping:
        """Both mappings in one: mappings are merged, everything else of `over` replaces."""
        known = self._merged.get((id(base), id(over)))
        if known is not None:
            return known
        entries = dict(base.entries)
        for name, entry in over.entries.items():
            below = entries.get(name)
            value = entry.value
            if below is not None and isinstance(below.value, Mapping) and isinstance(value, Mapping):
                value = self._merge(below.value, value)
            entries[name] = Entry(entry.key, value)
        merged = Mapping(over.line, over.column, entries)
        self._merged[id(base), id(over)] = merged
        return merged
