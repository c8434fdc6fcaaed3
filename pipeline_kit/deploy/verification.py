"""Asking the pods of a release what they serve: every one of them, by its own address."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline_kit.contract.cluster import Cluster, PodRequest
from pipeline_kit.contract.serving import Answer
from pipeline_kit.errors import ModelError
from pipeline_kit.images.golden import Golden, answer_of, differences, request_of, told


@dataclass(frozen=True, slots=True)
class Expected:
    """What every pod must answer: on which port, which model, and which predictions within which tolerance."""

    port: int
    model_digest: str
    golden: Sequence[Golden] = ()
    tolerance: float = 0.0


class Unreached(str):
    """The words about a pod that did not answer at all."""

    __slots__ = ()


def wrong_of_pod(cluster: Cluster, namespace: str, pod: str, expected: Expected) -> str | None:
    """What a pod serves otherwise than it should, in words; none where all is right."""
    ready = cluster.ask(namespace, pod, PodRequest(expected.port, "GET", "/readyz"))
    if ready is None:
        return Unreached(f"pod {pod} does not answer on port {expected.port}")
    if ready.status != 200:
        return f"pod {pod} is not ready: {beginning(ready)}"
    asked = cluster.ask(namespace, pod, PodRequest(expected.port, "GET", "/model"))
    served = document_of(asked).get("model_digest")
    if served != expected.model_digest:
        return f"pod {pod} serves the model {served or 'that it does not name'}, not {expected.model_digest}"
    problems = (wrong_of_request(cluster, namespace, pod, expected, each) for each in expected.golden)
    found = next((each for each in problems if each), None)
    return f"pod {pod} {found}" if found else None


def wrong_of_request(cluster: Cluster, namespace: str, pod: str, expected: Expected, golden: Golden) -> str | None:
    """How a pod's predictions differ from those of the model that was judged."""
    request = PodRequest(expected.port, "POST", "/predict", request_of(golden.rows))
    answer = cluster.ask(namespace, pod, request)
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
    found = list(differences(golden, predictions, expected.tolerance))
    return f"predicts otherwise than the model that was judged: {told(found)}" if found else None


def document_of(answer: Answer | None) -> Mapping[str, Any]:
    """The JSON object of an answer; empty where it is none."""
    if answer is None or answer.status != 200:
        return {}
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def beginning(answer: Answer) -> str:
    """The status and the first words of an answer."""
    return f"{answer.status} {answer.body[:200].decode(errors='replace').strip()}"


def living(pods: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The pods that are not being deleted and have not ended."""
    for pod in pods:
        ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if not ended and not pod["metadata"].get("deletionTimestamp"):
            yield pod
