"""Wheels of lock files, for any Python and platform: downloaded by pip once, found again by digest.

pip's own configuration names the indexes. No code of a package runs: source distributions are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.adapters.files import empty_folder, locked, write_atomically
from pipeline_kit.adapters.process.run import run_process
from pipeline_kit.adapters.python.interpreters import isolated
from pipeline_kit.adapters.python.pip import last_error, network_failed, pip_command, run_pip
from pipeline_kit.contract.digest import digest_file, digest_json
from pipeline_kit.contract.lock import MACHINES, Lock, read_pins, target_markers
from pipeline_kit.contract.ports import Completed
from pipeline_kit.errors import InfrastructureError, ProjectError

NEWEST_C_LIBRARY = 36  # glibc 2.36, of Debian 12: a wheel that needs a newer one does not start there
OLDEST_C_LIBRARY = {"x86_64": 5, "aarch64": 17}
OLDER_TAGS = {"x86_64": ("manylinux2014", "manylinux2010", "manylinux1"), "aarch64": ("manylinux2014",)}
LACKING = re.compile(r"No matching distribution found for (\S+)")


@dataclass(frozen=True, slots=True)
class Target:
    """What wheels are downloaded for: a lock file's name, a Python version, a platform."""

    lock: str
    python: str
    platform: str

    def __str__(self) -> str:
        return f"{self.lock} for Python {self.python} on {self.platform}"


class PipWheels:
    """Downloads and finds wheelhouses under the user's cache folder, by the digest of lock, Python and platform."""

    def __init__(self, cache: Path, variables: Mapping[str, str], log: Callable[[str], None]) -> None:
        self.cache = cache
        self.variables = variables
        self.log = log

    def wheelhouse(self, lock: Path, *, python: str, platform: str) -> Path:
        """A folder with exactly one wheel for each requirement of the lock file; made once.

        Raises ProjectError where a requirement has no wheel for that Python and platform, or is not pinned;
        InfrastructureError where the network failed three times.
        """
        if platform not in MACHINES:
            raise ProjectError(f"unsupported platform {platform}", hint=f"expected one of {', '.join(MACHINES)}")
        if not lock.is_file():
            hint = "make it from the requirements of serving, such as with pip-compile --generate-hashes"
            raise ProjectError(f"lock file {lock.name} is missing", hint=hint)
        pins = read_pins(lock.read_text(encoding="utf-8"), target_markers(python, platform))
        if pins.faults:
            hint = "pin every requirement with =="
            raise ProjectError(f"{lock.name} does not pin an exact set of wheels: {pins.faults[0]}", hint=hint)
        digest = digest_json({"lock": digest_file(lock), "python": python, "platform": platform})
        folder = self.cache / digest.removeprefix("sha256:")[:32]
        ready = folder.with_suffix(".json")
        with locked(folder.with_suffix(".lock")):
            if not is_ready(folder, ready):
                ready.unlink(missing_ok=True)
                self.download_all(folder, pins, Target(lock.name, python, platform))
                sizes = {wheel.name: wheel.stat().st_size for wheel in folder.iterdir()}
                write_atomically(ready, json.dumps(sizes, indent=1, sort_keys=True))
        return folder

    def download_all(self, folder: Path, pins: Lock, target: Target) -> None:
        """Downloads every wheel; tries again where the network failed."""
        empty_folder(folder)
        if not pins.pins:
            return
        self.log(f"downloading the wheels of {target}, once")
        requirements = folder.with_suffix(".requirements.txt")
        lines = [*pins.options, *(pin.requirement for pin in pins.pins.values())]
        write_atomically(requirements, "\n".join(lines) + "\n", lasting=False)
        try:
            self.download(folder, requirements, pins, target)
        finally:
            requirements.unlink(missing_ok=True)

    def download(self, folder: Path, requirements: Path, pins: Lock, target: Target) -> None:
        """Runs pip download, again where the network failed."""
        command = [*pip_command(), "download", "--no-input", "--disable-pip-version-check", "--no-deps", "--quiet"]
        command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", target.python]
        command += [word for tag in tags(target.platform) for word in ("--platform", tag)]
        command += ["--require-hashes"] if pins.hashed else []
        command += ["--dest", str(folder), "--requirement", str(requirements)]
        done = run_pip(lambda: self.run(command), self.log)
        if done.exit_code == 0:
            return
        if not network_failed(done):
            raise refused(done, target)
        hint = "check that the package index is reachable, and run it again"
        raise InfrastructureError(f"the wheels of {target} could not be downloaded: {last_error(done)}", hint=hint)

    def run(self, command: list[str]) -> Completed:
        """Runs pip and streams its lines."""
        return run_process(command, cwd=self.cache, variables=isolated(self.variables), on_line=self.log)


def refused(done: Completed, target: Target) -> ProjectError:
    """The error for a lock file that pip refuses."""
    lacking = LACKING.search("\n".join(done.tail))
    if lacking:
        hint = "build its wheel into your index, or pin a version that has one: images get no compiler"
        return ProjectError(f"{lacking[1]} has no wheel: {target}", hint=hint)
    return ProjectError(f"pip refused the wheels of {target}: {last_error(done)}", hint="freeze the lock file again")


def is_ready(folder: Path, ready: Path) -> bool:
    """Whether the folder holds exactly the recorded files, each with its recorded size."""
    if not ready.is_file() or not folder.is_dir():
        return False
    try:
        recorded = json.loads(ready.read_text())
    except ValueError:
        return False
    return bool(recorded == {wheel.name: wheel.stat().st_size for wheel in folder.iterdir()})


def tags(platform: str) -> list[str]:
    """The platform tags of wheels that run on a platform, the best first. Source: PEP 600."""
    machine = MACHINES[platform]
    numbers = range(NEWEST_C_LIBRARY, OLDEST_C_LIBRARY[machine] - 1, -1)
    newer = [f"manylinux_2_{number}_{machine}" for number in numbers]
    return [*newer, *(f"{tag}_{machine}" for tag in OLDER_TAGS[machine]), f"linux_{machine}"]
