"""Every instance of a revision is queried for what it serves, by its own address, before the revision counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline_kit.contract.serving import Answer
from pipeline_kit.deploy.clock import Clock
from pipeline_kit.deploy.failure import ReleaseError, UnreachedError
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.target import Instance, Rollout
from pipeline_kit.deploy.waiting import wait_until
from pipeline_kit.errors import Category, ModelError
from pipeline_kit.images.serve.golden_requests import Golden, answer_of, differences, differences_text, request_of

WITHIN_SECONDS = 6.0
"""A lost request must not roll a release back: a fault counts only if it lasts this long."""
UNREACHED_SECONDS = 15.0
"""No answer at all may be that of an instance that crashed, which its target takes a while to notice and explain."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What every instance must answer: on which port, which model, and which predictions within which tolerance."""

    port: int
    model_digest: str
    golden: Sequence[Golden] = ()
    tolerance: float = 0.0


class Unreached(str):
    """The message about an instance that did not answer at all."""

    __slots__ = ()


def verify_instances(
    rollout: Rollout, clock: Clock, allowed: Callable[[], None], content: Content, expected: Expected
) -> tuple[str, ...]:
    """The names of the instances that serve, all of which answered as they must.

    Raises ReleaseError naming the first that does not, or where none serves.
    """
    start = clock.seconds()
    problems: list[str] = []

    def look() -> tuple[str, ...] | None:
        allowed()
        serving = rollout.serving(content)
        wrong = (wrong_of_instance(instance, expected) for instance in serving.instances)
        problem = next((message for message in wrong if message), serving.problem)
        if problem is None and not serving.instances:
            problem = f"nothing serves {content.image}"
        if problem is None:
            return tuple(instance.name for instance in serving.instances)
        if fault := rollout.fault(content):  # instances that crash when they are queried, or objects that vanish
            raise fault
        problems.append(problem)
        if clock.seconds() - start >= doubt_seconds(problem):
            raise error_of(problem)
        return None

    names = wait_until(look, clock, UNREACHED_SECONDS)
    if names is None:
        raise error_of(problems[-1])
    return names


def doubt_seconds(problem: str) -> float:
    """How long this may be wrong before it counts."""
    return UNREACHED_SECONDS if isinstance(problem, Unreached) else WITHIN_SECONDS


def error_of(problem: str) -> ReleaseError:
    """The error for what is wrong with an instance that has not failed by the target's own report."""
    return UnreachedError(problem) if isinstance(problem, Unreached) else ReleaseError(problem, category=Category.MODEL)


def wrong_of_instance(instance: Instance, expected: Expected) -> str | None:
    """How an instance serves otherwise than it must, or None where all is right."""
    ready = instance.ask(expected.port, "GET", "/readyz")
    if ready is None:
        return Unreached(f"{instance} does not answer on port {expected.port}")
    if ready.status != 200:
        return f"{instance} is not ready: {beginning(ready)}"
    served = document_of(instance.ask(expected.port, "GET", "/model")).get("model_digest")
    if served != expected.model_digest:
        return f"{instance} serves the model {served or 'that it does not name'}, not {expected.model_digest}"
    problems = (wrong_of_request(instance, expected, golden) for golden in expected.golden)
    problem = next((message for message in problems if message), None)
    return f"{instance} {problem}" if problem else None


def wrong_of_request(instance: Instance, expected: Expected, golden: Golden) -> str | None:
    """How an instance's predictions differ from those of the model that was judged."""
    answer = instance.ask(expected.port, "POST", "/predict", request_of(golden.rows))
    if answer is None or answer.status != 200:
        return f"does not answer a golden request: {beginning(answer) if answer else 'no answer'}"
    try:
        predictions, model = answer_of(answer.body)
    except ModelError as error:
        return f"does not answer a golden request: {error.message}"
    if model != expected.model_digest:
        return f"answers a golden request by the model {model}"
    if len(predictions) != len(golden.predictions):
        return f"answers {len(golden.predictions)} golden rows with {len(predictions)} predictions"
    result = list(differences(golden, predictions, expected.tolerance))
    return f"predictions differ from the evaluation's: {differences_text(result)}" if result else None


def document_of(answer: Answer | None) -> Mapping[str, Any]:
    """The JSON object of an answer; empty if it is not one."""
    if answer is None or answer.status != 200:
        return {}
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def beginning(answer: Answer) -> str:
    """The status and the first words of an answer."""
    return f"{answer.status} {answer.body[:200].decode(errors='replace').strip()}"
