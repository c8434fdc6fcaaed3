"""Reading `server.yml`: what the descriptor must know of a CI server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline_kit.contract.stage_file import Loader, parameter, refuse_unknown
from pipeline_kit.descriptor.grammar import GRAMMARS, Grammar, balanced
from pipeline_kit.descriptor.server_words import CronDays, ServerWords
from pipeline_kit.errors import UsageError

SERVER_FILE = "server.yml"
SERVER_KEYS = {
    "title", "file", "comment", "runner", "secret", "secret_example", "grammars", "variables", "limits", "cron",
    "reserved", "tools",
}  # fmt: skip


def read_server(name: str, folder: Path) -> ServerWords:
    """The words of the server in a folder. Raises UsageError naming the file and key where they cannot be read."""
    path = folder / SERVER_FILE
    try:
        document = yaml.load(path.read_bytes(), Loader=Loader)
    except OSError as error:
        hint = f"a CI server is a folder with {SERVER_FILE} and server.py"
        raise UsageError(f"{path}: {error.strerror}", hint=hint) from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not YAML: {error}") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path}: is not a mapping")
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
        most_needs=limits.get("needs"),
        most_components=limits.get("components"),
        cron_days=CronDays(document["cron"]) if "cron" in document else None,
        tools={tool: (str(body["purpose"]), str(body["install"])) for tool, body in document.get("tools", {}).items()},
    )


def grammar(path: Path, name: str, document: Mapping[str, Any]) -> Grammar:
    """One form of words; `brackets` demands that they are balanced. Raises UsageError for a name of the kit's own."""
    refuse_unknown(path, f"grammar {name}", document, {"pattern", "says", "example", "brackets"})
    if name in GRAMMARS:
        raise UsageError(f"{path}: grammar {name}: the kit has a form of that name", hint="choose another name")
    check = balanced if document.get("brackets", False) else None
    return Grammar(str(document["pattern"]), str(document["says"]), str(document["example"]), check)
