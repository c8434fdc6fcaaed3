"""Metrics of an image that runs, whatever its model predicts: the stage `test_image` measures them."""

from __future__ import annotations

from pipeline_kit.gates.metric import Direction, Metric


def _measured(name: str, about: str) -> Metric:
    return Metric(name, Direction.LOWER, 0, None, frozenset(), about)


STARTUP_SECONDS = _measured("startup_seconds", "From the image's start until it is ready.")
LATENCY_P50_SECONDS = _measured("latency_p50_seconds", "Median time of a request of one row.")
LATENCY_P95_SECONDS = _measured("latency_p95_seconds", "What 95 of 100 requests do not exceed.")
MEMORY_BYTES = _measured("memory_bytes", "The most memory that the running image has used.")
