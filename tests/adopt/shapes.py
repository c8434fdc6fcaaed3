"""The case repositories as they would lie on somebody's disk."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from pipeline_kit.adapters.git.repository import project_files
from pipeline_kit.adopt.infer.propose import Choices, Proposal, propose
from pipeline_kit.adopt.read.survey import survey
from pipeline_kit.adopt.read.tree import list_tree
from pipeline_kit.adopt.write.document import Planned, planned
from tests.conftest import ROOT

CASES = ROOT / "tests" / "cases" / "adopt"
SHAPES = sorted(path.parent.name for path in CASES.glob("*/repo"))
WITHOUT_GIT = ("no_git",)
RENAMED = "dot_"
"""Git would act on these names in this repository too: `dot_gitattributes` stands for `.gitattributes`."""


def on_disk(shape: str, folder: Path) -> Path:
    """A copy of a shape's repository, with git where it has it."""
    root = folder / shape
    shutil.copytree(CASES / shape / "repo", root)
    for path in list(root.rglob(f"{RENAMED}*")):
        path.rename(path.with_name(f".{path.name.removeprefix(RENAMED)}"))
    if shape not in WITHOUT_GIT:
        subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, check=True, capture_output=True)
    return root


def proposed(root: Path, choices: Choices | None = None) -> tuple[Proposal, Planned]:
    """What adoption proposes for a repository."""
    proposal = propose(survey(list_tree(root, project_files(root))), choices or Choices())
    return proposal, planned(proposal, root)
