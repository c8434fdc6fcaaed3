"""Waiting for a condition of the cluster: asked again with a bounded backoff, until it holds or the time is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pipeline_kit.deploy.clock import Clock

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 2.0

Found = TypeVar("Found")


def wait_until(look: Callable[[], Found | None], clock: Clock, within_seconds: float) -> Found | None:
    """What `look` finds as soon as it finds something; none when the time is over. It looks at least once."""
    end, pause = clock.seconds() + within_seconds, FIRST_SECONDS
    while (found := look()) is None:
        left = end - clock.seconds()
        if left <= 0:
            return None
        clock.wait(min(pause, left))
        pause = min(1.5 * pause, LONGEST_SECONDS)
    return found
