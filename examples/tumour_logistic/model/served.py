"""What is served: the model of an image, beside the manifest of its package, which says what the model must be."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path


class NotServable(Exception):
    """What lies in the image is not what its manifest says; the text says how."""


@dataclass(frozen=True)
class Served:
    """A package's manifest and its own digest, what a request's rows must look like, and where the model is."""

    manifest: dict
    package: str
    inputs: dict
    model: Path

    def verify(self) -> None:
        """Raises NotServable unless the model's bytes are those that were judged."""
        found, wanted = digest_of(self.model), self.manifest["model_digest"]
        if found != wanted:
            raise NotServable(f"the model is {found}, not {wanted} of the manifest")

    def about(self) -> dict:
        """What is said of the model to whoever asks."""
        told = {name: self.manifest.get(name) for name in ("project", "commit", "kit", "metrics", "parameters")}
        return {
            **told,
            "model_digest": self.manifest["model_digest"],
            "package": self.package,
            "verdict": self.manifest.get("verdict"),
        }


def read_served(app: Path) -> Served:
    """What a folder such as /app holds. Raises NotServable where a part of it is missing or is not what it should be.

    `config/manifest.json` is the package's, to the byte; `config/inputs.json` declares the columns of a row.
    """
    text = _content(app / "config" / "manifest.json")
    try:
        manifest, inputs = json.loads(text), json.loads(_content(app / "config" / "inputs.json"))
        model, wanted = app / manifest["model"], manifest["model_digest"]
        if not isinstance(wanted, str) or inputs["version"] != 1 or not isinstance(inputs["columns"], list):
            raise ValueError("it is of another version")
    except (ValueError, KeyError, TypeError) as error:
        raise NotServable(f"config has no manifest and inputs that can be read: {error!r}") from error
    return Served(manifest, "sha256:" + hashlib.sha256(text).hexdigest(), inputs, model)


def digest_of(path: Path) -> str:
    """The digest of a file's content, or of a folder's relative paths and contents. Raises NotServable without one."""
    if not path.is_dir():
        try:
            with path.open("rb") as file:
                return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise unreadable(path, error) from error
    files = {}
    for folder, _, names in os.walk(path, followlinks=True):
        for name in names:
            file = Path(folder, name)
            if file.is_file():
                files[file.relative_to(path).as_posix()] = digest_of(file)
    text = json.dumps(files, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> NotServable:
    """The error for a file that is not there, or that this process may not read."""
    return NotServable(f"{path.parent.name}/{path.name} cannot be read: {error.strerror}")
