"""Reading `server.yml`: what the descriptor must know of a CI server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline_kit.contract.stage_file import parameter, refuse_unknown
from pipeline_kit.descriptor.cron import CronDays
from pipeline_kit.descriptor.grammar import GRAMMARS, Grammar, balanced
from pipeline_kit.descriptor.parameter import Kind, Parameter
from pipeline_kit.descriptor.server_words import ServerWords
from pipeline_kit.errors import UsageError
from pipeline_kit.yaml.plain import read_plain_yaml

SERVER_FILE = "server.yml"
TAKEN = ("image", "type")
"""Keys that a runner class or a secret has beside the servers' names."""
FREE_TEXT = ("label", "text")
CODE = "$'\"`\\\n"
AROUND = (("", ""), ("a", ""), ("", "a"), ("a", "a"), ("1", "1"), ("A", "A"))
"""What no form may admit, and what is put around it to try."""
SERVER_KEYS = {
    "title", "file", "comment", "runner", "secret", "secret_example", "grammars", "variables", "limits", "cron",
    "reserved", "tools", "pipeline", "tokens",
}  # fmt: skip


def read_server(name: str, folder: Path) -> ServerWords:
    """The vocabulary of the server in a folder. Raises UsageError naming the file and key where they cannot be read."""
    path = folder / SERVER_FILE
    try:
        document = read_plain_yaml(path, path.read_bytes())
    except OSError as error:
        hint = f"a CI server is a folder with {SERVER_FILE} and server.py"
        raise UsageError(f"{path}: {error.strerror}", hint=hint) from error
    refuse_unknown(path, "the server", document, SERVER_KEYS)
    try:
        return words(path, name, document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: a key is missing or has another type: {error}") from error


def words(path: Path, name: str, document: Mapping[str, Any]) -> ServerWords:
    """The words in the document of a `server.yml`."""
    grammars = {key: grammar(path, key, body) for key, body in document.get("grammars", {}).items()}
    forms = (*GRAMMARS, *grammars)
    keys = {
        key: parameter(path, name, document[key], forms) if key in document else None for key in ("runner", "secret")
    }
    limits = document.get("limits", {})
    return ServerWords(
        name=name,
        title=str(document["title"]),
        file=str(document["file"]),
        comment=str(document["comment"]),
        runner=keys["runner"],
        secret=keys["secret"],
        secret_example=document.get("secret_example", "NAME"),
        grammars=grammars,
        reserved={owner: tuple(names.split()) for owner, names in document.get("reserved", {}).items()},
        variables=tuple(document.get("variables", ())),
        tokens=tuple(document.get("tokens", ())),
        pipeline=tuple(str(name) for name in document.get("pipeline", ())),
        most_needs=limits.get("needs"),
        most_components=limits.get("components"),
        cron_days=CronDays(document["cron"]) if "cron" in document else None,
        tools={tool: (str(body["purpose"]), str(body["install"])) for tool, body in document.get("tools", {}).items()},
    )


def refuse_unsafe(words: ServerWords, folder: Path) -> None:
    """Raises UsageError for words of a server from outside that a descriptor or a CI file could not hold safely."""
    path = folder / SERVER_FILE
    if GRAMMARS["name"].complaint(words.name) or words.name in TAKEN:
        hint = "a name of small letters, digits and _"
        raise UsageError(f"{path}: a CI server cannot be called {words.name!r}", hint=hint)
    if GRAMMARS["path"].complaint(words.file):
        raise UsageError(f"{path}: file is not a path inside the project: {words.file!r}")
    for key, declared in (("runner", words.runner), ("secret", words.secret)):
        if declared is not None and not is_safe(declared):
            hint = "a string with a grammar, or a list of them: a CI server reads it, so it must have a form"
            raise UsageError(f"{path}: {key} has no form of its own", hint=hint)
    for pattern in (*words.variables, *words.tokens, *(form.pattern for form in words.grammars.values())):
        try:
            re.compile(pattern)
        except (re.error, TypeError) as error:
            raise UsageError(f"{path}: {pattern!r} is not a pattern: {error}") from error
    for name, form in words.grammars.items():
        if any(form.complaint(f"{before}{code}{after}") is None for code in CODE for before, after in AROUND):
            raise UsageError(f"{path}: grammar {name}: its pattern admits what a CI file would read as code")


def refuse_clash(words: ServerWords, other: ServerWords, folder: Path) -> None:
    """Raises UsageError where two servers have the same CI file, or a form of words of the same name."""
    path = folder / SERVER_FILE
    if words.file.lower() == other.file.lower():
        raise UsageError(f"{path}: file is {words.file}, which is the CI file of {other.title}")
    same = sorted(set(words.grammars) & set(other.grammars))
    if same:
        raise UsageError(
            f"{path}: grammar {same[0]}: {other.title} has a form of that name", hint="choose another name"
        )


def is_safe(declared: Parameter) -> bool:
    """Whether every text under a key of the descriptor has a form, so that a value is never code."""
    item = declared.items if declared.kind is Kind.LIST else declared
    return item is not None and item.kind is Kind.STRING and item.grammar not in ("", *FREE_TEXT)


def grammar(path: Path, name: str, document: Mapping[str, Any]) -> Grammar:
    """One form of words; `brackets` demands that they are balanced. Raises UsageError for a name of the kit's own."""
    refuse_unknown(path, f"grammar {name}", document, {"pattern", "says", "example", "brackets"})
    if name in GRAMMARS:
        raise UsageError(f"{path}: grammar {name}: the kit has a form of that name", hint="choose another name")
    check = balanced if document.get("brackets", False) else None
    return Grammar(str(document["pattern"]), str(document["says"]), str(document["example"]), check)
