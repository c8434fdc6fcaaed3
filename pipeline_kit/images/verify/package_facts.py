"""What a package's manifest says, read without trust from its very bytes: the facts that a provenance is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline_kit.contract.digest import digest_bytes, digest_json
from pipeline_kit.contract.image_documents import read_document, write_document
from pipeline_kit.contract.image_reference import DIGEST
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import ModelError
from pipeline_kit.gates.verdict import Status
from pipeline_kit.images.names import APP, CODE

LARGEST_MANIFEST = 4 << 20
VERSION = 1


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as the manifest lists it."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """A package by its manifest; `digest` is of the manifest's bytes, and so of everything in the package."""

    digest: str
    project: str
    model: str
    model_digest: str
    code: str
    lock: str
    environment: str
    files: Mapping[str, ListedFile]
    parameters: Mapping[str, Value]
    seed: int | None
    metrics: Mapping[str, Value]
    verdict: Mapping[str, Value]
    data: Mapping[str, str]
    commit: str | None
    dirty: bool
    kit: str

    def places(self) -> dict[str, ListedFile]:
        """The files of code and model by their path in the image."""
        code, result = f"{self.code}/", {}
        for name, entry in self.files.items():
            if name.startswith(code):
                result[f"{CODE}/{name.removeprefix(code)}"] = entry
            elif self.is_model(name):
                result[f"{APP}/{name}"] = entry
        return result

    def is_model(self, name: str) -> bool:
        """Whether a file of the package is the model, or one of its files."""
        return name == self.model or name.startswith(f"{self.model}/")

    def listed_model(self) -> str:
        """The digest that the listed files of the model have together, as the kit's digest of a folder is made."""
        if self.model in self.files:
            return self.files[self.model].digest
        folder = f"{self.model}/"
        return digest_json(
            {name.removeprefix(folder): file.digest for name, file in self.files.items() if name.startswith(folder)}
        )


def read_facts(content: bytes, label: str) -> PackageFacts:
    """The facts in a manifest's bytes. Raises ModelError for an invalid one, or another model than listed."""
    document = read_document(content, label)
    try:
        facts = facts_of(document, digest_bytes(content))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ModelError(f"{label} is not a package manifest: {error!r}", hint="package the model again") from error
    if facts.listed_model() != facts.model_digest:
        raise ModelError(f"{label} lists another model than that of {facts.model_digest}", hint="it was changed")
    return facts


def facts_of(document: Mapping[str, Any], digest: str) -> PackageFacts:
    """The facts of a manifest's document. Raises KeyError, TypeError, ValueError or AttributeError if invalid."""
    if document["version"] != VERSION:
        raise ValueError(f"its version is {document['version']!r}")
    write_document(document)  # raises for anything but plain JSON, such as NaN
    texts = {name: document[name] for name in ("project", "model", "model_digest", "code", "lock", "kit")}
    maps = {name: document[name] for name in ("parameters", "metrics", "verdict", "data", "files")}
    if not all(isinstance(text, str) for text in texts.values()) or not all(isinstance(x, dict) for x in maps.values()):
        raise ValueError("a text or an object is another thing")
    files = {str(name): ListedFile(entry["digest"], entry["size"]) for name, entry in maps.pop("files").items()}
    digests = [texts["model_digest"], *(file.digest for file in files.values()), *maps["data"].values()]
    if not all(isinstance(digest, str) and DIGEST.fullmatch(digest) for digest in digests):
        raise ValueError("a digest is invalid")
    if not all(type(file.size) is int and file.size >= 0 for file in files.values()) or texts["lock"] not in files:
        raise ValueError("a file has no size, or the lock file is not listed")
    commit, dirty, seed = document["commit"], document["dirty"], document["seed"]
    if not isinstance(commit, str | None) or not isinstance(dirty, bool) or not isinstance(seed, int | None):
        raise ValueError("commit, dirty or seed is another thing")
    environment = str(document["environment"]["digest"])
    return PackageFacts(
        digest, **texts, **maps, files=files, environment=environment, commit=commit, dirty=dirty, seed=seed
    )


def refuse_unpassed(verdict: Mapping[str, Value], whose: str) -> None:
    """Raises ModelError unless the gate passed the model, or a person decided what it could not decide."""
    status, decision = verdict.get("status"), verdict.get("decision")
    decided = status == Status.UNDECIDED.value and isinstance(decision, str) and decision != ""
    if status != Status.PASS.value and not decided:
        raise ModelError(f"{whose} verdict is {status}: {verdict.get('sentence')}", hint="only what passed ships")
