"""Where the kit and its peers are installed, and in which versions."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import said


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
        """The command of a peer, or none where it is not installed."""
        places = (self.peers / "python" / "bin" / name, self.peers / "node" / "node_modules" / ".bin" / name)
        return next((place for place in places if place.exists()), None)

    def versions(self) -> list[tuple[str, str]]:
        """What is measured, by name and version."""
        found = [
            ("Python", platform.python_version()),
            ("pipeline-kit", self._distribution(self.python, "pipeline-kit")),
        ]
        found += [
            (name, self._distribution(self.peers / "python" / "bin" / "python", name))
            for name in ("copier", "dvc", "bitrab")
        ]
        package = self.peers / "node" / "node_modules" / "gitlab-ci-local" / "package.json"
        found.append(
            ("gitlab-ci-local", json.loads(package.read_text())["version"] if package.exists() else "not installed")
        )
        found.append(
            ("sha256sum", (said("sha256sum", "--version").splitlines() or ["not installed"])[0].rpartition(" ")[2])
        )
        found.append(("git", said("git", "--version").rpartition(" ")[2] or "not installed"))
        found += [(name, version_in(said(name, "--version"))) for name in ("dockerd", "buildah", "docker-registry")]
        return found

    def _distribution(self, python: Path, name: str) -> str:
        """The installed version of a distribution."""
        script = f"import importlib.metadata as metadata; print(metadata.version({name!r}))"
        if not python.exists():
            return "not installed"
        shown = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=False)
        return shown.stdout.strip() if shown.returncode == 0 else "not installed"


def version_in(said: str) -> str:
    """The first word of what a command says of itself that is a version."""
    found = re.search(r"\bv?(\d+\.\d+[^\s,]*)", said)
    return found[1] if found else "not installed"


def on_path(name: str) -> str | None:
    """A tool of the system."""
    return shutil.which(name)
