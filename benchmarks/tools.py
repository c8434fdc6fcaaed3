"""The installed kit and its peers, with their versions."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import output_of


@dataclass(frozen=True, slots=True)
class Tools:
    """The kit's own environment, and the folder in which `make bench` installs the peers: `python/` and `node/`.

    `cache` is where the kit keeps the environments of the projects that are measured.
    """

    kit: Path
    peers: Path
    cache: Path

    @property
    def python(self) -> Path:
        """The interpreter of the environment in which the kit is installed, as a bare start is measured."""
        return self.kit / "bin" / "python"

    @property
    def pipeline_kit(self) -> Path:
        """The kit's command."""
        return self.kit / "bin" / "pipeline-kit"

    def peer(self, name: str) -> Path | None:
        """The command of a peer, None where it is not installed."""
        paths = (self.peers / "python" / "bin" / name, self.peers / "node" / "node_modules" / ".bin" / name)
        return next((path for path in paths if path.exists()), None)

    def versions(self) -> list[tuple[str, str]]:
        """The measured programs with their versions."""
        versions = [
            ("Python", platform.python_version()),
            ("pipeline-kit", self._distribution(self.python, "pipeline-kit")),
        ]
        versions += [
            (name, self._distribution(self.peers / "python" / "bin" / "python", name))
            for name in ("copier", "dvc", "bitrab")
        ]
        package = self.peers / "node" / "node_modules" / "gitlab-ci-local" / "package.json"
        versions.append(
            ("gitlab-ci-local", json.loads(package.read_text())["version"] if package.exists() else "not installed")
        )
        versions.append(
            ("sha256sum", (output_of("sha256sum", "--version").splitlines() or ["not installed"])[0].rpartition(" ")[2])
        )
        versions.append(("git", output_of("git", "--version").rpartition(" ")[2] or "not installed"))
        versions += [
            (name, version_in(output_of(name, "--version"))) for name in ("dockerd", "buildah", "docker-registry")
        ]
        return versions

    def _distribution(self, python: Path, name: str) -> str:
        """The installed version of a distribution."""
        script = f"import importlib.metadata as metadata; print(metadata.version({name!r}))"
        if not python.exists():
            return "not installed"
        shown = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=False)
        return shown.stdout.strip() if shown.returncode == 0 else "not installed"


def version_in(text: str) -> str:
    """The first version number in the output of `--version`."""
    match = re.search(r"\bv?(\d+\.\d+[^\s,]*)", text)
    return match[1] if match else "not installed"


def on_path(name: str) -> str | None:
    """The path of a system tool, None where it is missing."""
    return shutil.which(name)
