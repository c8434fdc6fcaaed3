"""Renders both CI files of every project in a folder: run by the kit's own interpreter, as a script."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline_kit.project.open import open_project
from pipeline_kit.servers.project import render_project


def main(folder: Path) -> None:
    """Reads, checks, plans and renders each project, and writes its files."""
    for root in sorted(folder.iterdir()):
        project = open_project(root)
        for name, text in render_project(project.plan, project.descriptor).files.items():
            (root / name).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
