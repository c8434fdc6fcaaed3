"""The plan: order, events, matrices, and who reads whose results."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

import pytest

from pipeline_kit.contract.spec import OutputSpec, StageSpec
from pipeline_kit.descriptor.model import (
    Dataset,
    Descriptor,
    Environment,
    EventKind,
    EventPattern,
    Job,
    Kit,
    NeedsLimit,
    Position,
    Project,
    Secret,
    SecretType,
    When,
)
from pipeline_kit.descriptor.problem import DescriptorError
from pipeline_kit.plan.build import build_plan
from pipeline_kit.plan.drawing import as_json, as_mermaid, as_table
from pipeline_kit.plan.events import select
from pipeline_kit.plan.globs import matches_glob
from pipeline_kit.plan.model import Event, Plan

MODEL = OutputSpec("model", "model.bin", "model")
METRICS = OutputSpec("metrics", "metrics.json", "metrics")
SPECS = {
    "test": StageSpec("test", "tests", "sha256:0"),
    "train": StageSpec("train", "trains", "sha256:0", outputs=(MODEL,)),
    "evaluate": StageSpec("evaluate", "evaluates", "sha256:0", outputs=(METRICS,), consumes=("model",)),
    "gate": StageSpec("gate", "judges", "sha256:0", consumes=("metrics",), data_from="metrics", default_inputs=()),
    "package": StageSpec("package", "packs", "sha256:0", consumes=("model", "metrics"), default_inputs=()),
    "ship": StageSpec("ship", "ships", "sha256:0", consumes=("model", "metrics"), requires=("model", "metrics")),
    "deploy": StageSpec("deploy", "deploys", "sha256:0", changes_world=True),
}
MAIN = EventPattern(EventKind.PUSH, "main")
PUSH = EventPattern(EventKind.PUSH)
REQUEST = EventPattern(EventKind.MERGE_REQUEST)


def job(name: str, stage: str | None = None, *needs: str, **rest: Any) -> Job:
    return Job(name, stage or name, Position("pipeline-kit.yml", 1, 1), needs=needs, **rest)


def plan_of(*jobs: Job, **rest: Any) -> Plan:
    descriptor = Descriptor(Project("demo"), Kit("0.1.0"), {each.name: each for each in jobs}, **rest)
    return build_plan(descriptor, SPECS)


def names(plan: Plan) -> list[str]:
    return [each.name for each in plan.jobs]


def test_levels_are_longest_paths() -> None:
    """A job stands one level after the last of its needs."""
    plan = plan_of(job("d", "test", "b", "c"), job("c", "test", "b"), job("b", "test", "a"), job("a", "test"))
    assert {each.name: each.level for each in plan.jobs} == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert names(plan) == ["a", "b", "c", "d"]
    assert [len(level) for level in plan.levels()] == [1, 1, 1, 1]


def test_a_job_starts_on_what_starts_all_its_needs() -> None:
    """Default events are the intersection of the needs' events."""
    plan = plan_of(
        job("a", "test", events=(REQUEST, PUSH)),
        job("b", "test", events=(MAIN, REQUEST)),
        job("c", "test", "a", "b"),
        job("d", "test"),
    )
    assert plan.jobs[-1].name == "c"
    assert set(plan.jobs[-1].events) == {REQUEST, MAIN}
    assert {str(event) for event in plan.job("d").events} == {"merge_request", "push", "tag", "schedule", "manual"}


def test_to_start_where_a_need_does_not_is_an_error() -> None:
    """A descriptor that asks for it is refused with both lists."""
    with pytest.raises(DescriptorError, match="job b: starts on push, but its need a does not"):
        plan_of(job("a", "test", events=(MAIN,)), job("b", "test", "a", events=(PUSH,)))
    with pytest.raises(DescriptorError, match="no event starts all of its needs"):
        plan_of(job("a", "test", events=(MAIN,)), job("b", "test", events=(REQUEST,)), job("c", "test", "a", "b"))


