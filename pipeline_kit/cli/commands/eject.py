"""`pipeline-kit eject`: CI files that are the project's own from now on."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.cli.output import say
from pipeline_kit.cli.servers import files_in
from pipeline_kit.errors import UsageError
from pipeline_kit.project.explain import place_of
from pipeline_kit.project.open import open_project
from pipeline_kit.project.rendering import text_of
from pipeline_kit.render.ownership import ejected, is_rendered
from pipeline_kit.servers.project import render_project


def execute(arguments: argparse.Namespace) -> int:
    """Takes the kit's header off one CI file, or off all; a named one that is missing is written first."""
    root = arguments.directory.resolve()
    known = files_in(root)
    for name, text in wanted(arguments, root, known).items():
        write_atomically(root / name, ejected(text))
        say(f"{name} is yours now: the kit neither writes nor checks it any more")
        say("  what its jobs do is still read from pipeline-kit.yml")
        say(f"  to give it back: pipeline-kit render --overwrite {ci_of(name, known)}")
    return 0


def wanted(arguments: argparse.Namespace, root: Path, known: Mapping[str, str]) -> dict[str, str]:
    """The rendered text of each file to eject. Raises UsageError where there is nothing to do."""
    if arguments.file is not None:
        name, _ = place_of(arguments.file, root, known)
        text = text_of(root / name)
        if text is None:
            project = open_project(root)
            text = render_project(project.plan, project.descriptor).files[name]
        if not is_rendered(text):
            raise UsageError(f"{name} is not the kit's file: it is yours already", hint="the kit leaves it alone")
        return {name: text}
    here = {name: text_of(root / name) for name in known.values()}
    values = {name: text for name, text in here.items() if text is not None and is_rendered(text)}
    if not values:
        hint = f"name one, and it is written first: pipeline-kit eject {next(iter(known.values()))}"
        raise UsageError("no file of this project was rendered by the kit", hint=hint)
    return values


def ci_of(name: str, known: Mapping[str, str]) -> str:
    """The option that names a file's server."""
    return f"--ci {next(server for server, file in known.items() if file == name)}"
