"""`pipeline-kit render`: the CI files written, checked, or compared."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline_kit.cli.output import say, say_json
from pipeline_kit.cli.servers import chosen, files
from pipeline_kit.project.open import open_project
from pipeline_kit.project.rendering import refuse_foreign, rendering
from pipeline_kit.project.shown.drift import as_json, drift_lines, written_lines


def execute(arguments: argparse.Namespace) -> int:
    """Writes the files that differ, or says which do; `--check` and `--diff` write nothing."""
    project = open_project(arguments.directory)
    names = files_of(project.folders.root, arguments.ci, files(project.descriptor.plugins))
    result = rendering(project, names, overwrite=arguments.overwrite)
    writes = not (arguments.check or arguments.diff)
    if writes:
        refuse_foreign(result, named=arguments.ci is not None)
        result.write()
    if arguments.json:
        document = {**as_json(result.rendered, result.drifts), "left_alone": list(result.foreign)}
        say_json(document)
    else:
        lines = [f"left {name} alone: it is not the kit's" for name in result.foreign]
        if writes:
            lines += written_lines(result.rendered, result.drifts)
        elif result.rendered.files:
            lines += drift_lines(result.drifts, diff=arguments.diff)
        say("\n".join(lines))
    return 1 if arguments.check and result.drifts else 0


def files_of(root: Path, ci: str | None, known: Mapping[str, str]) -> Sequence[str]:
    """The files of the servers that `--ci` names; else those that exist, else all."""
    if ci is not None:
        return [known[server] for server in chosen(ci, known)]
    return [name for name in known.values() if (root / name).exists()] or list(known.values())
