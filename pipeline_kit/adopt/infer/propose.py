"""From the facts to a proposal: the jobs, the lock file, what is left to do, each value with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline_kit.adopt.infer import suggestions
from pipeline_kit.adopt.infer.as_job import DEFAULT_FILE, OTHER_FILE, bridge_text, hand_over
from pipeline_kit.adopt.infer.ci_mapping import CiMapper
from pipeline_kit.adopt.infer.classify import Purpose, bare, purpose
from pipeline_kit.adopt.infer.dependencies import CI_INPUT, LockPlan, conda_python, plan_lock
from pipeline_kit.adopt.infer.draft import DraftJob, Key, Mapped, of_stage
from pipeline_kit.adopt.infer.remarks import remarks
from pipeline_kit.adopt.infer.train_jobs import TrainJobs, trainings
from pipeline_kit.adopt.names import project_name
from pipeline_kit.adopt.read.metadata import kit_python
from pipeline_kit.adopt.read.shell_line import read_lines
from pipeline_kit.adopt.read.survey import Facts
from pipeline_kit.contract.ci_file import Place
from pipeline_kit.contract.wording import readable, some
from pipeline_kit.descriptor.grammar import GRAMMARS
from pipeline_kit.descriptor.parameter import Value


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person, or the command line, has decided; none leaves it to the survey."""

    name: str | None = None
    train: str | None = None
    kit_lock: str | None = None  # pins the kit and its plugins for CI


@dataclass(slots=True)
class Proposal:
    """The descriptor's parts, further files, and notes."""

    facts: Facts
    project: list[Key]
    lock: LockPlan
    jobs: list[DraftJob]
    mapped: Mapped
    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    kit_lock: str | None = None


def propose(facts: Facts, choices: Choices) -> Proposal:
    """The proposal for a repository."""
    bridge = DEFAULT_FILE if facts.tree.read(DEFAULT_FILE) in ("", bridge_text()) else OTHER_FILE
    mapper = CiMapper(facts.tree, facts.scripts, facts.targets, facts.data, bridge)
    for file in facts.ci_files.values():
        mapper.take(file)
    notes: list[str] = []
    jobs = list(mapper.mapped.jobs)
    suggestions.without_copies(jobs, mapper.mapped)
    checks = suggestions.check_jobs(facts, jobs)
    if not of_stage(jobs, "build") and facts.metadata.installable is not None:
        jobs.insert(0, suggestions.build_job(facts, jobs))
    if not of_stage(jobs, "test"):
        jobs.extend(suggestions.test_jobs(facts, jobs, notes))
    if not of_stage(jobs, "train") or choices.train is not None:
        TrainJobs(facts, jobs, bridge, notes).add(trainings(facts), choices.train)
    suggestions.after_check(jobs, checks)
    jobs = [*checks, *jobs]
    lint = _lint(facts, mapper)
    lock = plan_lock(
        facts.tree,
        facts.metadata,
        facts.requirements,
        facts.part_metadata,
        imports=facts.imports,
        wanted=_wanted(jobs, lint),
    )
    _put_lint(jobs, lint, lock, notes)
    _settle(facts, jobs, lock, notes)
    if not jobs or all(job.stage in ("check", "build") for job in jobs):
        jobs.append(suggestions.compile_job(facts, jobs))
    hand_over(jobs, bridge)
    suggestions.without_data(facts, jobs)
    files = dict(lock.files)
    if any(bridge in _words(job) for job in jobs) and not facts.tree.has(bridge):
        files[bridge] = bridge_text()
    notes = [*remarks(facts), *notes, *lock.notes]
    return Proposal(facts, _project(facts, choices, lock), lock, jobs, mapper.mapped, files, notes, choices.kit_lock)


def _words(job: DraftJob) -> list[str]:
    run = job.value("run")
    return [str(entry) for entry in run] if isinstance(run, list) else []


def _project(facts: Facts, choices: Choices, lock: LockPlan) -> list[Key]:
    """The section `project`."""
    result = facts.metadata.name
    if result is not None and result[0] in ("src", "app", "project", "package", "UNKNOWN"):
        result = None
    if choices.name is not None:
        name = Key("name", choices.name)
    elif result is not None:
        original = "" if result[0] == project_name(result[0]) else f", there {readable(result[0], 60)}"
        name = Key("name", project_name(result[0]), f"{result[1]}: the project's name{original}")
    else:
        name = Key(
            "name", project_name(facts.tree.root.resolve().name), "the folder's name: nothing else names the project"
        )
    python = facts.metadata.python or conda_python(facts.tree) or _image_python(facts)
    form = kit_python(python[0]) if python else None
    if python and form and not GRAMMARS["python"].complaint(form):
        original = "" if form == python[0] else f", there {readable(python[0], 40)}"
        version = Key("python", form, f"{python[1]}: the Python it runs on{original}")
    else:
        version = Key("python", ">=3.11", "an assumption: no file says which Python the project runs on")
    where = f"{lock.place}: " if lock.place else ""
    return [name, version, Key("lock", lock.lock, f"{where}{lock.why}")]


