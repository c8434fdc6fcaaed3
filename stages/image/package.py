"""The package as an image's content: which of its files go where, and what the image says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.errors import ModelError
from pipeline_kit.gates.verdict import Status
from pipeline_kit.images.build.assembly import timestamp
from pipeline_kit.images.build.content import Part
from pipeline_kit.images.names import (
    APP,
    CODE,
    LABEL_COMMIT_TIME,
    LABEL_CREATED,
    LABEL_MODEL_DIGEST,
    LABEL_MODEL_VERSION,
    LABEL_PACKAGE_DIGEST,
    LABEL_REVISION,
    LABEL_TITLE,
    LABEL_VERDICT,
    MANIFEST_FILE,
)
from pipeline_kit.models.archive import open_archive
from pipeline_kit.models.package import MANIFEST, Package, unpack_package

if TYPE_CHECKING:
    from pipeline_kit.contract.context import GitFacts
    from pipeline_kit.models.manifest import Manifest

SHORT = 12
_LARGEST_MANIFEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Judged:
    """A package whose verdict lets it pass, with its manifest's very bytes.

    Its small files are unpacked; of the others `offsets` says where their content begins in the package's file, `path`.
    """

    path: Path
    package: Package
    manifest_bytes: bytes
    offsets: Mapping[str, int]

    @property
    def manifest(self) -> Manifest:
        """The manifest."""
        return self.package.manifest

    @property
    def digest(self) -> str:
        """The digest of the manifest: of everything that is in the package."""
        return digest_bytes(self.manifest_bytes)

    def places(self) -> dict[str, str]:
        """Where the files of code and model go, by their names in the package."""
        code, model = f"{self.manifest.code}/", self.manifest.model
        result = {}
        for name in self.manifest.files:
            if name.startswith(code):
                result[name] = f"{CODE}/{name.removeprefix(code)}"
            elif name == model or name.startswith(f"{model}/"):
                result[name] = f"{APP}/{name}"
        return result

    def files(self) -> dict[str, Path | bytes]:
        """What was unpacked, by its path in the image, and the manifest."""
        places = {
            place: self.package.folder / name for name, place in self.places().items() if name not in self.offsets
        }
        return {MANIFEST_FILE: self.manifest_bytes, **places}

    def parts(self) -> dict[str, Part]:
        """What stayed in the package, by its path in the image."""
        places, entries = self.places(), self.manifest.files
        return {
            places[name]: Part(self.path, offset, entries[name].size)
            for name, offset in self.offsets.items()
            if name in places
        }

    def digests(self) -> dict[str, str]:
        """What the manifest says that the files are, by their path in the image."""
        values = {place: self.manifest.files[name].digest for name, place in self.places().items()}
        return {MANIFEST_FILE: self.digest, **values}


def read_judged(path: Path, folder: Path, git: GitFacts, *, largest: int | None) -> Judged:
    """The package, every digest verified, its files of at most `largest` bytes unpacked into a folder.

    Raises ModelError where it is not sound, its verdict lets nothing pass, or it is of another commit than this.
    """
    package = unpack_package(path, folder, largest=largest)
    with open_archive(path) as archive:
        content = archive.read(MANIFEST, largest=_LARGEST_MANIFEST)
        left = [name for name, entry in package.manifest.files.items() if largest is not None and entry.size > largest]
        offsets = {name: archive.offset(name) for name in left}
    manifest = package.manifest
    if content != manifest.text().encode():
        raise ModelError(f"{path.name}: its manifest is not written as the kit writes it", hint="pack it again")
    check_verdict(manifest.verdict)
    if not manifest.model.startswith("model/"):
        raise ModelError(f"{path.name} has its model at {manifest.model}, not in model/", hint="pack it again")
    if manifest.commit != git.commit:
        raise ModelError(f"the package is of commit {manifest.commit}, not of {git.commit}", hint="pack it again")
    return Judged(path, package, content, offsets)


def check_verdict(verdict: Mapping[str, object]) -> None:
    """Raises ModelError unless the gate passed the model, or a person decided that it passes."""
    status, decision = verdict.get("status"), verdict.get("decision")
    decided = status == Status.UNDECIDED.value and isinstance(decision, str) and decision != ""
    if status != Status.PASS.value and not decided:
        raise ModelError(f"the package's verdict is {status}: {verdict.get('sentence')}", hint="only what passed ships")


def labels(judged: Judged, git: GitFacts, version: str | None) -> dict[str, str]:
    """What the image says of itself."""
    manifest = judged.manifest
    named = version or (git.commit or manifest.model_digest.partition(":")[2])[:SHORT]
    values = {
        LABEL_TITLE: manifest.project,
        LABEL_CREATED: timestamp(git.commit_time),
        LABEL_COMMIT_TIME: str(git.commit_time),
        LABEL_MODEL_VERSION: named if version or not manifest.dirty else f"{named}-dirty",
        LABEL_MODEL_DIGEST: manifest.model_digest,
        LABEL_PACKAGE_DIGEST: judged.digest,
        LABEL_VERDICT: str(manifest.verdict.get("status")),
    }
    return {**values, LABEL_REVISION: git.commit} if git.commit else values
