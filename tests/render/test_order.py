"""The order on Jenkins: levels, and questions after all that waits for nobody."""

from __future__ import annotations

from pipeline_kit.descriptor.model import EventKind, EventPattern, When
from pipeline_kit.plan.model import Plan
from pipeline_kit.servers.jenkins.barriers import added_order
from pipeline_kit.servers.jenkins.levels import jenkins_levels
from pipeline_kit.servers.jenkins.server import SERVER
from tests.render.plans import STAGING, descriptor, job, plan

MANUAL = {"when": When.MANUAL}


def levels(made: Plan) -> list[list[str]]:
    """The names by level."""
    return [[each.name for each in level] for level in jenkins_levels(made)]


def test_without_questions_the_levels_are_the_plan_s() -> None:
    """Each job stands at its longest path."""
    made = plan(job("a"), job("b"), job("c", "a", level=1), job("d", "c", "b", level=2))
    assert levels(made) == [["a", "b"], ["c"], ["d"]]


def test_a_question_comes_after_all_that_does_not_wait_for_it() -> None:
    """A build stands still while it asks: the long chain beside the question runs before."""
    made = plan(
        job("a"), job("ask", "a", level=1, **MANUAL), job("after", "ask", level=2),
        job("b", "a", level=1), job("c", "b", level=2), job("d", "c", level=3),
    )  # fmt: skip
    assert levels(made) == [["a"], ["b"], ["c"], ["d"], ["ask"], ["after"]]
    assert added_order(made) == ("on Jenkins ask also waits for d to end",)


def test_the_second_question_comes_after_what_the_first_lets_run() -> None:
    """Of two questions in a row, all that waits for one of them only comes between."""
    made = plan(
        job("one", **MANUAL), job("two", "one", level=1, **MANUAL), job("end", "two", level=2),
        job("x", "one", level=1), job("y", "x", level=2), job("other", level=0, **MANUAL),
    )  # fmt: skip
    assert levels(made) == [["one", "other"], ["x"], ["y"], ["two"], ["end"]]


def test_the_point_of_no_return_stands_before_the_first_job_that_may_not_be_interrupted() -> None:
    """Wherever the questions have moved it."""
    made = plan(
        job("a"), job("ask", level=0, **MANUAL), job("deploy", "a", level=1, interruptible=False, environment=STAGING)
    )
    text = SERVER.render(made, descriptor())
    assert text.index("stage('a')") < text.index("stage('no return')") < text.index("stage('deploy')")
    assert text.index("stage('deploy')") < text.index("stage('ask')")
    assert text.count("stage('no return')") == 1


def test_a_job_of_one_kind_of_event_asks_for_it_though_all_jobs_have_it() -> None:
    """Jenkins has no `workflow`: it builds tags and change requests too, whatever the jobs wait for."""
    made = plan(
        job("a", events=(EventPattern(EventKind.PUSH),)), job("b", "a", level=1, events=(EventPattern(EventKind.PUSH),))
    )
    text = SERVER.render(made, descriptor())
    assert text.count("not { changeRequest() }") == 1
    assert text.index("not { buildingTag() }") < text.index("stage('b')")
