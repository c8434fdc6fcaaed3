"""Wheels of lock files, for any Python and platform: fetched by pip once, found again by digest.

The indexes are those that pip is configured with. No code of a package runs: only wheels are taken.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pipeline_kit.adapters.files import empty_folder, locked, write_atomically
from pipeline_kit.adapters.process.run import run_process
from pipeline_kit.adapters.python.environments import FIRST_WAIT_SECONDS, NETWORK, TRIES, base_python, clean, last
from pipeline_kit.contract.digest import digest_file, digest_json
from pipeline_kit.contract.lock import MACHINES, Lock, read_pins, target_markers
from pipeline_kit.contract.ports import Completed
from pipeline_kit.errors import InfrastructureError, ProjectError

NEWEST_C_LIBRARY = 36  # glibc 2.36, of Debian 12; a wheel that needs a newer one would not start there
OLDEST_C_LIBRARY = {"x86_64": 5, "aarch64": 17}
OLDER_TAGS = {"x86_64": ("manylinux2014", "manylinux2010", "manylinux1"), "aarch64": ("manylinux2014",)}
LACKING = re.compile(r"No matching distribution found for (\S+)")


@dataclass(frozen=True, slots=True)
class Target:
    """What wheels are fetched for: a lock file's name, a Python, a platform."""

    lock: str
    python: str
    platform: str

    def __str__(self) -> str:
        return f"{self.lock} for Python {self.python} on {self.platform}"


class PipWheels:
    """Fetches and finds wheelhouses under the user's cache folder, by the digest of lock, Python and platform."""

    def __init__(self, cache: Path, variables: Mapping[str, str], log: Callable[[str], None]) -> None:
        self.cache = cache
        self.variables = variables
        self.log = log

    def wheelhouse(self, lock: Path, *, python: str, platform: str) -> Path:
        """A folder that holds a wheel for each requirement of the lock file, and nothing else; made once.

        Raises ProjectError where a requirement has no wheel for that Python and platform, or is not pinned;
        InfrastructureError where the network failed three times.
        """
        if platform not in MACHINES:
            raise ProjectError(f"no wheels are known for {platform}", hint=f"one of {', '.join(MACHINES)}")
        if not lock.is_file():
            raise ProjectError(f"there is no lock file {lock.name}", hint="freeze the requirements of serving into it")
        pins = read_pins(lock.read_text(encoding="utf-8"), target_markers(python, platform))
        if pins.faults:
            raise ProjectError(f"{lock.name} pins no exact set of wheels: {pins.faults[0]}", hint="pin each with ==")
        digest = digest_json({"lock": digest_file(lock), "python": python, "platform": platform})
        folder = self.cache / digest.removeprefix("sha256:")[:32]
        ready = folder.with_suffix(".json")
        with locked(folder.with_suffix(".lock")):
            if not is_ready(folder, ready):
                ready.unlink(missing_ok=True)
                self.fetch(folder, pins, Target(lock.name, python, platform))
                sizes = {each.name: each.stat().st_size for each in folder.iterdir()}
                write_atomically(ready, json.dumps(sizes, indent=1, sort_keys=True))
        return folder

    def fetch(self, folder: Path, pins: Lock, target: Target) -> None:
        """Fetches every wheel; tries again where the network failed."""
        empty_folder(folder)
        if not pins.pins:
            return
        self.log(f"fetching the wheels of {target}, once")
        requirements = folder.with_suffix(".requirements.txt")
        lines = [*pins.options, *(pin.requirement for pin in pins.pins.values())]
        write_atomically(requirements, "\n".join(lines) + "\n", lasting=False)
        try:
            self.download(folder, requirements, pins, target)
        finally:
            requirements.unlink(missing_ok=True)

    def download(self, folder: Path, requirements: Path, pins: Lock, target: Target) -> None:
        """Runs pip until it succeeds, refuses, or the network failed too often."""
        command = [*pip(), "download", "--no-input", "--disable-pip-version-check", "--no-deps", "--quiet"]
        command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", target.python]
        command += [word for tag in tags(target.platform) for word in ("--platform", tag)]
        command += ["--require-hashes"] if pins.hashed else []
        for attempt in range(TRIES):
            done = self.run([*command, "--dest", str(folder), "--requirement", str(requirements)])
            if done.exit_code == 0:
                return
            text = "\n".join(done.tail)
            if not NETWORK.search(text):
                raise refused(text, last(done), target)
            if attempt + 1 < TRIES:
                wait = FIRST_WAIT_SECONDS * 4**attempt
                self.log(f"the network failed; again in {wait:.0f} s")
                time.sleep(wait)
        raise InfrastructureError(f"the wheels of {target} could not be fetched", hint="is an index reachable?")

    def run(self, command: list[str]) -> Completed:
        """Runs pip, its lines streamed."""
        return run_process(command, cwd=self.cache, variables=clean(self.variables), on_line=self.log)


def refused(text: str, line: str, target: Target) -> ProjectError:
    """The error for a lock file that pip will not fetch."""
    lacking = LACKING.search(text)
    if lacking:
        hint = "build a wheel of it into your index, or pin a version that has one: nothing is compiled for an image"
        return ProjectError(f"{lacking[1]} has no wheel: {target}", hint=hint)
    return ProjectError(f"the wheels of {target} were refused: {line}", hint="freeze the lock file again")


def pip() -> list[str]:
    """The command that runs pip: of this environment, else of the Python that it was made from."""
    own = Path(sys.executable) if find_spec("pip") else base_python()
    return [str(own), "-m", "pip"]


def is_ready(folder: Path, ready: Path) -> bool:
    """Whether the folder holds what was fetched into it, each file of its size, and nothing else."""
    if not ready.is_file() or not folder.is_dir():
        return False
    try:
        recorded = json.loads(ready.read_text())
    except ValueError:
        return False
    return bool(recorded == {each.name: each.stat().st_size for each in folder.iterdir()})


def tags(platform: str) -> list[str]:
    """The platform tags of wheels that run there, the best first. Source: PEP 600."""
    machine = MACHINES[platform]
    numbers = range(NEWEST_C_LIBRARY, OLDEST_C_LIBRARY[machine] - 1, -1)
    newer = [f"manylinux_2_{number}_{machine}" for number in numbers]
    return [*newer, *(f"{tag}_{machine}" for tag in OLDER_TAGS[machine]), f"linux_{machine}"]
