"""Fetching an organisation's file: a path here, or a file of a git repository at a tag."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

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
    """The file's bytes. Raises UsageError where it is not there."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the organisation's file {path.name}: {error.strerror}", hint="see organisation.source"
        ) from error


def clone(source: OrganisationSource, folder: Path) -> None:
    """A shallow clone at the tag, asking nobody for a password. Raises InfrastructureError with git's own last line."""
    command = ["git", "-c", "core.askPass=true", "clone", "--quiet", "--depth", "1", "--branch", f"{source.tag}"]
    done = subprocess.run(
        [*command, "--", f"{source.url}", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        hint = "is the tag there, and may this machine read the repository?"
        raise InfrastructureError(f"git cannot clone {source.url} at {source.tag}: {said}", hint=hint)
