"""What is measured of a running image, and the document of metrics that a gate judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline_kit.contract.serving import Server
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.gates.evidence import VERSION, Evidence
from pipeline_kit.gates.task import Task
from pipeline_kit.images.serve.golden_requests import Golden, request_of

DATASET = "image"


@dataclass(slots=True)
class Measures:
    """Figures by name; what could not be measured is in `undefined`, with the reason."""

    rows: int = 0
    figures: dict[str, float | int] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)

    def take(self, name: str, value: float | int | None, otherwise: str) -> None:
        """Records a figure, or the reason why it is missing."""
        if value is None:
            self.undefined[name] = otherwise
        else:
            self.figures[name] = value


def measure(server: Server, measures: Measures, goldens: Sequence[Golden], requests: int) -> None:
    """Times requests of one row, taking the rows in turn, and asks for the memory after them."""
    rows = [row for golden in goldens for row in golden.rows]
    seconds = []
    for number in range(requests):
        answer = server.ask("POST", "/predict", request_of([rows[number % len(rows)]]))
        if answer is not None and answer.status == 200:
            seconds.append(answer.seconds)
    lost = requests - len(seconds)
    why = f"{lost} of {requests} requests had no prediction"
    for name, share in (("latency_p50_seconds", 0.50), ("latency_p95_seconds", 0.95)):
        measures.take(name, None if lost else quantile(seconds, share), why)
    measures.take("memory_bytes", server.memory_bytes(), "the memory of a process cannot be read on this machine")
    measures.rows += requests


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least that share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def document(measures: Measures, model: str, digest: str, evaluated: Evidence | None) -> dict[str, Value]:
    """The metrics as a gate reads them: one dataset, called image, its digest the image's."""
    metrics: Mapping[str, Value] = dict(measures.figures)
    dataset: Value = {
        "digest": digest,
        "rows": measures.rows,
        "metrics": metrics,
        "undefined": dict(measures.undefined),
        "slices": {},
        "curves": {},
    }
    return {
        "version": VERSION,
        "model": model,
        "task": (evaluated.task if evaluated else Task.BINARY).value,
        "positive": evaluated.positive if evaluated else "1",
        "bins": evaluated.bins if evaluated else 10,
        "datasets": {DATASET: dataset},
    }
