"""The single suggestions: which jobs a repository's files imply where no CI file declares them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from pipeline_kit.adopt.infer.classify import Purpose, bare, purpose
from pipeline_kit.adopt.infer.draft import Carried, DraftJob, Key, Mapped
from pipeline_kit.adopt.infer.pytest_line import read_pytest
from pipeline_kit.adopt.names import fresh, job_name
from pipeline_kit.adopt.read.datasets import DISK
from pipeline_kit.adopt.read.shell_line import read_lines
from pipeline_kit.adopt.read.survey import Facts
from pipeline_kit.contract.ci_file import Place
from pipeline_kit.contract.wording import some
from pipeline_kit.descriptor.parameter import Value

_TEST_CONFIGS = ("pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini")


def check_jobs(facts: Facts, jobs: Sequence[DraftJob]) -> list[DraftJob]:
    """The check of the datasets that are here."""
    here = [dataset for dataset in facts.data if dataset.kept is None]
    if not here:
        return []
    why = (
        "looks at the data before anything learns from it; raise its limits, such as `duplicates`, where that is meant"
    )
    inputs: list[Value] = [f"data.{item.name}" for item in here]
    return [DraftJob(_free("check", jobs), "check", [why], [], [Key("inputs", inputs)])]


def after_check(jobs: Sequence[DraftJob], checks: Sequence[DraftJob]) -> None:
    """Lets the trainings wait for the check of the data, where their events allow it."""
    for job in jobs:
        if checks and job.stage == "train" and not any(need in {job.name for job in jobs} for need in job.needs):
            job.needs.append(checks[0].name)


def without_copies(jobs: list[DraftJob], mapped: Mapped) -> None:
    """Takes out jobs of a second CI file that do what one of the first does."""
    seen: dict[str, str] = {}
    for job in list(jobs):
        same = repr(
            (
                job.stage,
                [(key.name, key.value) for key in job.keys if key.name in ("run", "paths", "arguments", "source")],
            )
        )
        first = seen.setdefault(same, job.name)
        if first == job.name:
            continue
        jobs.remove(job)
        for other in jobs:
            other.needs = [
                first if need == job.name else need for need in other.needs if first != other.name or need != job.name
            ]
            other.needs = list(dict.fromkeys(need for need in other.needs if need != other.name))
        mapped.carried = [
            Carried(carried.name, carried.place, f"job {first}, which is the same")
            if carried.became.startswith(f"job {job.name} ")
            else carried
            for carried in mapped.carried
        ]


def build_job(facts: Facts, jobs: Sequence[DraftJob]) -> DraftJob:
    """The build of an installable project."""
    return DraftJob(_free("build", jobs), "build", [f"{facts.metadata.installable}: the project can be installed"])


def _free(name: str, jobs: Sequence[DraftJob]) -> str:
    """The name, numbered where a job has it."""
    return fresh(name, [job.name for job in jobs])


def compile_job(facts: Facts, jobs: Sequence[DraftJob]) -> DraftJob:
    """Where there is nothing to run: that every file compiles."""
    folders = sorted({PurePosixPath(name).parts[0] for name in facts.scripts if name not in facts.tests})
    run: list[Value] = ["python", "-m", "compileall", "-q", *(folders[:8] or ["."])]
    return DraftJob(
        _free("compile", jobs),
        "command",
        ["no tests were found: for now this checks that every file compiles"],
        [],
        [Key("run", run)],
    )


def test_jobs(facts: Facts, jobs: Sequence[DraftJob], notes: list[str]) -> list[DraftJob]:
    """The tests: one job, or one for each part of a repository of several models."""
    if not facts.tests:
        if facts.scripts:
            notes.append("no tests were found: write one in tests/ and add the job `test: {}`")
        return []
    draft_jobs: list[DraftJob] = []
    if not facts.parts:
        job = DraftJob(
            _free("test", jobs), "test", [f"{some([Place(test) for test in facts.tests], 1)}: {_count(facts.tests)}"]
        )
        return [_as_made(facts, job) or _with_paths(facts, job)]
    for part in facts.parts:
        inside = [test for test in facts.tests if test.startswith(f"{part}/")]
        if inside:
            name = fresh(f"test_{job_name(PurePosixPath(part).name)}"[:41], [job.name for job in [*jobs, *draft_jobs]])
            folder = _common(inside)
            job = DraftJob(name, "test", [f"{Place(inside[0])}: the tests of {part}"], [], [Key("paths", [folder])])
            roots = " ".join(text for text in (part, f"{part}/src") if facts.tree.has_folder(text))
            if " " not in part:
                job.put(Key("arguments", ["-o", f"pythonpath={roots}"]))
            draft_jobs.append(job)
    return draft_jobs


def _count(tests: Sequence[str]) -> str:
    return "one file with tests" if len(tests) == 1 else f"{len(tests)} files with tests"


def _common(files: Sequence[str]) -> str:
    """The folder that holds all of them."""
    parts = [PurePosixPath(file).parent.parts for file in files]
    shared = [some[0] for some in zip(*parts, strict=False) if len(set(some)) == 1]
    return "/".join(shared) or "."


def _as_made(facts: Facts, job: DraftJob) -> DraftJob | None:
    """The job as the Makefile's target of that name calls pytest, or None."""
    for name in ("test", "tests"):
        for line in read_lines(facts.targets[name].recipe, {}) if name in facts.targets else []:
            if purpose(line) is Purpose.TEST and line.words:
                settings = read_pytest(bare(line.words), facts.tree)
                job.why.append(f"{Place('Makefile', line.number)}: how pytest is called")
                for key, values in (
                    ("paths", settings.paths),
                    ("arguments", settings.arguments),
                    ("source", settings.source),
                ):
                    if values:
                        job.put(Key(key, list(values)))
                return job
    return None


def _with_paths(facts: Facts, job: DraftJob) -> DraftJob:
    """The job with the folders of the tests, if pytest does not get them already."""
    for name in _TEST_CONFIGS:
        if facts.tree.has(name) and "testpaths" in facts.tree.read(name):
            return job
    folders = sorted({PurePosixPath(test).parts[0] for test in facts.tests if "/" in test})
    if folders and all("/" in test for test in facts.tests) and set(folders) <= {"tests", "test"}:
        job.put(Key("paths", list(folders)))
    elif set(folders) == {"src"} and not any("/" not in test for test in facts.tests):
        job.put(Key("paths", [_common(facts.tests)]))
    return job


def without_data(facts: Facts, jobs: Sequence[DraftJob]) -> None:
    """Lets jobs that learn nothing do without datasets that may not be here: a job without `inputs` waits for all."""
    if not any(dataset.kept in ("DVC", DISK) for dataset in facts.data):
        return
    for job in jobs:
        if job.stage in ("build", "test") or job.name in ("compile", "lint"):
            job.put(Key("inputs", ["**"], "every file of the repository, but no dataset that may not be here"))
