"""What the tests of images build from: tiny wheels, a package, a registry in a folder, and a world with it all."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_bytes, digest_json
from pipeline_kit.contract.image_documents import Image, read_image
from pipeline_kit.contract.oci import ContentDescriptor, OnBytes, StoredManifest
from pipeline_kit.contract.ports import EnvironmentRecord
from pipeline_kit.contract.result import StageResult
from pipeline_kit.descriptor.model import Column, ColumnType, Dataset
from pipeline_kit.errors import InfrastructureError, ModelError
from pipeline_kit.images.oci.layout import TAG_ANNOTATION, Layout
from pipeline_kit.images.oci.source import LayoutBlobs
from pipeline_kit.models.archive import Content
from pipeline_kit.models.manifest import Manifest, Predict
from pipeline_kit.models.package import write_package
from pipeline_kit.testing.context import stage_context, upstream

REPOSITORY = "registry.example/team/fraud"
SERVING = """
import http.server, os, json

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        import tiny
        model = open(os.path.join(os.environ["PIPELINE_KIT_APP"], "model", "model.json")).read()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"tiny": tiny.VALUE, "model": json.loads(model)}).encode())

if __name__ == "__main__":
    http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Answers).serve_forever()
"""
DATA = Dataset(
    "train",
    PurePosixPath("data/train.csv"),
    target="label",
    id="id",
    columns=(
        Column("x", ColumnType.NUMBER, minimum=0.0, maximum=1.0),
        Column("country", ColumnType.CATEGORY, values=("DE", "FR"), missing=0.5),
        Column("label", ColumnType.INTEGER),
    ),
)


def tiny_wheel(
    folder: Path,
    name: str = "tiny",
    version: str = "1.0",
    *,
    files: Mapping[str, str | bytes] | None = None,
    tag: str = "py3-none-any",
) -> Path:
    """A wheel with these files, by default one module of the same name."""
    info = f"{name}-{version}.dist-info"
    content = {
        **(files if files is not None else {f"{name}.py": f"VALUE = {version!r}\n"}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    rows = []
    for path, text in content.items():
        raw = text.encode() if isinstance(text, str) else text
        digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(raw)}\n")
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in content.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "".join(rows) + f"{info}/RECORD,,\n")
    return wheel


def make_package(
    target: Path,
    *,
    model: Content | Mapping[str, Content] = b'{"threshold": 0.5}',
    code: Mapping[str, Content] | None = None,
    lock: str = "tiny==1.0\n",
    **changes: Any,
) -> Manifest:
    """A package as the stage `package` would write it; `changes` are fields of its manifest."""
    files: dict[str, Content] = {"code/requirements.lock": lock.encode(), "code/model/__init__.py": b""}
    files["code/model/serving.py"] = SERVING.encode()
    files.update({f"code/{name}": content for name, content in (code or {}).items()})
    if isinstance(model, Mapping):
        files.update({f"model/weights/{name}": content for name, content in model.items()})
        digest = digest_json({name: digest_of(content) for name, content in model.items()})
        place = "model/weights"
    else:
        files["model/model.json"], digest, place = model, digest_of(model), "model/model.json"
    manifest = Manifest(
        project="fraud",
        model=place,
        model_digest=digest,
        code="code",
        lock="code/requirements.lock",
        python="3.11",
        predict=Predict("fraud:predict"),
        environment=EnvironmentRecord("sha256:" + "e" * 64, "3.11.2", "linux-x86_64", {"tiny": "1.0"}),
        files={},
        verdict={"status": "PASS", "sentence": "f1 1 is at least 0.5", "evidence": "sha256:e", "decision": None},
        commit="c" * 40,
    )
    return write_package(target, replace(manifest, **changes), files)


def digest_of(content: Content) -> str:
    return digest_bytes(content if isinstance(content, bytes) else content.read_bytes())


@dataclass
class FolderRepository:
    """A repository that keeps its blobs in a layout; what was read and asked for is counted."""

    name: str
    layout: Layout
    read: list[str] = field(default_factory=list)
    broken: bool = False

    def manifest(self, reference: str | None = None) -> StoredManifest:
        if self.broken:
            raise InfrastructureError("the registry answers 500")
        for each in self.layout.index():
            if (reference or "latest") in (each.digest, each.annotations.get(TAG_ANNOTATION)):
                return self.layout.stored(each)
        raise ModelError(f"{self.name} has no {reference}")

    def blob(self, descriptor: ContentDescriptor) -> Path:
        self.read.append(descriptor.digest)
        return self.layout.blob(descriptor)

    def has(self, descriptor: ContentDescriptor) -> bool:
        return self.layout.has(descriptor)

    def referrers(self, digest: str) -> tuple[ContentDescriptor, ...]:
        return self.layout.referrers(digest)

    def push_blob(self, descriptor: ContentDescriptor, source: Path, on_bytes: OnBytes) -> None:
        self.layout.add_bytes(source.read_bytes(), descriptor.media_type)

    def mount_blob(self, digest: str, other: str) -> bool:
        return False

    def push_manifest(self, manifest: StoredManifest, tag: str | None = None) -> None:
        added = self.layout.add_bytes(manifest.content, manifest.media_type)
        kept = [each for each in self.layout.index() if each.annotations.get(TAG_ANNOTATION) != tag]
        self.layout.write_index([*kept, replace(added, annotations={TAG_ANNOTATION: tag} if tag else {})])

    def attach(self, manifest: StoredManifest, subject: ContentDescriptor) -> None: ...

    def tags(self) -> tuple[str, ...]:
        return ()

    def delete_manifest(self, digest: str) -> None: ...


@dataclass
class FolderRegistries:
    """Repositories in folders of one folder."""

    folder: Path
    opened: dict[str, FolderRepository] = field(default_factory=dict)

    def repository(self, name: str) -> FolderRepository:
        if name not in self.opened:
            self.opened[name] = FolderRepository(name, Layout.make(self.folder / name.replace("/", "_")))
        return self.opened[name]


@dataclass
class Wheelhouse:
    """Wheels that are there; every call is counted."""

    folder: Path
    asked: list[str] = field(default_factory=list)

    def wheelhouse(self, lock: Path, *, python: str, platform: str) -> Path:
        self.asked.append(f"{python} {platform}")
        return self.folder


@dataclass
class BuildWorld:
    """A world with wheels, registries and a cache in folders, and nothing else."""

    folder: Path
    the_wheels: Any = None
    the_registries: FolderRegistries | None = None

    def registries(self) -> Any:
        if self.the_registries is None:
            self.the_registries = FolderRegistries(self.folder / "registry")
        return self.the_registries

    def wheels(self) -> Any:
        if self.the_wheels is None:
            tiny_wheel(self.folder / "wheels")
            self.the_wheels = Wheelhouse(self.folder / "wheels")
        return self.the_wheels

    def cache(self, name: str) -> Path:
        path = self.folder / "cache" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def engine(self) -> Any:
        raise InfrastructureError("no engine answers")

    def cluster(self, kubeconfig: Path | None, context: str | None = None) -> Any:
        raise InfrastructureError("no cluster answers")

    def processes(self) -> Any:
        raise InfrastructureError("no processes here")


def image_context(
    folder: Path, package: Path, world: Any, *, log: Any = lambda line: None, **settings: Any
) -> StageContext:
    """The context of a job of the stage `image` in a folder."""
    defaults = {each.name: each.default for each in Specs()["image"].parameters}
    made = upstream(folder / "up", "package", "package", {"package": ("package", package)})
    given = {**defaults, "serve": "model.serving", "data": "train", "platform": "linux/amd64", **settings}
    context = stage_context(folder, job="make_image", settings=given, upstream={"package": made}, world=world, log=log)
    return replace(context, declared={"train": DATA})


def build(context: StageContext) -> StageResult:
    return Specs().load_run("image")(context)


def built(context: StageContext, world: Any) -> tuple[LayoutBlobs, Image]:
    """The image that a job has left."""
    layout = LayoutBlobs(context.out / "image", world.registries)
    return layout, read_image(layout)


def documents(path: Path) -> Any:
    return json.loads(path.read_text())
