"""The retry policy, on a clock that the test turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from pipeline_kit.retry import Retry


@dataclass
class Clock:
    """A clock that moves by what is slept, and notes it."""

    now: float = 100.0
    pauses: list[float] = field(default_factory=list)

    def seconds(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(round(seconds, 3))
        self.now += seconds


def policy(clock: Clock, **changes: Any) -> Retry:
    """A policy that doubles its pauses from 1 s to 8 s, on that clock."""
    return Retry(
        **{"first_seconds": 1.0, "longest_seconds": 8.0, "clock": clock.seconds, "sleep": clock.sleep, **changes}
    )


def test_pauses_grow_to_the_longest_and_none_follows_the_last_try() -> None:
    """Six tries have five pauses between them."""
    clock = Clock()
    assert [attempt.number for attempt in policy(clock, tries=6).attempts()] == [1, 2, 3, 4, 5, 6]
    assert clock.pauses == [1, 2, 4, 8, 8]


def test_a_caller_that_returns_ends_the_tries() -> None:
    """What succeeds is not tried again, and not waited for."""
    clock = Clock()
    next(policy(clock, tries=6).attempts())
    assert clock.pauses == []


def test_the_callers_number_of_tries_overrides_the_policys() -> None:
    """Upwards and downwards."""
    clock = Clock()
    assert len(list(policy(clock, tries=3).attempts(1))) == 1
    assert len(list(policy(clock, tries=3).attempts(5))) == 5


@pytest.mark.parametrize(
    ("demanded", "pause"), [(None, 1.0), (0.0, 1.0), (0.5, 1.0), (3.0, 3.0), (8.0, 8.0), (86_400.0, 8.0)]
)
def test_retry_after_makes_a_pause_longer_up_to_the_longest(demanded: float | None, pause: float) -> None:
    """It never makes one shorter, and a server cannot stall the kit for a day."""
    clock = Clock()
    for attempt in policy(clock, tries=2).attempts():
        attempt.retry_after_seconds = demanded
    assert clock.pauses == [pause]


def test_retry_after_counts_for_one_pause() -> None:
    """The next pause grows as if it had not been."""
    clock = Clock()
    for attempt in policy(clock, tries=4).attempts():
        if attempt.number == 1:
            attempt.retry_after_seconds = 5.0
    assert clock.pauses == [5, 2, 4]


def test_the_last_try_comes_when_the_total_time_is_over() -> None:
    """The pause before it is cut; a try's own time counts too."""
    clock = Clock()
    moments = []
    for _ in policy(clock, total_seconds=10.0).attempts():
        moments.append(clock.now - 100.0)
        clock.now += 0.5
    assert moments == [0, 1.5, 4.0, 8.5, 10.0]


def test_no_time_means_one_try() -> None:
    """And so does a try that takes longer than the total time."""
    clock = Clock()
    assert len(list(policy(clock, total_seconds=0.0).attempts())) == 1
    for _ in policy(clock, total_seconds=5.0).attempts():
        clock.now += 6
    assert clock.pauses == []


def test_the_announced_pause_is_the_one_that_is_made() -> None:
    """Also with jitter, which stays within its bounds."""
    clock = Clock()
    announced = [attempt.pause_seconds() for attempt in policy(clock, tries=50, jitter=0.2).attempts()]
    assert announced.pop() is None
    assert [round(pause or 0, 3) for pause in announced] == clock.pauses
    assert 0.8 <= clock.pauses[0] <= 1.0
    assert 6.4 <= min(clock.pauses[3:]) <= max(clock.pauses) <= 8.0
    assert len(set(clock.pauses[3:])) > 1


def test_a_policy_without_limits_does_not_overflow() -> None:
    """A power of a float does, from 1024 doublings on."""
    clock = Clock()
    for attempt in policy(clock).attempts():
        if attempt.number == 3000:
            break
    assert clock.pauses[-1] == 8.0


def test_polling_returns_the_first_result_that_is_not_none() -> None:
    """False and 0 are results; None at the end means that the time is over."""
    clock = Clock()
    results = iter([None, None, 0])
    assert policy(clock, tries=9).poll(lambda: next(results)) == 0
    assert clock.pauses == [1, 2]
    assert policy(clock, tries=2).poll(lambda: None) is None
