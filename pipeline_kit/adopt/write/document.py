"""A proposal as files: the descriptor that loads and plans, further files, the lines that `.gitignore` lacks."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit import __version__
from pipeline_kit.adopt.infer.draft import DraftJob, Key, of_stage
from pipeline_kit.adopt.infer.propose import Proposal
from pipeline_kit.adopt.infer.suggestions import compile_job
from pipeline_kit.adopt.read.datasets import DISK, FoundData
from pipeline_kit.adopt.write.descriptor_text import descriptor_text
from pipeline_kit.catalog import Catalog
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.descriptor.organisation import DESCRIPTOR
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import KitError
from pipeline_kit.plan.build import build_plan
from pipeline_kit.plan.model import Plan

IGNORED = (".pipeline-kit/*", "!.pipeline-kit/stages/")
HEADER = (
    "Proposed by `pipeline-kit init` from the files of this repository. Each comment says why a value was chosen,",
    "and from which line. Correct what is wrong, then remove the comments.",
)
NEXT = (
    "Next: a model is judged once a function predicts the rows of a dataset. `pipeline-kit schema` has every key.",
    '  evaluate: {{needs: [{train}], run: "package.predict:main", task: binary, inputs: ["**/*.py", data.test]}}',
    "  gate: {{needs: [evaluate{test}], rules: [{{metric: f1, min: 0.8}}]}}",
    "  package: {{needs: [gate]}}",
)


@dataclass(frozen=True, slots=True)
class Planned:
    """A descriptor's text, and what it means."""

    text: str
    descriptor: Descriptor
    plan: Plan


def planned(proposal: Proposal, root: Path) -> Planned:
    """The descriptor without the parts that `plan` refuses; the proposal's notes report those."""
    for repair in (_as_it_is, _without_events, _without_what_the_files_say, _bare):
        message = repair(proposal)
        text = text_of(proposal)
        try:
            descriptor, plan = read(text, root)
        except KitError:
            continue
        if message:
            proposal.notes.append(message)
        return Planned(text, descriptor, plan)
    raise AssertionError("a descriptor with a single job does not load")


def read(text: str, root: Path) -> tuple[Descriptor, Plan]:
    """The descriptor and plan that a text means in a repository. Raises KitError with every problem."""
    catalog = Catalog(root)
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-") as name:
        Path(name, DESCRIPTOR).write_text(text, encoding="utf-8")
        descriptor = load_descriptor(Path(name), catalog)
    return descriptor, build_plan(descriptor, catalog.specs)


def _as_it_is(proposal: Proposal) -> str:
    return ""


def _without_events(proposal: Proposal) -> str:
    for job in proposal.jobs:
        job.drop("events")
    return "the old CI files start jobs on events that those before them do not have: every job starts on every event"


def _without_what_the_files_say(proposal: Proposal) -> str:
    for job in proposal.jobs:
        for key in ("variables", "runner", "when", "lint", "arguments", "paths", "source"):
            job.drop(key)
    proposal.mapped.runners = []
    return (
        "values of the old CI files are of a form that no descriptor takes: variables, runners and paths are left out"
    )


def _bare(proposal: Proposal) -> str:
    proposal.jobs[:] = [compile_job(proposal.facts, [])]
    return "the jobs that were found do not make a plan together: add them one by one"


def text_of(proposal: Proposal) -> str:
    """The descriptor's text."""
    data = [(dataset.name, _dataset_keys(dataset), [_why(dataset)]) for dataset in proposal.facts.data]
    trains = of_stage(proposal.jobs, "train")
    used = {job.value("runner") for job in proposal.jobs}
    kit: Value = {"version": __version__, "lock": proposal.kit_lock} if proposal.kit_lock else __version__
    top = [Key("version", 1), Key("kit", kit)]
    if proposal.facts.plugins.packages:
        top.append(Key("plugins", list(proposal.facts.plugins.packages)))
    return descriptor_text(
        header=HEADER,
        top=top,
        project=proposal.project,
        runners=[runner for runner in proposal.mapped.runners if runner.name in used],
        data=data,
        jobs=proposal.jobs,
        footer=_footer(trains, proposal.jobs),
    )


def _why(data: FoundData) -> str:
    """Why a dataset is declared."""
    kept = f"; kept by {data.kept}, so it must be fetched before" if data.kept else ""
    kept = "; it is on this disk alone: git ignores it" if data.kept == DISK else kept
    by = (
        "a table" if data.place.file == data.file else "named here" if data.place.file.endswith(".dvc") else "read here"
    )
    return f"{data.place}: {by}{kept}"


def _dataset_keys(data: FoundData) -> list[Key]:
    """The keys of a dataset."""
    keys = [Key("path", data.file)]
    if data.target:
        keys.append(Key("target", data.target[0], f"{data.target[1]}: the header has a column of this name"))
    return keys


def _footer(trains: Sequence[DraftJob], jobs: Sequence[DraftJob]) -> list[str]:
    """What comes next, where a model is trained and nothing judges it."""
    if not trains or of_stage(jobs, "gate"):
        return []
    tests = of_stage(jobs, "test")
    test = f", {tests[0].name}" if tests else ""
    return [line.format(train=trains[0].name, test=test) for line in NEXT]


def ignore_text(before: str) -> str | None:
    """The `.gitignore` with what it lacks, or None where it lacks nothing."""
    lines = {line.strip() for line in before.splitlines()}
    if {".pipeline-kit", ".pipeline-kit/", "/.pipeline-kit", "/.pipeline-kit/"} & lines:
        return None
    missing = [line for line in IGNORED if line not in lines]
    if not missing:
        return None
    start = before if not before or before.endswith("\n") else before + "\n"
    return start + "".join(f"{line}\n" for line in missing)
