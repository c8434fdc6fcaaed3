"""The manifest of a package: what is in it, how the model was made and judged, and how it predicts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from pipeline_kit.contract.digest import PREFIX
from pipeline_kit.contract.ports import EnvironmentRecord
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import ModelError

VERSION = 1


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the package: the digest of its content, and its bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Predict:
    """How the model predicts: the project's entry, what it is called with, and the form of what it writes."""

    run: str | Sequence[str]
    parameters: Mapping[str, Value] = field(default_factory=dict)
    seed: int | None = None
    format: str = "csv"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A package's `manifest.json` (version 1). Paths are inside the package, digests `sha256:<hex>`.

    `model` is a file or a folder of files, `code` the folder that its code runs in, `lock` the lock file of its
    environment. `parameters` and `seed` are those it was trained with; `metrics` by dataset, then by name.
    """

    project: str
    model: str
    model_digest: str
    code: str
    lock: str
    python: str  # "3.11": what the lock file is installed for
    predict: Predict
    environment: EnvironmentRecord
    files: Mapping[str, FileEntry]
    parameters: Mapping[str, Value] = field(default_factory=dict)
    seed: int | None = None
    metrics: Mapping[str, Value] = field(default_factory=dict)
    verdict: Mapping[str, Value] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    commit: str | None = None
    dirty: bool = False
    kit: str = ""

    def text(self) -> str:
        """The manifest as JSON: sorted, indented, no NaN."""
        document = {"version": VERSION, **asdict(self)}
        return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_manifest(text: str, label: str) -> Manifest:
    """Parses a package manifest. Raises ModelError unless it is a valid one of this version."""
    try:
        document = json.loads(text)
        if document.pop("version") != VERSION:
            raise ValueError("another version")
        files = {str(name): FileEntry(**entry) for name, entry in document.pop("files").items()}
        predict = Predict(**document.pop("predict"))
        environment = EnvironmentRecord(**document.pop("environment"))
        manifest = Manifest(files=files, predict=predict, environment=environment, **document)
        _check(manifest)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelError(f"{label}: not a valid package manifest of version {VERSION}: {error}") from error
    return manifest


def _check(manifest: Manifest) -> None:
    texts = (manifest.project, manifest.model, manifest.model_digest, manifest.code, manifest.lock, manifest.python)
    if not all(isinstance(text, str) and text for text in texts):
        raise ValueError("one of project, model, model_digest, code, lock and python is not text")
    for name, entry in manifest.files.items():
        if not isinstance(entry.digest, str) or not entry.digest.startswith(PREFIX):
            raise ValueError(f"{name} has no digest")
        if not isinstance(entry.size, int) or isinstance(entry.size, bool) or entry.size < 0:
            raise ValueError(f"{name} has no size")
    run = manifest.predict.run
    if not run or not (isinstance(run, str) or all(isinstance(word, str) for word in run)):
        raise ValueError("predict.run is neither module:function nor a list of words")
    if not isinstance(manifest.predict.parameters, Mapping) or not isinstance(manifest.environment.packages, Mapping):
        raise ValueError("predict.parameters or environment.packages is not an object")
    if not isinstance(manifest.environment.digest, str):
        raise ValueError("the environment has no digest")
