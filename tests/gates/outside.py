"""A package with a metric and a rule, installed from the pages that say how to write them."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import ROOT
from tests.docs.pages import steps_of
from tests.plugins import install_package

NAME = "acme-gates"
POINTS = {
    "pipeline_kit.metrics": {"specificity": "acme_specificity:SPECIFICITY"},
    "pipeline_kit.rules": {"mcnemar": "acme_mcnemar:MCNEMAR"},
}


def install(site: Path) -> Path:
    """The package in a folder for the import path: a file for the metric and a file for the rule."""
    files = {"acme_specificity.py": code_of("metrics"), "acme_mcnemar.py": code_of("rules")}
    return install_package(site, NAME, files, POINTS)


def code_of(page: str) -> str:
    """The first block of Python on a page for contributors."""
    steps = steps_of(ROOT / "docs" / "contributing" / f"{page}.md")
    return next(step.text for step in steps if step.language == "python")
