"""Where the linter's cases are, and how one is linted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline_kit.lint.finding import Finding
from pipeline_kit.servers.lint import check_file
from tests.conftest import ROOT

CASES = ROOT / "tests" / "cases" / "lint"
GITLAB, JENKINS = ".gitlab-ci.yml", "Jenkinsfile"
VALID = sorted((CASES / "valid").iterdir())
BROKEN = sorted(CASES.glob("broken/*"))
RENDERED = sorted(
    [
        *ROOT.glob("tests/cases/render/*/gitlab-ci.yml"),
        *ROOT.glob("tests/cases/render/*/Jenkinsfile"),
        *ROOT.glob("examples/*/.gitlab-ci.yml"),
        *ROOT.glob("examples/*/Jenkinsfile"),
        *(path for path in (ROOT / GITLAB, ROOT / JENKINS) if path.exists()),
    ]
)


def lint(path: Path) -> Sequence[Finding]:
    """The findings in a file of the corpus, whose name says whose it is."""
    return check_file(GITLAB if path.suffix == ".yml" else JENKINS, path.read_bytes())


def findings(text: str, name: str = GITLAB) -> list[str]:
    """The rules of the findings in a text."""
    return [each.rule for each in check_file(name, text.encode())]
