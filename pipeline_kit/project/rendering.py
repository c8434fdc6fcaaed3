"""A project's CI files rendered, compared with those on disk, and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.errors import UsageError
from pipeline_kit.project.open import OpenProject
from pipeline_kit.render.drift import Drift, drifts
from pipeline_kit.render.ownership import is_rendered
from pipeline_kit.render.project import RenderedProject
from pipeline_kit.servers.project import render_project


@dataclass(frozen=True, slots=True)
class Rendering:
    """The rendered files, how those on disk differ, and the files that are not the kit's and were left out."""

    root: Path
    rendered: RenderedProject
    drifts: Sequence[Drift]
    foreign: Sequence[str]

    def write(self) -> None:
        """Writes the files that differ."""
        for drift in self.drifts:
            write_atomically(self.root / drift.path, self.rendered.files[drift.path])


def rendering(project: OpenProject, names: Sequence[str], *, overwrite: bool) -> Rendering:
    """The CI files of these names; with `overwrite` also those that the kit did not render."""
    root = project.folders.root
    rendered = render_project(project.plan, project.descriptor)
    existing = {name: text_of(root / name) for name in names}
    foreign = [] if overwrite else [name for name, text in existing.items() if text and not is_rendered(text)]
    rendered = replace(rendered, files={name: rendered.files[name] for name in existing if name not in foreign})
    return Rendering(root, rendered, drifts(rendered, existing), foreign)


def refuse_foreign(rendered: Rendering, *, named: bool) -> None:
    """Raises UsageError where a file that is not the kit's would have to be written, or nothing but such files is here.

    A file is the kit's where it begins with the kit's header; one that was ejected or is older than the kit does not.
    """
    if rendered.foreign and (named or not rendered.rendered.files):
        message = f"{' and '.join(rendered.foreign)}: not the kit's, so nothing was written"
        hint = "to replace it by what the descriptor renders: pipeline-kit render --overwrite"
        raise UsageError(message, hint=hint)


def text_of(path: Path) -> str | None:
    """The file's text, or None; what is not UTF-8 differs from everything that is rendered."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
