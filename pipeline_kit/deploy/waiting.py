"""Waiting for a condition of a target: looked at with growing pauses, until it holds or the time is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pipeline_kit.deploy.clock import Clock
from pipeline_kit.retry import Retry

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 2.0

Result = TypeVar("Result")


def wait_until(look: Callable[[], Result | None], clock: Clock, within_seconds: float) -> Result | None:
    """What `look` returns as soon as that is not None; None when the time is over. Looks at least once."""
    policy = Retry(
        FIRST_SECONDS, LONGEST_SECONDS, 1.5, total_seconds=within_seconds, clock=clock.seconds, sleep=clock.wait
    )
    return policy.poll(look)
