"""Jobs of an old CI file as jobs of the kit: tests, lint, builds, training; everything else as plain commands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline_kit.adopt.infer.as_job import train_job, training
from pipeline_kit.adopt.infer.ci_lines import LineReader, is_export
from pipeline_kit.adopt.infer.classify import Purpose, bare, is_python, purpose, script_of
from pipeline_kit.adopt.infer.draft import Carried, DraftJob, Key, Mapped
from pipeline_kit.adopt.infer.pytest_line import read_pytest
from pipeline_kit.adopt.infer.runner_classes import Runners
from pipeline_kit.adopt.names import fresh, job_name
from pipeline_kit.adopt.read.datasets import FoundData
from pipeline_kit.adopt.read.makefile import Target
from pipeline_kit.adopt.read.python_source import Role, Script
from pipeline_kit.adopt.read.shell_line import Line
from pipeline_kit.adopt.read.tree import Tree
from pipeline_kit.contract.ci_file import CiFile, CiJob, Lost, Place
from pipeline_kit.contract.wording import readable, some, word_set
from pipeline_kit.descriptor.grammar import GRAMMARS
from pipeline_kit.descriptor.parameter import Value

_USED = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_SHELLS_OWN = word_set("HOME PATH PWD USER IFS OLDPWD RANDOM LINENO SHELL TMPDIR HOSTNAME")


@dataclass(slots=True)
class _Parts:
    """A job's lines by what they do."""

    tests: list[Line] = field(default_factory=list)
    lint: list[Line] = field(default_factory=list)
    builds: list[Line] = field(default_factory=list)
    training: list[tuple[Line, Script]] = field(default_factory=list)
    rest: list[Line] = field(default_factory=list)


