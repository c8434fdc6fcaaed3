"""Fetches the organisation file: a local path, or a file of a git repository at a tag."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from pipeline_kit.adapters.git.command import failure, git_variables
from pipeline_kit.descriptor.organisation import Fetch, OrganisationSource
from pipeline_kit.errors import InfrastructureError, UsageError


def fetch_from(root: Path) -> Fetch:
    """A function that reads the file of a source; relative paths are relative to `root`."""

    def fetch(source: OrganisationSource) -> bytes:
        if source.url is None:
            return read(root / source.file)
        with tempfile.TemporaryDirectory(prefix="pipeline-kit-organisation-") as name:
            clone(source, Path(name))
            return read(Path(name) / source.file)

    return fetch


def read(path: Path) -> bytes:
    """The file's bytes. Raises UsageError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"organisation file {path.name}: {error.strerror}"
        raise UsageError(message, hint="check organisation.source in the descriptor") from error


def clone(source: OrganisationSource, folder: Path) -> None:
    """Clones the tag without history or password prompt. Raises InfrastructureError with git's last line."""
    command = ["git", "clone", "--quiet", "--template=", "--depth", "1", "--branch", f"{source.tag}"]
    with git_variables(folder, fetching=True) as variables:
        done = subprocess.run(
            [*command, "--", f"{source.url}", str(folder)],
            capture_output=True,
            check=False,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
        )
    if done.returncode:
        reason = failure("clone", done.stderr).message
        hint = "check that the tag exists and that this machine may read the repository"
        raise InfrastructureError(f"{source.url} at {source.tag}: {reason}", hint=hint)
