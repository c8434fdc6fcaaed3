"""The machine and the commit that figures belong to; never a host's name or a path."""

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
    """When and on what the figures were taken."""

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
    """The commit that is measured, and whether files differ from it; this script's own results aside."""
    head = said("git", "rev-parse", "--short", "HEAD")
    changed = said("git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)benchmarks/*.md")
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


def said(*words: str) -> str:
    """What a command prints, without its line end; nothing where it fails or is not there."""
    try:
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
