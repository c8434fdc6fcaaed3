"""Trainings that no CI file and no dvc.yaml names: which script, how it is called, and what evaluates it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline_kit.adopt.infer.as_job import Training, Wrapping, train_job, training, wrapped
from pipeline_kit.adopt.infer.classify import bare, is_python, script_of
from pipeline_kit.adopt.infer.draft import DraftJob, Key, of_stage
from pipeline_kit.adopt.infer.dvc_jobs import dvc_jobs
from pipeline_kit.adopt.names import fresh, job_name
from pipeline_kit.adopt.read.makefile import lines_of
from pipeline_kit.adopt.read.python_source import Role, Script
from pipeline_kit.adopt.read.shell_line import read_lines
from pipeline_kit.adopt.read.survey import Facts
from pipeline_kit.contract.ci_file import Place
from pipeline_kit.contract.wording import some
from pipeline_kit.descriptor.parameter import Value

MOST_EVALUATIONS = 3


@dataclass(slots=True)
class TrainJobs:
    """Adds jobs that train to those that are there; `bridge` is the script that hands files over."""

    facts: Facts
    jobs: list[DraftJob]
    bridge: str
    notes: list[str]

    def add(self, found: Sequence[Script], chosen: str | None) -> None:
        """Adds the training: of dvc.yaml's stages, of each part of the repository, or of the likeliest script."""
        if chosen is not None:
            self.script(self.facts.scripts[chosen], None)
            return
        if self.facts.dvc:
            dvc_jobs(self.facts, self.jobs, self.bridge, self.notes)
            if of_stage(self.jobs, "train"):
                return
        if self.facts.parts:
            for part in self.facts.parts:
                inside = next((script for script in found if script.file.startswith(f"{part}/")), None)
                if inside is not None:
                    self.script(inside, part)
        elif found:
            self.likeliest(found)

    def likeliest(self, found: Sequence[Script]) -> None:
        """Adds the first of the scripts, where enough says that it trains."""
        first = found[0].file
        by_hand = next((job.name for job in self.jobs for script in found if _mentions(job, script.file)), None)
        if by_hand is not None:
            message = f"the job {by_hand} runs a training as a plain command: make it one of the stage train by hand"
            self.notes.append(message)
        elif is_likely(self.facts, found[0]):
            self.script(found[0], None)
            if len(found) > 1:
                others = some([script.file for script in found[1:]], 5)
                self.notes.append(f"{others} may train too: `--train FILE` chooses another")
        else:
            message = f"{first} may train, but shows no model that it writes: `--train {first}` makes it the job"
            self.notes.append(message)

    def script(self, script: Script, part: str | None) -> None:
        """Adds a training by a script, and the evaluations that read its model; a part's runs in its folder."""
        call = next(((words, place) for file, words, place in invocations(self.facts) if file == script.file), None)
        data = [dataset for dataset in self.facts.data if part is None or dataset.file.startswith(f"{part}/")]
        words = call[0] if call else ("python", script.file)
        inside = tuple(word.removeprefix(f"{part}/") for word in words) if part else words
        plan = training(script, inside, data, is_written=call is not None)
        name = f"train_{job_name(PurePosixPath(part).name)}"[:41] if part else "train"
        job = train_job(self.free(name), plan, self.bridge, folder=part)
        place = call[1] if call else Place(script.file, script.main_line or 1)
        job.why.insert(0, f"{place}: {'the call of ' + script.file if call else 'a script that trains'}")
        self.jobs.append(job)
        self.notes.extend(f"{job.name}: {item}" for item in plan.unknown)
        if part is None:
            self.evaluations(plan, job)

    def evaluations(self, plan: Training, train: DraftJob) -> None:
        """Adds the scripts that evaluate what the training wrote, as plain commands."""
        made = 0
        for script in self.facts.of_role(Role.EVALUATE):
            read = next((file for file in script.models_read if file.path and _same(file.path, plan.model)), None)
            if read is None or made == MOST_EVALUATIONS or any(option.required for option in script.options):
                continue
            made += 1
            metrics = next((metric.path for metric in script.metrics if metric.path), None)
            wrapping = Wrapping(takes={f"{train.name}.model": plan.model}, metrics=metrics)
            why = f"{Place(script.file, read.line)}: reads the model that {train.name} leaves"
            run: list[Value] = [*wrapped(self.bridge, wrapping, ["python", script.file])]
            name = self.free(job_name(PurePosixPath(script.file).stem))
            why += "; the stage evaluate would judge it by rows"
            self.jobs.append(DraftJob(name, "command", [why], [train.name], [Key("run", run)]))

    def free(self, name: str) -> str:
        """The name, numbered where a job has it."""
        return fresh(name, [job.name for job in self.jobs])


def invocations(facts: Facts) -> list[tuple[str, tuple[str, ...], Place]]:
    """The plain calls of the project's scripts that the Makefile writes down: script, words, place."""
    entries = []
    for target in facts.targets.values():
        for line in read_lines(lines_of(target.name, {target.name: target}), {}):
            words = bare(line.words or ())
            file = script_of(words, facts.scripts) if words and is_python(words[0]) else None
            if file is not None:
                entries.append((file, ("python", *words[1:]), Place("Makefile", line.number)))
    return entries


def is_likely(facts: Facts, script: Script) -> bool:
    """Whether a script is a training: by its name, by the model it writes, or since the Makefile calls it."""
    named = "train" in PurePosixPath(script.file).stem.lower()
    return named or bool(script.models) or script.file in {file for file, _, _ in invocations(facts)}


def trainings(facts: Facts) -> list[Script]:
    """The scripts that may train, the likeliest first."""
    called = {script for script, _, _ in invocations(facts)}

    def rank(script: Script) -> tuple[bool, bool, bool, int, str]:
        named = re.search(r"(?:^|/|_)train[^/]*\.py$", script.file) is not None
        return (script.file not in called, not script.models, not named, script.file.count("/"), script.file)

    return sorted(facts.of_role(Role.TRAIN), key=rank)


def _mentions(job: DraftJob, file: str) -> bool:
    """Whether a job's command names a file."""
    run = job.value("run")
    return isinstance(run, list) and any(file in str(word) for word in run)


def _same(path: str, model: str) -> bool:
    return path == model or path.startswith(f"{model}/")
