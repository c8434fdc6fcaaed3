"""`pipeline-kit render`: the CI files written, checked, or compared."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.cli.project import open_project
from pipeline_kit.cli.servers import chosen, files
from pipeline_kit.errors import UsageError
from pipeline_kit.render.drift import Drift, drifts
from pipeline_kit.render.ownership import is_rendered
from pipeline_kit.render.project import RenderedProject
from pipeline_kit.servers.project import render_project


def execute(arguments: argparse.Namespace) -> int:
    """Writes the files that differ, or says which do; `--check` and `--diff` write nothing."""
    project = open_project(arguments.directory)
    root = project.folders.root
    rendered = render_project(project.plan, project.descriptor)
    existing = {name: read(root / name) for name in wanted_files(root, arguments.ci, files(project.descriptor.plugins))}
    writes = not (arguments.check or arguments.diff)
    foreign = [] if arguments.overwrite else [name for name, text in existing.items() if text and not is_rendered(text)]
    if writes:
        refuse_foreign(foreign, [name for name in existing if name not in foreign], named=arguments.ci is not None)
    rendered = replace(rendered, files={name: rendered.files[name] for name in existing if name not in foreign})
    result = drifts(rendered, existing)
    if writes:
        for drift in result:
            write_atomically(root / drift.path, rendered.files[drift.path])
    if arguments.json:
        print(json.dumps({**as_json(rendered, result), "left_alone": foreign}, indent=2, ensure_ascii=False))
        return 1 if arguments.check and result else 0
    for name in foreign:
        print(f"left {name} alone: it is not the kit's")
    if writes:
        tell_written(rendered, result)
    elif rendered.files:
        tell_drift(result, diff=arguments.diff)
    return 1 if arguments.check and result else 0


def wanted_files(root: Path, ci: str | None, known: Mapping[str, str]) -> Sequence[str]:
    """The files of the servers that `--ci` names; else those that exist, else all."""
    if ci is not None:
        return [known[server] for server in chosen(ci, known)]
    return [name for name in known.values() if (root / name).exists()] or list(known.values())


def refuse_foreign(foreign: Sequence[str], own: Sequence[str], *, named: bool) -> None:
    """Raises UsageError where a file that is not the kit's would have to be written, or nothing but such files is here.

    A file is the kit's where it begins with the kit's header; one that was ejected or is older than the kit does not.
    """
    if foreign and (named or not own):
        message = f"{' and '.join(foreign)}: not the kit's, so nothing was written"
        hint = "to replace it by what the descriptor renders: pipeline-kit render --overwrite"
        raise UsageError(message, hint=hint)


def read(path: Path) -> str | None:
    """The file's text, or None; what is not UTF-8 differs from everything that is rendered."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def as_json(rendered: RenderedProject, found: Sequence[Drift]) -> Mapping[str, object]:
    """The result for a machine."""
    return {
        "drift": [{"file": drift.path, "meanings": list(drift.meanings), "diff": drift.diff} for drift in found],
        "server_settings_needed": list(rendered.settings_needed),
        "barriers": list(rendered.barriers),
    }


def tell_drift(found: Sequence[Drift], *, diff: bool) -> None:
    """Prints what differs: as sentences, and with `diff` as a diff too."""
    for drift in found:
        if diff:
            sys.stdout.write(drift.diff)
        print(f"{drift.path} differs from the descriptor:")
        for meaning in drift.meanings:
            print(f"  {meaning}")
    if found and not diff:
        print("run `pipeline-kit render` and commit the result")
    if not found:
        print("every file is what the descriptor renders")


def tell_written(rendered: RenderedProject, found: Sequence[Drift]) -> None:
    """Prints what was written, and what no file can hold."""
    for name in rendered.files:
        print(f"{'wrote' if any(item.path == name for item in found) else 'unchanged'} {name}")
    for title, lines in (("server settings needed", rendered.settings_needed), ("order added", rendered.barriers)):
        if lines:
            print(f"{title}:")
        for line in lines:
            print(f"  {line}")
