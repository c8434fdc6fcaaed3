"""Runs pip, again where the network failed: pip's output separates that from a lock file that it refuses."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from pipeline_kit.adapters.python.interpreters import base_python
from pipeline_kit.contract.ports import Completed
from pipeline_kit.retry import Retry

RETRY = Retry(first_seconds=2.0, longest_seconds=30.0, factor=4.0, tries=3)
NETWORK = re.compile(
    r"Read timed out|ConnectionError|NewConnectionError|Connection (?:reset|refused|aborted)|Temporary failure in name"
    r"|Could not fetch URL|ProxyError|ConnectTimeout|IncompleteRead|50[0234] (?:Server )?Error|SSLError|No space left",
    re.IGNORECASE,
)


def run_pip(run: Callable[[], Completed], log: Callable[[str], None]) -> Completed:
    """The last run of a pip command, run again while the network fails."""
    for attempt in RETRY.attempts():
        done = run()
        if done.exit_code == 0 or not network_failed(done):
            break
        if (pause := attempt.pause_seconds()) is not None:
            log(f"the network failed; trying again in {pause:.0f} s")
    return done


def network_failed(done: Completed) -> bool:
    """Whether pip reported a failure of the network or the disk."""
    return NETWORK.search("\n".join(done.tail)) is not None


def last_error(done: Completed) -> str:
    """The last line that reports an error, else the last one that is not empty."""
    errors = [line for line in done.tail if line.startswith("ERROR")]
    return (errors or [line for line in done.tail if line.strip()] or ["no output"])[-1].strip()


def pip_command() -> list[str]:
    """The command that runs pip: this environment's, else that of the Python which made the environment."""
    python = Path(sys.executable) if find_spec("pip") else base_python()
    return [str(python), "-m", "pip"]
