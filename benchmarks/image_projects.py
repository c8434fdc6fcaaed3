"""The content that the builders are measured on: large wheels, a large model and a line of code."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.contract.digest import digest_file
from pipeline_kit.contract.ports import EnvironmentRecord
from pipeline_kit.models.manifest import Manifest, Predict
from pipeline_kit.models.package import write_package

STAGE = """help: Hands on the package that the benchmark made.
inputs: []
cacheable: false
outputs:
  package: {path: package.tar, kind: package, help: The package.}
"""
RUN = '''"""Hands on the package that the benchmark made."""

import os
from pathlib import Path

from pipeline_kit.contract.result import Outcome, StageResult


def run(context):
    """The package, by a link: handing it on is not what is measured."""
    os.link(os.environ["BENCH_PACKAGE"], context.out / "package.tar")
    made = context.left("package", context.out / "package.tar")
    return StageResult(Outcome.PASSED, "made", outputs={"package": made})
'''
DESCRIPTOR = """version: 1
kit: 0.1.0
project: {{name: bench, lock: requirements.lock}}
insecure: ["{host}"]
data:
  train: {{path: train.csv, target: label, columns: {{size: {{type: number}}, label: {{type: integer}}}}}}
jobs:
  package: {{stage: made}}
  package_image: {{stage: image, needs: [package], serve: serving, data: train, repository: "{host}/kit"}}
  push: {{needs: [package_image], repository: "{host}/kit"}}
"""
DOCKERFILE = """FROM scratch
COPY packages /app/packages
COPY model /app/model
COPY code /app/code
ENTRYPOINT ["python3", "-m", "serving"]
"""
WHEEL = "big_dependency-1.0-py3-none-any.whl"


@dataclass(frozen=True, slots=True)
class Content:
    """The image's content: a folder of packages, also as a wheel, a model, and a file of code."""

    folder: Path

    @property
    def model(self) -> Path:
        """The model's file."""
        return self.folder / "context" / "model" / "model.bin"

    @property
    def code(self) -> Path:
        """The line that changes."""
        return self.folder / "context" / "code" / "serving.py"

    @property
    def context(self) -> Path:
        """The build context of a Dockerfile."""
        return self.folder / "context"

    @property
    def package(self) -> Path:
        """The kit's package of the same code and model."""
        return self.folder / "package.tar"


def make_content(folder: Path, dependency_megabytes: int, model_megabytes: int) -> Content:
    """Makes compiled libraries, in a wheel and unpacked, and random weights: like real ones, they hardly compress."""
    content = Content(folder)
    for name in ("packages/big_dependency", "code", "model"):
        (content.context / name).mkdir(parents=True)
    large = content.context / "packages" / "big_dependency" / "library.bin"
    libraries_file(large, dependency_megabytes)
    (content.context / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    information = "big_dependency-1.0.dist-info"
    texts = {
        f"{information}/METADATA": "Metadata-Version: 2.1\nName: big-dependency\nVersion: 1.0\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [recorded(name, hashlib.sha256(text.encode()).digest(), len(text)) for name, text in texts.items()]
    digest = bytes.fromhex(digest_file(large).removeprefix("sha256:"))
    record += [recorded("big_dependency/library.bin", digest, large.stat().st_size), f"{information}/RECORD,,"]
    (folder / "wheels").mkdir()
    with zipfile.ZipFile(folder / "wheels" / WHEEL, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as wheel:
        wheel.write(large, "big_dependency/library.bin")
        for name, text in texts.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{information}/RECORD", "\n".join(record) + "\n")
    random_file(content.model, model_megabytes)
    change_code(content, 0)
    return content


def recorded(name: str, digest: bytes, size: int) -> str:
    """A line of a wheel's RECORD."""
    return f"{name},sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')},{size}"


def change_code(content: Content, number: int) -> None:
    """Changes the line of code and makes the package again."""
    content.code.write_text(f'"""Serves."""\n\nNUMBER = {number}\n', encoding="utf-8")
    make_package(content)


def change_model(content: Content, megabytes: int) -> None:
    """Changes the weights and makes the package again."""
    random_file(content.model, megabytes)
    make_package(content)


def make_package(content: Content) -> None:
    """Makes the package as the kit's stage would."""
    content.package.unlink(missing_ok=True)
    files: dict[str, Path | bytes] = {
        "model/model.bin": content.model,
        "code/serving.py": content.code,
        "code/requirements.lock": b"big-dependency==1.0\n",
        "metrics.json": b"{}\n",
        "verdict.json": b"{}\n",
    }
    manifest = Manifest(
        project="bench",
        model="model/model.bin",
        model_digest=digest_file(content.model),
        code="code",
        lock="code/requirements.lock",
        python="3.11",
        predict=Predict("serving:predict"),
        environment=EnvironmentRecord("sha256:" + "0" * 64, "3.11", "linux"),
        files={},
        verdict={"status": "PASS", "sentence": "the gate has passed", "evidence": "sha256:" + "0" * 64},
    )
    write_package(content.package, manifest, files)


def make_project(folder: Path, host: str) -> None:
    """Makes a project whose jobs build and push the image."""
    stage = folder / ".pipeline-kit" / "stages" / "made"
    stage.mkdir(parents=True)
    (stage / "stage.yml").write_text(STAGE, encoding="utf-8")
    (stage / "run.py").write_text(RUN, encoding="utf-8")
    (folder / "pipeline-kit.yml").write_text(DESCRIPTOR.format(host=host), encoding="utf-8")
    (folder / "requirements.lock").write_text("big-dependency==1.0\n", encoding="utf-8")


def variables(content: Content, cache: Path) -> Mapping[str, str]:
    """The variables by which the project's jobs find wheel, package and caches."""
    return {
        "BENCH_PACKAGE": str(content.package),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(content.folder / "wheels"),
        "PIPELINE_KIT_CACHE": str(cache),
    }


def libraries_file(path: Path, megabytes: int) -> None:
    """Writes that many million bytes of compiled libraries: those of this interpreter's packages, repeated.

    The repetition does not help a compressor: its window is shorter.
    """
    libraries = sorted(Path(sys.prefix).rglob("*.so*"))
    left = megabytes * 1_000_000
    with path.open("wb") as file:
        while left:
            before = left
            for library in libraries:
                left -= file.write(library.read_bytes()[:left])
            if left == before:
                raise RuntimeError("this interpreter has no packages with compiled libraries")


def random_file(path: Path, megabytes: int) -> None:
    """Writes that many million random bytes."""
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
