"""The machine and the commit of the measurements, without host names or paths."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Machine:
    """Time, commit and machine of the measurements."""

    date: str
    commit: str
    cores: int
    processor: str
    load: str


def this_machine() -> Machine:
    """This machine, now."""
    return Machine(
        date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        commit=commit(),
        cores=cores(),
        processor=processor(),
        load=f"{os.getloadavg()[0]:.1f}",
    )


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def commit() -> str:
    """The measured commit, and whether files differ from it; the pages of results do not count."""
    head = output_of("git", "rev-parse", "--short", "HEAD")
    changed = output_of("git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)benchmarks/*.md")
    return f"{head or 'unknown'}{' with changes' if changed else ''}"


def processor() -> str:
    """The processor's name."""
    path = Path("/proc/cpuinfo")
    names = (
        [line.partition(":")[2].strip() for line in path.read_text().splitlines() if line.startswith("model name")]
        if path.exists()
        else []
    )
    return names[0] if names else platform.processor() or platform.machine()


def output_of(*words: str) -> str:
    """The output of a command without its line end; empty where it fails or is missing."""
    try:
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
