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
        for each in facts.data
        for name in (each.file, *(each.file.removeprefix(f"{part}/") for part in facts.parts))
    ]
    return any(path == name or path.startswith(f"{name}/") for name in names)


def remarks(facts: Facts) -> list[str]:
    """What a person should know before the first run."""
    found = []
    if facts.tree.odd:
        names = some([ascii(each)[1:-1] for each in facts.tree.odd])
        found.append(f"{names}: no descriptor can hold such a name, so what is in there is not looked at")
    if facts.unread:
        found.append(f"{some(facts.unread)}: no Python 3 that could be read")
    for kind, command in (("DVC", "dvc pull"), ("git LFS", "git lfs pull")):
        pointed = [pointer.of for pointer in facts.pointers if pointer.kind == kind]
        if pointed:
            found.append(
                f"{some(pointed)}: kept by {kind}; `{command}` must have run before a job reads it, on CI servers too"
            )
    absent = [
        f"{each.path} ({Place(script.file, each.line)})"
        for name, script in facts.scripts.items()
        for each in script.data
        if each.path and name not in facts.tests and not facts.tree.has(each.path) and not is_declared(facts, each.path)
    ]
    if absent:
        said = "read, but not in the repository; a job sees declared data and listed files"
        found.append(f"{some(list(dict.fromkeys(absent)))}: {said}")
    ignored = [each.file for each in facts.data if each.kept == DISK]
    if ignored:
        found.append(f"{some(ignored)}: git ignores it, so no CI server has it")
    prepared = [each.file for each in facts.of_role(Role.PREPARE)]
    if prepared and not facts.dvc:
        found.append(f"{some(prepared)}: make it a job of the stage prepare once its outputs are declared")
    predicted = [each.file for each in facts.of_role(Role.PREDICT)]
    if predicted:
        found.append(
            f"{some(predicted)}: what the stage evaluate needs is a function that predicts rows; this may become it"
        )
    if facts.notebooks:
        found.append(f"{some(facts.notebooks)}: notebooks are not run; move what the pipeline needs into modules")
    if facts.parts:
        found.append(
            f"{some(facts.parts)}: one environment for all of them; where they clash, adopt each folder on its own"
        )
    return found
