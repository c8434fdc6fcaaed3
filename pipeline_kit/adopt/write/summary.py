"""The summary of a proposal: what was found, what became of old CI files, what is left to do."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_kit.adopt.infer.propose import Proposal
from pipeline_kit.adopt.read.python_source import Role
from pipeline_kit.adopt.read.survey import Facts
from pipeline_kit.contract.ci_file import Lost, Place
from pipeline_kit.contract.wording import readable, some

MOST_LOST = 40


def summary_lines(proposal: Proposal) -> list[str]:
    """The report, line by line."""
    lines = ["found:"]
    lines += [f"  {name:13} {words}" for name, words in _found(proposal.facts)]
    lines += ["proposed jobs:"]
    for job in proposal.jobs:
        after = f" after {', '.join(job.needs)}" if job.needs else ""
        stage = f" (stage {job.stage})" if job.stage != job.name else ""
        lines.append(f"  {job.name}{stage}{after}")
    mapped = proposal.mapped
    if mapped.carried:
        lines += ["carried over from the old CI files:"]
        lines += [
            f"  {item.place}: {readable(item.name, 40)} -> {readable(item.became, 160)}" for item in mapped.carried
        ]
    plain = [carried for carried in mapped.carried if carried.is_plain_command]
    if plain:
        lines += [f"kept as plain commands: {some([item.name for item in plain], 8)}"]
    lost = sorted({lost.what: lost for lost in reversed(mapped.lost)}.values(), key=lambda each: each.place)
    if lost:
        lines += ["not carried over:", *(f"  {_lost(item)}" for item in lost[:MOST_LOST])]
        lines += [f"  and {len(lost) - MOST_LOST} more"] if len(lost) > MOST_LOST else []
    if proposal.notes:
        lines += ["notes:", *(f"  {readable(note, 300)}" for note in proposal.notes)]
    if proposal.lock.commands:
        lines += [f"to do: make {proposal.lock.lock}, on a machine with a network:"]
        lines += [f"  {command}" for command in proposal.lock.commands]
    return lines


def _lost(each: Lost) -> str:
    return f"{each.place}: {readable(each.what, 200)}"


def _found(facts: Facts) -> Iterator[tuple[str, str]]:
    """What was found, by kind."""
    tree = facts.tree
    locks = [
        name for name in ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "conda-lock.yml") if tree.has(name)
    ]
    configs = [
        name for name in ("tox.ini", "noxfile.py", ".pre-commit-config.yaml", "Makefile", "dvc.yaml") if tree.has(name)
    ]
    trains = [Place(script.file, script.main_line or 1) for script in facts.of_role(Role.TRAIN)]
    scripts = [
        Place(script.file, script.main_line or 1)
        for script in facts.scripts.values()
        if script.main_line is not None and script.role is not Role.TRAIN and script.file not in facts.tests
    ]
    data = [f"{dataset.file} ({dataset.kept})" if dataset.kept else dataset.file for dataset in facts.data]
    models = [f"{pointer.of} ({pointer.kind})" for pointer in facts.pointers if pointer.is_model]
    needs = [requirement.file for requirement in facts.requirements]
    needs += [facts.metadata.needs_place.file] if facts.metadata.needs_place else []
    needs += [name for name in tree.names if name.startswith("environment") and name.endswith((".yml", ".yaml"))]
    needs += ["Pipfile"] if tree.has("Pipfile") else []
    old = [file.file for file in facts.ci_files.values()]
    for name, values in (
        ("package", facts.packages),
        ("parts", facts.parts),
        ("requirements", needs),
        ("lock files", locks),
        ("tests", facts.tests),
        ("training", trains),
        ("scripts", scripts),
        ("Hydra", facts.hydra),
        ("notebooks", facts.notebooks),
        ("data", data),
        ("models", models),
        ("images", facts.containers),
        ("tools", configs),
        ("CI", old),
    ):
        if values:
            yield name, some(list(values))
