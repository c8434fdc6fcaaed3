"""The Python interpreters of this machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pipeline_kit.errors import ProjectError


def find_python(requirement: str) -> Path:
    """The interpreter for "3.11" (that minor version) or ">=3.11" (that or newer); the kit's own where it fits.

    Raises ProjectError where no such interpreter is on the PATH.
    """
    minor = tuple(int(part) for part in requirement.removeprefix(">=").split("."))
    running = sys.version_info[: len(minor)]
    if running == minor or (requirement.startswith(">=") and running >= minor):
        return base_python()
    newer = [f"3.{number}" for number in range(minor[1], minor[1] + 8)] if requirement.startswith(">=") else []
    for version in [requirement.removeprefix(">="), *newer]:
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
            candidate = Path(folder) / f"python{version}"
            if os.access(candidate, os.X_OK) and interpreter_works(candidate, version):
                return candidate
    version = ".".join(str(part) for part in sys.version_info[:3])
    hint = f"install Python {requirement}, or change project.python; pipeline-kit runs on Python {version}"
    raise ProjectError(f"Python {requirement} is not installed on this machine", hint=hint)


def base_python() -> Path:
    """The interpreter that runs the kit; inside a virtual environment, the one that made it."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable)


def interpreter_works(python: Path, version: str) -> bool:
    """Whether an interpreter starts and has that version; a version manager's shim may do neither."""
    script = "import sys; print('.'.join(str(part) for part in sys.version_info[:3]))"
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=False)
    return done.returncode == 0 and (done.stdout.strip() + ".").startswith(version + ".")


@cache
def interpreter_identity(python: Path) -> str:
    """What an interpreter's environments depend on: implementation, full version, platform, C library."""
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
        if version := os.confstr("CS_GNU_LIBC_VERSION"):
            return version
    import platform

    return " ".join(platform.libc_ver())


def isolated(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without those that lead one Python to another's packages."""
    return {name: value for name, value in variables.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
