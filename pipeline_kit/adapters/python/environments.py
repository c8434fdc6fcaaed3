"""Locked environments: made once from a lock file, found again by digest, shared by all checkouts of a user."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from pipeline_kit.adapters.files import empty_folder, locked, write_atomically
from pipeline_kit.adapters.process.run import run_process
from pipeline_kit.adapters.python.project import VenvPython
from pipeline_kit.contract.digest import digest_file, digest_json
from pipeline_kit.contract.ports import Completed, EnvironmentRecord, ProjectPython
from pipeline_kit.errors import InfrastructureError, ProjectError

READY = "ready.json"
TRIES = 3
FIRST_WAIT_SECONDS = 2.0
NETWORK = re.compile(
    r"Read timed out|ConnectionError|NewConnectionError|Connection (?:reset|refused|aborted)|Temporary failure in name"
    r"|Could not fetch URL|ProxyError|ConnectTimeout|IncompleteRead|50[0234] (?:Server )?Error|SSLError|No space left",
    re.IGNORECASE,
)
INVENTORY = """
import importlib.metadata, json, platform
found = {each.metadata["Name"]: each.version for each in importlib.metadata.distributions()}
print(json.dumps({"python": platform.python_version(), "packages": found}))
"""


class LockedPythons:
    """Makes and finds environments under the user's cache folder, by the digest of lock, Python and platform."""

    def __init__(
        self,
        cache: Path,
        variables: Mapping[str, str],
        on_line: Callable[[str], None],
        mask: Callable[[str], str] = str,
    ) -> None:
        self.cache = cache
        self.variables = variables
        self.on_line = on_line
        self.mask = mask

    def locked(self, lock: Path, python: str) -> ProjectPython:
        """The environment of that lock file for that Python, made on first use.

        Raises ProjectError where no such Python is here, or the lock file is missing or does not install;
        InfrastructureError where the network failed three times.
        """
        digest = self.digest(lock, python)
        folder = self.cache / "environments" / digest.removeprefix("sha256:")[:32]
        with locked(folder.with_suffix(".lock")):
            if not (folder / READY).is_file():
                self.make(folder, lock, python, digest)
        return VenvPython(folder, read_record(folder / READY), self.variables, self.on_line, self.mask)

    def interpreter(self, python: str) -> Path:
        """The interpreter for that Python: of this machine, not of an environment."""
        return find_python(python)

    def digest(self, lock: Path, python: str) -> str:
        """The digest of the environment that the lock file means on this machine."""
        if not lock.is_file():
            hint = "freeze the project's requirements into it, such as with pip-compile --generate-hashes"
            raise ProjectError(f"there is no lock file {lock.name}", hint=hint)
        interpreter = find_python(python)
        return digest_json({"lock": digest_file(lock), "python": interpreter_identity(interpreter)})

    def make(self, folder: Path, lock: Path, python: str, digest: str) -> None:
        """Makes the environment; its record is written last, so that a half-made one is made again."""
        from sysconfig import get_platform

        interpreter = find_python(python)
        self.on_line(f"making the locked environment of {lock.name} for {interpreter.name}, once")
        empty_folder(folder)
        made = self.run([str(interpreter), "-m", "venv", str(folder)])
        if made.exit_code:
            hint = "Debian keeps venv in a package of its own: python3-venv"
            raise ProjectError(f"{interpreter} cannot make an environment: {last(made)}", hint=hint)
        own = folder / "bin" / "python"
        self.install(own, lock)
        shown = subprocess.run([str(own), "-I", "-c", INVENTORY], capture_output=True, text=True, check=True)
        record = {"digest": digest, "platform": get_platform(), **json.loads(shown.stdout)}
        write_atomically(folder / READY, json.dumps(record, indent=1, sort_keys=True))

    def install(self, python: Path, lock: Path) -> None:
        """Installs exactly what the lock file lists; tries again where the network failed."""
        hashes = ["--require-hashes"] if "--hash=" in lock.read_text() else []
        command = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *hashes]
        for attempt in range(TRIES):
            done = self.run([*command, "--requirement", str(lock)])
            if done.exit_code == 0:
                return
            if not NETWORK.search("\n".join(done.tail)):
                hint = f"try: {python.name} -m pip install -r {lock.name}"
                raise ProjectError(f"{lock.name} does not install: {last(done)}", hint=hint)
            if attempt + 1 < TRIES:
                wait = FIRST_WAIT_SECONDS * 4**attempt
                self.on_line(f"the network failed; again in {wait:.0f} s")
                time.sleep(wait)
        raise InfrastructureError(f"{lock.name} could not be downloaded: {last(done)}", hint="is an index reachable?")

    def run(self, command: Sequence[str]) -> Completed:
        """Runs one step of making an environment."""
        done = run_process(command, cwd=Path.cwd(), variables=clean(self.variables), on_line=self.on_line)
        return replace(done, tail=tuple(self.mask(line) for line in done.tail))


def read_record(path: Path) -> EnvironmentRecord:
    """The record of an environment that is ready."""
    found = json.loads(path.read_text())
    return EnvironmentRecord(found["digest"], found["python"], found["platform"], found["packages"])


def clean(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without what would lead one Python into another's packages."""
    return {name: value for name, value in variables.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}


def last(done: Completed) -> str:
    """The last line that says something."""
    errors = [line for line in done.tail if line.startswith("ERROR")]
    return (errors or [line for line in done.tail if line.strip()] or ["it said nothing"])[-1].strip()


def find_python(wanted: str) -> Path:
    """The interpreter for "3.11" (that minor version) or ">=3.11" (that or newer): the kit's own where it fits.

    Raises ProjectError where none is on the PATH.
    """
    minor = tuple(int(part) for part in wanted.removeprefix(">=").split("."))
    own = sys.version_info[: len(minor)]
    if own == minor or (wanted.startswith(">=") and own >= minor):
        return base_python()  # not the kit's own environment, but what it was made from
    newer = [f"3.{number}" for number in range(minor[1], minor[1] + 8)] if wanted.startswith(">=") else []
    for version in [wanted.removeprefix(">="), *newer]:
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
            candidate = Path(folder) / f"python{version}"
            if os.access(candidate, os.X_OK) and interpreter_works(candidate, version):
                return candidate
    running = ".".join(str(part) for part in sys.version_info[:3])
    hint = f"install Python {wanted}, or change project.python; this is Python {running}"
    raise ProjectError(f"there is no Python {wanted} on this machine", hint=hint)


def base_python() -> Path:
    """The interpreter that runs the kit; in a virtual environment the one it was made from."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable)


def interpreter_works(python: Path, version: str) -> bool:
    """Whether it starts, and is that version: a version manager's stand-in may be neither."""
    script = "import sys; print('.'.join(str(part) for part in sys.version_info[:3]))"
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=False)
    return done.returncode == 0 and (done.stdout.strip() + ".").startswith(version + ".")


@cache
def interpreter_identity(python: Path) -> str:
    """What tells one interpreter's environments from another's: implementation, full version, platform, C library."""
    from sysconfig import get_platform

    if python == base_python():
        version, implementation = sys.version.split()[0], sys.implementation.name
    else:
        script = "import sys; print(sys.version.split()[0], sys.implementation.name)"
        shown = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=True)
        version, implementation = shown.stdout.split()
    return " ".join((implementation, version, get_platform(), c_library()))


def c_library() -> str:
    """The name and version of this machine's C library."""
    with contextlib.suppress(AttributeError, ValueError, OSError):
        if found := os.confstr("CS_GNU_LIBC_VERSION"):
            return found
    import platform

    return " ".join(platform.libc_ver())
