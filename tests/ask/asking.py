"""Projects of the test cases and examples, read and settled as `config` and `explain` read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.descriptor.origin import Setting
from pipeline_kit.project.effective import settled
from pipeline_kit.project.open import OpenProject, open_project
from pipeline_kit.render.sources import LineSource
from pipeline_kit.servers.project import line_sources, render_project

ROOT = Path(__file__).parent.parent.parent
CASES = sorted(path.parent for path in (ROOT / "tests/cases/valid").glob("*/pipeline-kit.yml"))
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/pipeline-kit.yml"))
PROJECTS = [*CASES, *EXAMPLES]


@dataclass(frozen=True)
class Asked:
    """A project with its settings, its rendered files, and where each of their lines comes from."""

    project: OpenProject
    settings: Setting
    files: dict[str, str]
    sources: dict[str, tuple[LineSource, ...]]


def ask(directory: Path) -> Asked:
    """The answers for a directory."""
    project = open_project(directory)
    settings = settled(project)
    files = dict(render_project(project.plan, project.descriptor).files)
    return Asked(project, settings, files, line_sources(project.plan, project.descriptor, settings))
