"""The project's wheel, the same bytes for the same content."""

from __future__ import annotations

import configparser
import re
import shutil
import tempfile
import tomllib
import zipfile
from pathlib import Path

from pipeline_kit.contract.ports import ProjectPython
from pipeline_kit.errors import ProjectError

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip archive can hold, and the one that every entry gets: content decides, not time."""
EARLIEST_EPOCH = 315_532_800  # the same moment in seconds since 1970
FILE_MODE = 0o100644
PROGRAM_MODE = 0o100755


def is_project(workspace: Path) -> bool:
    """Whether the workspace can be installed: a `pyproject.toml` that only configures tools does not make it so."""
    if (workspace / "setup.py").is_file():
        return True
    if (workspace / "pyproject.toml").is_file():
        try:
            document = tomllib.loads((workspace / "pyproject.toml").read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ProjectError(f"pyproject.toml: {error}") from error
        if "project" in document or "poetry" in document.get("tool", {}):
            return True
    if (workspace / "setup.cfg").is_file():
        config = configparser.ConfigParser(interpolation=None)
        try:
            config.read(workspace / "setup.cfg", encoding="utf-8")
        except configparser.Error as error:
            raise ProjectError(f"setup.cfg: {str(error).splitlines()[0]}") from error
        return config.has_option("metadata", "name")
    return False


def build_wheel(python: ProjectPython, workspace: Path, target: Path) -> Path:
    """The wheel in the folder `target`, built without network by the backend in the locked environment.

    Raises ProjectError where the build fails.
    """
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-") as folder:
        source, made = Path(folder) / "source", Path(folder) / "wheel"
        shutil.copytree(workspace, source, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__", ".git"))
        shutil.rmtree(source / "build", ignore_errors=True)  # what an earlier build left would be packed again
        flags = ["--no-deps", "--no-build-isolation", "--no-index", "--no-cache-dir", "--disable-pip-version-check"]
        completed = python.run(
            ["-m", "pip", "wheel", *flags, "-w", str(made), "."],
            cwd=source,
            variables={"SOURCE_DATE_EPOCH": str(EARLIEST_EPOCH), "PYTHONHASHSEED": "0"},
        )
        wheels = sorted(made.glob("*.whl")) if made.is_dir() else []
        if completed.exit_code != 0 or len(wheels) != 1:
            output = next((line for line in reversed(completed.tail) if re.search(r"[Ee]rror|No module", line)), "")
            hint = "its build backend must be in the lock (setuptools==...); or set wheel: false"
            raise ProjectError(f"the wheel could not be built{': ' + output.strip() if output else ''}", hint=hint)
        target.mkdir(parents=True, exist_ok=True)
        normalise(wheels[0], target / wheels[0].name)
        return target / wheels[0].name


def normalise(source: Path, target: Path) -> None:
    """Rewrites a wheel without what differs between machines: order, times, owners, modes beside executable, and
    compression, whose bytes depend on the zlib that is installed.
    """
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as result:
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        for file in sorted(files, key=lambda each: (each.filename.endswith(".dist-info/RECORD"), each.filename)):
            entry = zipfile.ZipInfo(file.filename, EARLIEST)
            entry.create_system = 3  # Unix, whatever machine this is
            program = (file.external_attr >> 16) & 0o100
            entry.external_attr = (PROGRAM_MODE if program else FILE_MODE) << 16
            content = archive.read(file)
            if file.filename.endswith(".dist-info/RECORD"):
                content = b"".join(sorted(content.splitlines(keepends=True)))
            result.writestr(entry, content)