def test_a_matrix_becomes_plain_jobs() -> None:
    """Each cell is a job with its values among the parameters; a need of the matrix is a need of every cell."""
    plan = plan_of(
        job("train", matrix={"rate": (0.1, 0.01), "depth": (2, 3)}, settings={"parameters": {"depth": 1, "x": 5}}),
        job("report", "test", "train"),
    )
    assert names(plan) == ["train_1", "train_2", "train_3", "train_4", "report"]
    assert plan.job("train_2").settings["parameters"] == {"depth": 3, "x": 5, "rate": 0.1}
    assert plan.job("train_2").cell == {"rate": 0.1, "depth": 3}
    assert plan.job("report").needs == ("train_1", "train_2", "train_3", "train_4")


def test_two_hundred_jobs_are_the_most() -> None:
    """A matrix that grew by accident is refused before a server meets it."""
    with pytest.raises(DescriptorError, match="the plan has 201 jobs, 200 is the most"):
        plan_of(job("train", matrix={"seed": tuple(range(201))}))


def test_fifty_needs_are_the_most() -> None:
    """A server's own limit, reported where it can be changed."""
    jobs = (job("train", matrix={"seed": tuple(range(51))}), job("report", "test", "train"))
    with pytest.raises(DescriptorError, match="needs the results of 51 jobs") as caught:
        plan_of(*jobs, needs_limit=NeedsLimit(50, "GitLab"))
    assert "50 is GitLab's limit" in str(caught.value)
    assert len(plan_of(*jobs).jobs) == 52


def test_a_stage_takes_what_it_consumes_from_the_nearest_maker() -> None:
    """The package reads the model of two jobs before it, though it only needs the gate."""
    plan = plan_of(
        job("old", "train"),
        job("train", "train", "old"),
        job("evaluate", "evaluate", "train"),
        job("gate", "gate", "evaluate"),
        job("package", "package", "gate"),
    )
    assert plan.job("package").takes == ("train", "evaluate", "gate")
    assert plan.job("package").needs == ("gate",)


def test_what_a_stage_cannot_do_without_must_be_made_before_it() -> None:
    """Told with the plan, not after an hour of training; the hint names who makes it, or a stage that would."""
    jobs = (job("train"), job("evaluate", "evaluate", "train"))
    with pytest.raises(DescriptorError, match="job ship: no job before it makes its metrics") as caught:
        plan_of(*jobs, job("ship", "ship", "train"))
    assert "let it need evaluate" in str(caught.value)
    with pytest.raises(DescriptorError, match="job ship: no job before it makes its model, metrics") as caught:
        plan_of(job("ship"))
    assert "let it need a job of the stage train or evaluate" in str(caught.value)
    assert plan_of(*jobs, job("ship", "ship", "evaluate")).job("ship").takes == ("train", "evaluate")


def test_two_makers_at_the_same_distance_must_be_told_apart() -> None:
    """What is ambiguous is an error that says how to mend it, and that works."""
    jobs = (job("one", "train"), job("two", "train"))
    with pytest.raises(DescriptorError, match=r"more than one job makes a model: one, two") as caught:
        plan_of(*jobs, job("evaluate", "evaluate", "one", "two"))
    assert "one.model" in str(caught.value)
    plan = plan_of(*jobs, job("evaluate", "evaluate", "one", "two", inputs=("two.model",)))
    assert plan.job("evaluate").takes == ("one", "two")


def test_the_maker_that_is_named_is_the_nearest() -> None:
    """A stage takes the last maker's model, so the one that its inputs name stands last, wherever the plan has it."""
    jobs = (job("one", "train"), job("two", "train"))
    plan = plan_of(*jobs, job("evaluate", "evaluate", "one", "two", inputs=("one.model",)))
    assert plan.job("evaluate").takes == ("two", "one")