class CiMapper:
    """Maps one file after the other; a job that an earlier file has already is not made twice."""

    def __init__(
        self,
        tree: Tree,
        scripts: Mapping[str, Script],
        targets: Mapping[str, Target],
        data: Sequence[FoundData],
        bridge: str,
    ) -> None:
        self.tree = tree
        self.scripts = scripts
        self.data = data
        self.bridge = bridge
        self.mapped = Mapped()
        self.lines = LineReader(tree, targets, self.mapped.lost)
        self.lint: list[tuple[tuple[str, ...], Place]] = []
        self.runners = Runners()

    def take(self, file: CiFile) -> None:
        """Maps the file's jobs, each after those that it needs."""
        self.mapped.lost.extend(file.lost)
        became: dict[str, list[str]] = {}
        for job in file.jobs:
            needs = list(dict.fromkeys(name for need in job.needs for name in became.get(need, [])))
            made = self.job(job, needs)
            became[job.name] = made if made is not None else needs
        self.mapped.runners = self.runners.found

    def job(self, job: CiJob, needs: list[str]) -> list[str] | None:
        """Maps one job; the names of what was made of it, or None where nothing was."""
        self.mapped.lost.extend(job.lost)
        lines = self.lines.expanded(job)
        trains = any(purpose(line) is Purpose.PYTHON and self.trains(line, job) for line in lines)
        if reason := self.lines.deploys(job, lines, trains=trains):
            self.lose(
                job.place, f"job {readable(job.name, 40)}: a deployment ({reason}); what it does stays outside for now"
            )
            return None
        work = self.lines.worked(job, lines)
        variables = self.lines.exported(job, work)
        work = [line for line in work if not is_export(line)]
        if not work and any(purpose(line) is Purpose.IMAGE for line in lines):
            return None  # reported already: it only builds an image
        if not work:
            self.carry(job, "nothing: it only prepares an environment, which the lock file does here")
            return None
        parts = self.parts(work, job)
        if any(line.keeps_state for line in work) or _prepares(work, parts):
            parts = _Parts(rest=work)  # what a line leaves behind reaches the next one only in one job
        return self.made(job, parts, variables, needs)

    def parts(self, work: Sequence[Line], job: CiJob) -> _Parts:
        """The lines by what they do."""
        parts = _Parts()
        for line in work:
            what = purpose(line)
            script = self.trains(line, job) if what is Purpose.PYTHON else None
            if script is not None:
                parts.training.append((line, script))
            elif what in (Purpose.TEST, Purpose.LINT, Purpose.BUILD):
                {Purpose.TEST: parts.tests, Purpose.LINT: parts.lint, Purpose.BUILD: parts.builds}[what].append(line)
            else:
                parts.rest.append(line)
        return parts

    def trains(self, line: Line, job: CiJob) -> Script | None:
        """The script that a line trains with, or None where it does something else."""
        file = script_of(bare(line.words or ()), self.scripts)
        if file is None:
            return None
        script = self.scripts[file]
        named = "train" in job.name.lower() and bool(script.models or not script.models_read)
        return script if script.role is Role.TRAIN or (script.role is Role.OTHER and named) else None

    def made(self, job: CiJob, parts: _Parts, variables: Mapping[str, str], needs: list[str]) -> list[str] | None:
        """The kit's jobs for the parts, in the order lint, build, test, train, the rest."""
        for line in parts.lint:
            self.lint.append((tuple(bare(line.words or ())), Place(job.place.file, line.number)))
        drafts: list[tuple[DraftJob, str]] = []
        for line in parts.builds[:1]:
            drafts.append((DraftJob("build", "build"), f"stage build, for `{readable(line.text, 40)}`"))
        for line in parts.tests:
            drafts.append((self.test(line), "stage test"))
        for line, script in parts.training:
            drafts.append((self.train(line, script, job), f"stage train, by argv: {readable(line.text, 60)}"))
        if parts.rest:
            drafts.append(self.plain(parts.rest, job))
        if not drafts:
            self.carry(job, "lint of the job that tests")
            return None
        return self.kept(job, drafts, variables, needs, lint=bool(parts.lint))

    def kept(
        self,
        job: CiJob,
        drafts: Sequence[tuple[DraftJob, str]],
        variables: Mapping[str, str],
        needs: list[str],
        *,
        lint: bool,
    ) -> list[str]:
        """Names the drafts, adds the settings that all jobs have, and reports what became of the old job."""
        names: list[str] = []
        text = []
        for number, (draft, words) in enumerate(drafts):
            alone = len(drafts) == 1
            expected = job_name(job.name) if alone or draft.stage == "command" else draft.stage
            draft.name = fresh(expected, [job.name for job in self.mapped.jobs])
            draft.needs = list(needs) if not number else [*needs, names[-1]]
            draft.why.insert(0, f"{job.place}: the job {readable(job.name, 40)}")
            if variables and draft.stage != "build":
                draft.put(Key("variables", dict(variables)))
            if runner := self.runners.of(job, self.mapped.lost):
                draft.put(Key("runner", runner))
            self.when(job, draft)
            self.mapped.jobs.append(draft)
            names.append(draft.name)
            text.append(f"{draft.name} ({words})")
        plain = any(draft.stage == "command" for draft, _ in drafts)
        became = ", ".join(text) + (", lint of the job that tests" if lint else "")
        self.mapped.carried.append(Carried(job.name, job.place, f"job {became}", plain))
        return names

    def when(self, job: CiJob, draft: DraftJob) -> None:
        """The events of a draft, and whether a person starts it."""
        events: list[Value] = [event for event in job.events if not GRAMMARS["event"].complaint(event)]
        if events and len(events) == len(job.events):
            draft.put(Key("events", events))
        if job.manual:
            draft.put(Key("when", "manual"))

    def test(self, line: Line) -> DraftJob:
        """A job of the stage test."""
        settings = read_pytest(bare(line.words or ()), self.tree)
        draft = DraftJob("test", "test")
        for name, values in (("paths", settings.paths), ("arguments", settings.arguments), ("source", settings.source)):
            if values:
                draft.put(Key(name, list(values)))
        if settings.coverage is not None:
            draft.put(Key("coverage", settings.coverage))
        return draft

    def train(self, line: Line, script: Script, job: CiJob) -> DraftJob:
        """A job of the stage train, with the unchanged command."""
        words = list(bare(line.words or ()))
        words[0] = "python" if is_python(words[0]) else words[0]
        plan = training(script, words, self.data, is_written=True, kept=job.kept_paths)
        return train_job("train", plan, self.bridge)

    def plain(self, lines: Sequence[Line], job: CiJob) -> tuple[DraftJob, str]:
        """A job of the stage command: one argv, or the lines as bash reads them."""
        draft = DraftJob("command", "command")
        only = lines[0].words if len(lines) == 1 else None
        if only:
            words = list(bare(only)) if purpose(lines[0]) is Purpose.PYTHON else list(only)
            words[0] = "python" if is_python(words[0]) else words[0]
            draft.put(Key("run", list(words)))
            self.paths_kept(job)
            return draft, "a plain command"
        text = "\n".join(line.text for line in lines)
        draft.put(Key("run", ["bash", "-c", f"set -e\n{text}"]))
        draft.why.append("only a shell can run these lines: they are kept unchanged, and nothing checks them")
        self.unset(text, job, lines[0].number)
        self.paths_kept(job)
        return draft, "a plain command, its lines kept for bash"

    def paths_kept(self, job: CiJob) -> None:
        """Reports artifacts: a file that a command leaves must be an output to reach another job."""
        if job.kept_paths:
            what = f"artifacts {some(job.kept_paths)} of {readable(job.name, 40)}: declare them in `outputs`"
            self.lose(job.place, what)

    def unset(self, text: str, job: CiJob, number: int) -> None:
        """Reports variables that the lines use and that are set nowhere."""
        own_names = set(
            re.findall(r"(?m)(?:^|[\s;])(?:for\s+|read\s+|export\s+)?([A-Za-z_][A-Za-z0-9_]*)(?==|\s+in\b)", text)
        )
        used = [
            name
            for name in dict.fromkeys(_USED.findall(text))
            if name not in own_names | _SHELLS_OWN | set(job.variables)
        ]
        if used:
            what = f"{some(used, 5)}: not set here; declare secrets in `secrets`, other values in the job's `variables`"
            self.lose(Place(job.place.file, number), what)

    def carry(self, job: CiJob, became: str) -> None:
        """Notes what became of a job."""
        self.mapped.carried.append(Carried(job.name, job.place, became))

    def lose(self, place: Place, what: str) -> None:
        """Notes what is not carried over."""
        self.mapped.lost.append(Lost(place, what))


def _prepares(work: Sequence[Line], parts: _Parts) -> bool:
    """Whether a line outside the kit's stages comes before a line of one, which may need its files."""
    done = [*parts.tests, *parts.builds, *(line for line, _ in parts.training)]
    if not parts.rest or not done:
        return False
    order = [id(line) for line in work]
    return order.index(id(parts.rest[0])) < max(order.index(id(line)) for line in done)
