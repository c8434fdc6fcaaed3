"""Locked environments: made once from a lock file, found by digest, shared by all checkouts of a user."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline_kit.adapters.files import empty_folder, locked, write_atomically
from pipeline_kit.adapters.process.run import run_process
from pipeline_kit.adapters.python.interpreters import find_python, interpreter_identity, isolated
from pipeline_kit.adapters.python.project import VenvPython
from pipeline_kit.contract.digest import digest_file, digest_json
from pipeline_kit.contract.ports import Completed, EnvironmentRecord, ProjectPython
from pipeline_kit.errors import InfrastructureError, ProjectError

READY = "ready.json"
INVENTORY = """
import importlib.metadata, json, platform
packages = {package.metadata["Name"]: package.version for package in importlib.metadata.distributions()}
print(json.dumps({"python": platform.python_version(), "packages": packages}))
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
        """The environment of a lock file for a Python version, made on first use.

        Raises ProjectError where that Python is not installed, or the lock file is missing or does not install;
        InfrastructureError where the network failed three times.
        """
        digest = self.digest(lock, python)
        folder = self.cache / "environments" / digest.removeprefix("sha256:")[:32]
        with locked(folder.with_suffix(".lock")):
            if not (folder / READY).is_file():
                self.make(folder, lock, python, digest)
        return VenvPython(folder, read_record(folder / READY), self.variables, self.on_line, self.mask)

    def interpreter(self, python: str) -> Path:
        """The machine's interpreter for a Python version, not one of an environment."""
        return find_python(python)

    def digest(self, lock: Path, python: str) -> str:
        """The digest of the environment that the lock file makes on this machine."""
        if not lock.is_file():
            hint = "make it from the project's requirements, such as with pip-compile --generate-hashes"
            raise ProjectError(f"lock file {lock.name} is missing", hint=hint)
        interpreter = find_python(python)
        return digest_json({"lock": digest_file(lock), "python": interpreter_identity(interpreter)})

    def make(self, folder: Path, lock: Path, python: str, digest: str) -> None:
        """Makes the environment. Its record is written last, so that an interrupted one is made again."""
        from sysconfig import get_platform

        from pipeline_kit.adapters.python.pip import last_error

        interpreter = find_python(python)
        self.on_line(f"making the locked environment of {lock.name} for {interpreter.name}, once")
        empty_folder(folder)
        made = self.run([str(interpreter), "-m", "venv", str(folder)])
        if made.exit_code:
            hint = "on Debian, install the package python3-venv"
            raise ProjectError(f"{interpreter} cannot make an environment: {last_error(made)}", hint=hint)
        venv_python = folder / "bin" / "python"
        self.install(venv_python, lock)
        shown = subprocess.run([str(venv_python), "-I", "-c", INVENTORY], capture_output=True, text=True, check=True)
        record = {"digest": digest, "platform": get_platform(), **json.loads(shown.stdout)}
        write_atomically(folder / READY, json.dumps(record, indent=1, sort_keys=True))

    def install(self, python: Path, lock: Path) -> None:
        """Installs exactly what the lock file lists; tries again where the network failed."""
        from pipeline_kit.adapters.python.pip import last_error, network_failed, run_pip

        hashes = ["--require-hashes"] if "--hash=" in lock.read_text() else []
        command = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *hashes]
        done = run_pip(lambda: self.run([*command, "--requirement", str(lock)]), self.on_line)
        if done.exit_code == 0:
            return
        if network_failed(done):
            hint = "check that the package index is reachable, and run it again"
            raise InfrastructureError(f"{lock.name} could not be downloaded: {last_error(done)}", hint=hint)
        hint = f"try: {python.name} -m pip install -r {lock.name}"
        raise ProjectError(f"{lock.name} does not install: {last_error(done)}", hint=hint)

    def run(self, command: Sequence[str]) -> Completed:
        """Runs one command that makes an environment, and masks its last lines."""
        variables = isolated(self.variables)
        done = run_process(command, cwd=Path.cwd(), variables=variables, on_line=self.on_line)
        return replace(done, tail=tuple(self.mask(line) for line in done.tail))


def read_record(path: Path) -> EnvironmentRecord:
    """The record of a finished environment."""
    record = json.loads(path.read_text())
    return EnvironmentRecord(record["digest"], record["python"], record["platform"], record["packages"])
