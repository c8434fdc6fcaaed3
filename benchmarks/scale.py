"""The sizes of the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of the benchmarks. The targets are for FULL; TINY only shows that the scripts work."""

    pairs: int = 25  # of short commands
    long_pairs: int = 7  # of what takes seconds
    descriptors: int = 1000
    stages: int = 10
    jobs: int = 4
    more_jobs: int = 20
    planned_jobs: int = 200
    megabytes: int = 256
    dependency_megabytes: int = 500
    model_megabytes: int = 200
    image_rounds: int = 3
    image_seconds: float = 100  # after which no round of a change begins


FULL = Scale()
TINY = Scale(
    pairs=1,
    long_pairs=1,
    descriptors=3,
    stages=2,
    jobs=2,
    more_jobs=2,
    planned_jobs=5,
    megabytes=1,
    dependency_megabytes=2,
    model_megabytes=1,
    image_rounds=1,
)
