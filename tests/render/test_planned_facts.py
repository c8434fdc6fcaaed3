"""What the plan says of each job of a CI file, and what its text says, are the same: `render --diff` compares them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline_kit.contract.stage_file import read_spec
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.plan.build import build_plan
from pipeline_kit.render.project import RenderedProject
from pipeline_kit.servers.project import render_project
from tests.conformance.case import CASES
from tests.conformance.executors import STAGES, StagesOfTheTests
from tests.render.plans import full
from tests.render.test_golden_files import NAMES, rendered


def projects() -> Iterator[tuple[str, RenderedProject]]:
    """Every descriptor of the tests that renders: the golden ones, those of the conformance tests, and a full plan."""
    yield "full", render_project(*full())
    for name in NAMES:
        yield name, rendered(name)
    specs = {folder.name: read_spec(folder) for folder in STAGES}
    for case in CASES.values():
        descriptor = load_descriptor(case.descriptor.parent, StagesOfTheTests(specs))
        yield case.name, render_project(build_plan(descriptor, specs), descriptor)


@pytest.mark.parametrize("file", [".gitlab-ci.yml", "Jenkinsfile"])
def test_the_plan_and_the_text_agree_on_every_job(file: str) -> None:
    """For every descriptor of the tests, field by field."""
    seen = 0
    for name, project in projects():
        server = project.servers[file]
        assert dict(server.facts(project.files[file])) == dict(server.planned(project.plan, project.descriptor)), name
        seen += 1
    assert seen > 80