def test_the_gate_reads_the_data_that_the_evaluation_read() -> None:
    """The baseline is scored on the same rows, so the gate has them too."""
    data = {name: Dataset(name, PurePosixPath(f"{name}.csv")) for name in ("train", "test")}
    plan = plan_of(
        job("train", inputs=("data.train",)),
        job("evaluate", "evaluate", "train", inputs=("data.test",)),
        job("gate", "gate", "evaluate"),
        data=data,
    )
    assert plan.job("train").datasets == ("train",)
    assert plan.job("gate").datasets == ("test",)


def test_a_fork_gets_no_secrets_and_no_deploy() -> None:
    """Whatever has a secret or an environment, and all that needs it, is left out."""
    plan = plan_of(
        job("test"),
        job("fetch", "test", secrets=("token",)),
        job("after", "test", "fetch"),
        job("deploy", "deploy", "test", environment="staging"),
        secrets={"token": Secret("token", SecretType.TEXT)},
        environments={"staging": Environment("staging", 0)},
    )
    event = Event(EventKind.MERGE_REQUEST, branch="topic")
    assert names(select(plan, event)) == ["test", "fetch", "after", "deploy"]
    assert names(select(plan, Event(EventKind.MERGE_REQUEST, branch="topic", fork=True))) == ["test"]


def test_changes_narrow_merge_requests_only() -> None:
    """A push runs the job whatever changed; what needs a job that is left out is left out too."""
    plan = plan_of(job("test", changes=("src/**",)), job("other", "test"), job("after", "test", "test"))
    outside = Event(EventKind.MERGE_REQUEST, changed=("docs/a.md",))
    assert names(select(plan, outside)) == ["other"]
    inside = Event(EventKind.MERGE_REQUEST, changed=("docs/a.md", "src/x/y.py"))
    assert names(select(plan, inside)) == ["test", "other", "after"]
    assert names(select(plan, Event(EventKind.PUSH, branch="main"))) == ["test", "other", "after"]
    assert plan.job("after").changes == ("src/**",)


def test_two_lists_of_changes_cannot_be_asked_for_at_once() -> None:
    """Neither server can say that both must match."""
    with pytest.raises(DescriptorError, match="its `changes` differ"):
        plan_of(job("a", "test", changes=("a/**",)), job("b", "test", "a", changes=("b/**",)))


def test_nothing_is_interrupted_from_the_first_deploy_on() -> None:
    """A newer push cancels an older pipeline up to there, never after."""
    plan = plan_of(job("test"), job("deploy", "deploy", "test"), job("after", "test", "deploy"))
    assert [each.interruptible for each in plan.jobs] == [True, False, False]


def test_the_plan_is_drawn() -> None:
    """As a table, as JSON whose jobs are objects, and as Mermaid."""
    plan = plan_of(job("a", "test"), job("b", "test", "a", when=When.MANUAL))
    assert as_table(plan).splitlines()[1].split()[:3] == ["0", "a", "test"]
    document = json.loads(json.dumps(as_json(plan)))
    assert {"name", "stage", "level", "needs", "when"} <= set(document["jobs"][0])
    assert document["jobs"][1]["when"] == "manual"
    assert as_mermaid(plan).splitlines() == ["flowchart LR", '    a["a"]', '    b(["b"])', "    a --> b"]


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("src/**", "src/a/b.py", True),
        ("src/**", "srcs/a.py", False),
        ("*.py", "a.py", True),
        ("*.py", "a/b.py", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "x/y/a.py", True),
        ("src", "src/a.py", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a.b", "aXb", False),
        ("[x]", "[x]", True),
    ],
)
def test_globs(glob: str, path: str, matches: bool) -> None:
    """One star stays within a folder, two cross folders, and nothing else is special."""
    assert matches_glob(glob, path) is matches


def test_a_setting_is_found_by_its_path() -> None:
    """As stages name the settings that name files."""
    planned = plan_of(job("test", settings={"baseline": {"from": "a.tar"}, "x": 1})).jobs[0]
    assert (planned.setting("baseline.from"), planned.setting("x"), planned.setting("x.y")) == ("a.tar", 1, None)
