"""The chain of environments: no job releases to one before another has verified the image in the one before."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_kit.contract.spec import OutputSpec, StageSpec
from pipeline_kit.descriptor.model import Descriptor, Environment, Job, Kit, Position, Project
from pipeline_kit.descriptor.problem import DescriptorError
from pipeline_kit.plan.build import build_plan
from pipeline_kit.plan.model import Plan

RELEASE = OutputSpec("release", "release.json", "release")
PUSHED = OutputSpec("pushed", "pushed.json", "pushed")
SPECS = {
    "push": StageSpec("push", "pushes", "sha256:0", outputs=(PUSHED,), changes_world=True),
    "test": StageSpec("test", "tests", "sha256:0"),
    "deploy": StageSpec("deploy", "deploys", "sha256:0", outputs=(RELEASE,), consumes=("release",), changes_world=True),
}
CHAIN = {name: Environment(name, order) for order, name in enumerate(("staging", "production"))}


PUSH = Job("upload", "push", Position("pipeline-kit.yml", 1, 1))


def plan_of(*jobs: Job) -> Plan:
    jobs = (PUSH, *jobs)
    return build_plan(Descriptor(Project("demo"), Kit("0.1.0"), {j.name: j for j in jobs}, environments=CHAIN), SPECS)


def deploy(name: str, *needs: str, **rest: Any) -> Job:
    return Job(name, "deploy", Position("pipeline-kit.yml", 1, 1), needs=needs, **rest)


def test_one_environment_after_the_other() -> None:
    """A release to the second takes what the first has left, also with jobs in between."""
    between = Job("smoke", "test", Position("pipeline-kit.yml", 1, 1), needs=("first",))
    plan = plan_of(
        deploy("first", "upload", environment="staging"), between, deploy("second", "smoke", environment="production")
    )
    assert plan.jobs[-1].name == "second"
    assert plan.jobs[-1].takes == ("first", "smoke")


def test_an_environment_that_is_passed_over() -> None:
    """It is named, and so is what to do."""
    with pytest.raises(DescriptorError, match="has verified the image in staging") as raised:
        plan_of(deploy("first", "upload", environment="staging"), deploy("second", "upload", environment="production"))
    assert "needs the job" in str(raised.value) or "let it need the job" in str(raised.value.problems[0].hint)


def test_a_release_to_nowhere() -> None:
    """A job that releases says to which environment."""
    with pytest.raises(DescriptorError, match="no environment to release to"):
        plan_of(deploy("first"))


def test_a_release_of_nothing() -> None:
    """A job that releases needs a push before it, or says which image it means."""
    with pytest.raises(DescriptorError, match="no job before it pushes an image"):
        plan_of(deploy("first", environment="staging"))
    named = deploy("first", environment="staging", settings={"image": "registry.example/fraud@sha256:" + "0" * 64})
    assert {each.name for each in plan_of(named).jobs} == {"first", "upload"}
