"""Repositories as they really are: what is proposed for each, and that it loads, plans and runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.adopt.write.summary import summary_lines
from pipeline_kit.catalog import Catalog, Specs
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.plan.build import build_plan
from tests.adopt.shapes import CASES, SHAPES, on_disk, proposed


def golden(path: Path, text: str) -> None:
    """Compares with the file, or writes it where that is asked for."""
    if os.environ.get("PIPELINE_KIT_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, path


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_proposed_and_said(shape: str, tmp_path: Path) -> None:
    """The descriptor with its comments, the words beside it, the further files: each as it was read and found good."""
    proposal, planned = proposed(on_disk(shape, tmp_path))
    golden(CASES / shape / "pipeline-kit.yml", planned.text)
    golden(CASES / shape / "expected.txt", "\n".join(summary_lines(proposal)) + "\n")
    for name, text in proposal.files.items():
        if name != "ci/as_job.py":
            golden(CASES / shape / "files" / name, text)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_proposal_loads_and_plans(shape: str, tmp_path: Path) -> None:
    """Where it stands in the repository, with no problem told and every job in the plan."""
    root = on_disk(shape, tmp_path)
    (root / "pipeline-kit.yml").write_text((CASES / shape / "pipeline-kit.yml").read_text())
    specs = Specs(root)
    descriptor = load_descriptor(root, Catalog(specs.project))
    plan = build_plan(descriptor, specs)
    assert {job.name for job in plan.jobs} == set(descriptor.jobs)


def test_there_are_enough_shapes(count: Callable[[str, int], None]) -> None:
    """The issue asks for twelve; the number is printed."""
    count("shapes of repositories: proposed, loaded and planned", len(SHAPES))
    assert len(SHAPES) >= 14
