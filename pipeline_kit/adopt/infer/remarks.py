"""What a person should know before the first run."""

from __future__ import annotations

from pipeline_kit.adopt.read.datasets import DISK
from pipeline_kit.adopt.read.python_source import Role
from pipeline_kit.adopt.read.survey import Facts
from pipeline_kit.contract.ci_file import Place
from pipeline_kit.contract.wording import some


def is_declared(facts: Facts, path: str) -> bool:
    """Whether a path belongs to a declared dataset."""
    names = [
        name
        for dataset in facts.data
        for name in (dataset.file, *(dataset.file.removeprefix(f"{part}/") for part in facts.parts))
    ]
    return any(path == name or path.startswith(f"{name}/") for name in names)


def remarks(facts: Facts) -> list[str]:
    """What a person should know before the first run."""
    entries = []
    if facts.tree.odd:
        names = some([ascii(text)[1:-1] for text in facts.tree.odd])
        entries.append(f"{names}: no descriptor can hold such a name, so what is in there is not looked at")
    if facts.unread:
        entries.append(f"{some(facts.unread)}: no Python 3 that could be read")
    for kind, command in (("DVC", "dvc pull"), ("git LFS", "git lfs pull")):
        pointed = [pointer.of for pointer in facts.pointers if pointer.kind == kind]
        if pointed:
            entries.append(
                f"{some(pointed)}: kept by {kind}; `{command}` must have run before a job reads it, on CI servers too"
            )
    absent = [
        f"{file.path} ({Place(script.file, file.line)})"
        for name, script in facts.scripts.items()
        for file in script.data
        if file.path and name not in facts.tests and not facts.tree.has(file.path) and not is_declared(facts, file.path)
    ]
    if absent:
        advice = "read, but not in the repository; a job sees declared data and listed files"
        entries.append(f"{some(list(dict.fromkeys(absent)))}: {advice}")
    ignored = [dataset.file for dataset in facts.data if dataset.kept == DISK]
    if ignored:
        entries.append(f"{some(ignored)}: git ignores it, so no CI server has it")
    prepared = [script.file for script in facts.of_role(Role.PREPARE)]
    if prepared and not facts.dvc:
        entries.append(f"{some(prepared)}: make it a job of the stage prepare once its outputs are declared")
    predicted = [script.file for script in facts.of_role(Role.PREDICT)]
    if predicted:
        entries.append(
            f"{some(predicted)}: what the stage evaluate needs is a function that predicts rows; this may become it"
        )
    if facts.notebooks:
        entries.append(f"{some(facts.notebooks)}: notebooks are not run; move what the pipeline needs into modules")
    if facts.parts:
        entries.append(
            f"{some(facts.parts)}: one environment for all of them; where they clash, adopt each folder on its own"
        )
    return entries
