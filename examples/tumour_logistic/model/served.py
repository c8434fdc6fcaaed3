"""The model in an image, and the package manifest that declares its digest."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path


class NotServable(Exception):
    """The image's content does not match its package manifest; the message gives the difference."""


@dataclass(frozen=True)
class Served:
    """A package manifest and its digest, the declared inputs, and the path of the model."""

    manifest: dict
    package: str
    inputs: dict
    model: Path

    def verify(self) -> None:
        """Raises NotServable unless the model's bytes are those that were judged."""
        digest, expected = digest_of(self.model), self.manifest["model_digest"]
        if digest != expected:
            raise NotServable(f"the model is {digest}, but the package manifest has {expected}")

    def about(self) -> dict:
        """The answer to GET /model."""
        facts = {name: self.manifest.get(name) for name in ("project", "commit", "kit", "metrics", "parameters")}
        return {
            **facts,
            "model_digest": self.manifest["model_digest"],
            "package": self.package,
            "verdict": self.manifest.get("verdict"),
        }


def read_served(app: Path) -> Served:
    """The content of a folder such as /app. Raises NotServable for a missing or invalid part.

    `config/manifest.json` is the package's, to the byte; `config/inputs.json` declares the columns of a row.
    """
    text = _content(app / "config" / "manifest.json")
    try:
        manifest, inputs = json.loads(text), json.loads(_content(app / "config" / "inputs.json"))
        model, digest = app / manifest["model"], manifest["model_digest"]
        if not isinstance(digest, str) or inputs["version"] != 1 or not isinstance(inputs["columns"], list):
            raise ValueError("unknown version, or a field of the wrong type")
    except (ValueError, KeyError, TypeError) as error:
        raise NotServable(f"config/manifest.json or config/inputs.json is invalid: {error!r}") from error
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
    """The error for a missing file, or one that this process may not read."""
    return NotServable(f"{path.parent.name}/{path.name} cannot be read: {error.strerror}")