def _image_python(facts: Facts) -> tuple[str, Place] | None:
    """The Python of an old CI file's image, or of a Pipfile."""
    if facts.tree.has("Pipfile"):
        text = facts.tree.read("Pipfile")
        if match := re.search(r'(?m)^python_version = "(3\.[0-9]+)"', text):
            return match.group(1), Place("Pipfile", text.count("\n", 0, match.start()) + 1)
    for file in facts.ci_files.values():
        for job in file.jobs:
            if job.image and (named := re.match(r"(?:\S*/)?python:(3\.[0-9]+)", job.image)):
                return named.group(1), job.place
    return None


def _lint(facts: Facts, mapper: CiMapper) -> list[tuple[tuple[str, ...], str]]:
    """The lint commands and their places: of the old CI files, else of the Makefile, else what is configured."""
    result = [(words, str(place)) for words, place in mapper.lint]
    if not result:
        target = next((facts.targets[name] for name in ("lint", "check", "style") if name in facts.targets), None)
        for line in read_lines(target.recipe, {}) if target else []:
            if purpose(line) is Purpose.LINT and line.words:
                result.append((bare(line.words), str(Place("Makefile", line.number))))
    if not result:
        result = [(lint_config.words, str(lint_config.place)) for lint_config in facts.lint]
    return list({words: (words, place) for words, place in reversed(result)}.values())[::-1]


def _wanted(jobs: Sequence[DraftJob], lint: Sequence[tuple[tuple[str, ...], str]]) -> list[str]:
    """The distributions that the jobs run."""
    tests = of_stage(jobs, "test")
    expected = ["pytest"] if tests else []
    expected += ["pytest-cov"] if any(job.value("coverage") is not None for job in tests) else []
    return list(dict.fromkeys([*expected, *(words[0] for words, _ in lint)]))


def _put_lint(
    jobs: list[DraftJob], lint: Sequence[tuple[tuple[str, ...], str]], lock: LockPlan, notes: list[str]
) -> None:
    """Puts the lint commands on the first job that tests, or makes jobs of them; reports those not in the lock."""
    kept: list[tuple[tuple[str, ...], str]] = []
    for words, place in lint:
        if lock.complete and words[0] not in lock.names:
            notes.append(f"{words[0]} ({place}) is not in {lock.lock}: add it there, then to `lint` of the job test")
        else:
            kept.append((words, place))
    if not kept:
        return
    tests = of_stage(jobs, "test")
    commands: list[Value] = [list(words) for words, _ in kept]
    why = f"{some([place for _, place in kept])}: the lint"
    if tests:
        tests[0].put(Key("lint", commands, why))
        return
    for words, place in kept:
        name = "lint" if not any(job.name == "lint" for job in jobs) else f"lint_{words[0]}"
        if not any(job.name == name for job in jobs):
            run: list[Value] = ["python", "-m", *words]
            jobs.append(
                DraftJob(
                    name,
                    "command",
                    [f"{place}: the lint; the repository has no tests to run it with"],
                    [],
                    [Key("run", run)],
                )
            )


def _settle(facts: Facts, jobs: Sequence[DraftJob], lock: LockPlan, notes: list[str]) -> None:
    """What the lock decides: whether tests can run, coverage be measured, the wheel be built."""
    for job in of_stage(jobs, "test"):
        if job.value("coverage") is not None and lock.complete and "pytest-cov" not in lock.names:
            job.drop("coverage")
            notes.append(f"pytest-cov is not in {lock.lock}: {job.name} measures no coverage until it is")
    if of_stage(jobs, "test") and "pytest" not in lock.names:
        notes.append(f"pytest is not in {lock.lock}: the job test fails until it is added and locked")
    backend = [text for text in facts.metadata.backend or ("setuptools",) if text != "wheel"]
    for job in of_stage(jobs, "build"):
        missing = [text for text in backend if text not in lock.names]
        if missing or not lock.complete:
            message = f"the wheel needs {some(missing or backend)} in the lock: with that there, remove this"
            job.put(Key("wheel", False, message))
    if CI_INPUT in lock.files:
        named = [line for line in lock.files[CI_INPUT].splitlines() if not line.startswith("#")]
        notes.append(f"{some(named, 6)}: named nowhere in the requirements, so {CI_INPUT} names them")
