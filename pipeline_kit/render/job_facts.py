"""What a CI file on disk means, job by job, as far as its text shows: for a comparison in sentences."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class JobFacts:
    """What is known of one job; empty where the file says nothing."""

    needs: set[str] = field(default_factory=set)
    starts: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    manual: bool = False
    interruptible: bool = True
    timeout: str = ""
    image: str = ""
    runner: str = ""
    lock: str = ""
    environment: str = ""
