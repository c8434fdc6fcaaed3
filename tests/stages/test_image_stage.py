"""The image: what was gated is what is in it, one digest wherever it is built, and nothing that does not agree."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.adapters.python.wheels import PipWheels
from pipeline_kit.catalog import Specs
from pipeline_kit.contract.context import GitFacts
from pipeline_kit.contract.digest import digest_bytes, digest_tree
from pipeline_kit.contract.result import Outcome
from pipeline_kit.descriptor.grammar import GRAMMARS
from pipeline_kit.errors import DataError, ModelError, ProjectError, UsageError
from pipeline_kit.images.oci.root import unpack_root
from pipeline_kit.models.archive import open_archive
from tests.images.building import (
    REPOSITORY,
    BuildWorld,
    build,
    built,
    documents,
    image_context,
    make_package,
    tiny_wheel,
)
from tests.images.test_wheels import variables


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "package.tar"
    make_package(path)
    return path


@pytest.fixture
def world(tmp_path: Path) -> BuildWorld:
    return BuildWorld(tmp_path / "world")


def test_what_is_gated_is_what_ships(tmp_path: Path, package: Path, world: BuildWorld) -> None:
    """Model, code and manifest of the package to the byte, the dependencies, and what requests look like."""
    context = image_context(tmp_path / "job", package, world)
    result = build(context)
    assert result.outcome is Outcome.PASSED
    blobs, image = built(context, world)
    root = tmp_path / "root"
    unpack_root(blobs, image, root, above_base=True)
    with open_archive(package) as archive:
        for name in archive.sizes:
            place = name.replace("manifest.json", "config/manifest.json")
            assert (root / "app" / place).read_bytes() == archive.read(name, largest=1 << 20)
        manifest = archive.read("manifest.json", largest=1 << 20)
    assert digest_tree(root / "app" / "model" / "model.json") == result.facts["model"]
    assert (root / "app" / "packages" / "tiny.py").is_file()
    assert result.facts["image"] == image.digest
    assert result.facts["package"] == digest_bytes(manifest) == image.labels["dev.pipeline-kit.package.digest"]
    assert (
        image.labels["dev.pipeline-kit.model.digest"] == result.facts["model"] == json.loads(manifest)["model_digest"]
    )
    assert documents(root / "app" / "config" / "inputs.json") == {
        "version": 1,
        "id": "id",
        "columns": [
            {"name": "x", "type": "number", "min": 0.0, "max": 1.0, "values": [], "missing": 0.0},
            {"name": "country", "type": "category", "min": None, "max": None, "values": ["DE", "FR"], "missing": 0.5},
        ],
    }


def test_how_the_container_runs(tmp_path: Path, package: Path, world: BuildWorld) -> None:
    """Without root, the module of the project's code, on the port that the environment names."""
    context = image_context(tmp_path / "job", package, world)
    build(context)
    config = built(context, world)[1].config["config"]
    assert config["Entrypoint"] == ["python3", "-m", "model.serving"]
    assert (config["User"], config["WorkingDir"]) == ("10001:10001", "/app/code")
    assert config["ExposedPorts"] == {"8000/tcp": {}}
    assert "PYTHONPATH=/app/packages:/app/code" in config["Env"]
    context = image_context(tmp_path / "other", package, world, serve=None, command=["serve", "--all"], data=None)
    build(context)
    _, image = built(context, world)
    assert image.config["config"]["Entrypoint"] == ["serve", "--all"]


def test_the_labels(tmp_path: Path, package: Path, world: BuildWorld) -> None:
    """Say what is in it, of which commit, and when that was; the model's version may have a name."""
    context = image_context(tmp_path / "job", package, world, version="2.1")
    build(context)
    labels = built(context, world)[1].labels
    assert labels["org.opencontainers.image.revision"] == "c" * 40
    assert labels["org.opencontainers.image.created"] == "2023-11-14T22:13:20Z"
    assert labels["dev.pipeline-kit.commit.time"] == "1700000000"
    assert labels["dev.pipeline-kit.model.version"] == "2.1"
    assert labels["dev.pipeline-kit.verdict"] == "PASS"
    make_package(package, dirty=True)
    context = image_context(tmp_path / "dirty", package, world)
    build(context)
    assert built(context, world)[1].labels["dev.pipeline-kit.model.version"] == "c" * 12 + "-dirty"


def test_a_model_that_is_a_folder(tmp_path: Path, world: BuildWorld) -> None:
    """Keeps its files' names and its digest."""
    package = tmp_path / "folder.tar"
    make_package(package, model={"a/weights.bin": b"w", "config.json": b"{}"})
    context = image_context(tmp_path / "job", package, world)
    result = build(context)
    unpack_root(*built(context, world), tmp_path / "root", above_base=True)
    assert digest_tree(tmp_path / "root" / "app" / "model" / "weights") == result.facts["model"]


def test_what_the_job_says_of_itself(tmp_path: Path, package: Path, world: BuildWorld) -> None:
    """How many layers, how many of them reused, and how many bytes are new; the report has each by name."""
    build(image_context(tmp_path / "first", package, world))
    make_package(package, code={"model/more.py": b"new"})
    context = image_context(tmp_path / "second", package, world)
    result = build(context)
    report = documents(context.out / "image.json")
    assert result.reason == f"built {report['image']} from 4 layers, 2 of them reused: 0.0 MB new"
    assert {each["kind"] for each in report["layers"] if each["made"]} == {"code", "config"}
    assert result.measurements == {"layers": 4, "layers_reused": 2, "bytes": 40960, "bytes_built": 20480}
    assert {name: (each.path, each.kind) for name, each in result.outputs.items()} == {
        "image": ("image", "image"),
        "report": ("image.json", "report"),
    }


def test_layers_of_the_repository_are_taken_over(tmp_path: Path, package: Path, world: BuildWorld) -> None:
    """A fresh machine then fetches no wheel, and makes nothing that has not changed."""
    first = image_context(tmp_path / "first", package, world)
    build(first)
    blobs, image = built(first, world)
    repository = world.registries().repository(REPOSITORY)
    for each in (image.config_descriptor, *image.layers):
        repository.push_blob(each, blobs.blob(each), lambda count: None)
    repository.push_manifest(image.stored, "latest")
    fresh = BuildWorld(tmp_path / "fresh", the_registries=world.the_registries)
    result = build(image_context(tmp_path / "second", package, fresh, repository=REPOSITORY))
    assert result.measurements["layers_reused"] == 4
    assert result.facts["image"] == image.digest
    assert fresh.wheels().asked == []
    result = build(image_context(tmp_path / "third", package, fresh, repository=REPOSITORY, reuse=""))
    assert len(fresh.wheels().asked) == 1


@pytest.mark.slow
def test_ten_clean_builds_have_one_digest(tmp_path: Path) -> None:
    """In different directories, at different times and with different umasks, each with caches of its own."""
    digests = set()
    for number in range(10):
        folder = tmp_path / f"build-{number}" / ("deep" * number or "d")
        before = os.umask((0o022, 0o077, 0o002, 0o000)[number % 4])
        try:
            digests.add(clean_build(folder, seconds=number * 100_000_000))
        finally:
            os.umask(before)
    assert len(digests) == 1


def clean_build(folder: Path, seconds: int) -> object:
    """The digest of an image that is built from nothing but a lock file, a package and an index."""
    tiny_wheel(folder / "index")
    tiny_wheel(folder / "index", "native", files={"native.so": b"ELF" * 1000}, tag="cp311-cp311-manylinux_2_17_x86_64")
    (folder / "cache").mkdir()
    wheels = PipWheels(folder / "cache", variables(folder / "index"), lambda line: None)
    model = folder / "weights.bin"
    model.write_bytes(bytes(range(256)) * 80_000)
    os.utime(model, (seconds, seconds))
    make_package(folder / "package.tar", model={"weights.bin": model}, lock="tiny==1.0\nnative==1.0\n")
    os.utime(folder / "package.tar", (seconds, seconds))
    result = build(
        image_context(folder / "job", folder / "package.tar", BuildWorld(folder / "world", the_wheels=wheels))
    )
    return result.facts["image"]


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "a verdict that failed": (
        {"verdict": {"status": "FAIL", "sentence": "f1 0.1 is below 0.5"}},
        ModelError,
        "the package's verdict is FAIL: f1 0.1 is below 0.5",
    ),
    "an undecided verdict": (
        {"verdict": {"status": "UNDECIDED", "decision": None}},
        ModelError,
        "verdict is UNDECIDED",
    ),
    "an empty decision": ({"verdict": {"status": "UNDECIDED", "decision": ""}}, ModelError, "verdict is UNDECIDED"),
    "a decision on a failure": ({"verdict": {"status": "FAIL", "decision": "yes"}}, ModelError, "verdict is FAIL"),
    "no verdict": ({"verdict": {}}, ModelError, "verdict is None"),
    "another commit": ({"commit": "d" * 40}, ModelError, "the package is of commit dddd"),
    "no commit": ({"commit": None}, ModelError, "the package is of commit None"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_package_that_does_not_ship(tmp_path: Path, world: BuildWorld, fault: str) -> None:
    """No image is left of it."""
    changes, error, says = WRONG[fault]
    make_package(tmp_path / "package.tar", **changes)
    context = image_context(tmp_path / "job", tmp_path / "package.tar", world)
    with pytest.raises(error, match=says):
        build(context)
    assert not (context.out / "image").exists()


def test_a_decided_verdict_ships(tmp_path: Path, world: BuildWorld) -> None:
    """A person has said why."""
    verdict = {"status": "UNDECIDED", "sentence": "thin", "decision": "Compared by hand. (Ada)"}
    make_package(tmp_path / "package.tar", verdict=verdict)
    context = image_context(tmp_path / "job", tmp_path / "package.tar", world)
    assert build(context).outcome is Outcome.PASSED
    assert built(context, world)[1].labels["dev.pipeline-kit.verdict"] == "UNDECIDED"


def test_a_changed_byte_in_the_package(tmp_path: Path, package: Path, world: BuildWorld) -> None:
    """Wherever it is, nothing is built."""
    content = bytearray(package.read_bytes())
    content[content.index(b'{"threshold": 0.5}') + 14] ^= 1
    package.write_bytes(content)
    with pytest.raises(ModelError, match=r"model/model\.json has sha256:"):
        build(image_context(tmp_path / "job", package, world))


SETTINGS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "neither serve nor command": ({"serve": None}, UsageError, "exactly one of serve and command"),
    "both": ({"command": ["sh"]}, UsageError, "exactly one of serve and command"),
    "no data": ({"data": None}, UsageError, "the columns of a request to the model are not declared"),
    "no such data": ({"data": "other"}, UsageError, "unknown dataset 'other'"),
    "a dockerfile for layers": ({"dockerfile": "Dockerfile"}, UsageError, "a Dockerfile is for the builder docker"),
    "a base without a host": ({"base": "python:3.11-slim"}, UsageError, "names no registry"),
    "a base that is not there": ({"base": "oci:base"}, ModelError, "is not an OCI layout"),
    "no such lock": ({"serving_lock": "serving.lock"}, UsageError, "lock file serving.lock is missing"),
}


@pytest.mark.parametrize("fault", SETTINGS)
def test_settings_that_do_not_go_together(tmp_path: Path, package: Path, world: BuildWorld, fault: str) -> None:
    """The message says which, and what to do."""
    settings, error, says = SETTINGS[fault]
    with pytest.raises(error, match=says):
        build(image_context(tmp_path / "job", package, world, **settings))


def test_without_columns_no_request_could_be_checked(tmp_path: Path, package: Path, world: BuildWorld) -> None:
    """The dataset must declare them."""
    context = image_context(tmp_path / "job", package, world)
    bare = replace(context.declared["train"], columns=())
    with pytest.raises(UsageError, match="dataset train declares no columns but its target"):
        build(replace(context, declared={"train": bare}))


def test_serving_shares_its_versions_with_training(tmp_path: Path, world: BuildWorld) -> None:
    """What differs is named, all of it; what serving does without is no matter."""
    make_package(tmp_path / "package.tar", lock="tiny==1.0\nscipy==1.1\nonly-training==3\n")
    context = image_context(tmp_path / "job", tmp_path / "package.tar", world, serving_lock="serving.lock")
    lock = context.workspace / "serving.lock"
    lock.write_text("tiny==2.0\nScipy==1.1.0\nuvicorn==0.30\n")
    with pytest.raises(ProjectError) as error:
        build(context)
    assert error.value.message == (
        "serving.lock is not what the model was trained with: tiny is 2.0, and 1.0 where the model was trained; "
        "uvicorn 0.30 is not in the lock file that the model was trained with"
    )
    lock.write_text("tiny>=1\n")
    with pytest.raises(ProjectError, match=r"serving\.lock pins no exact versions: line 1: tiny is not pinned by =="):
        build(context)
    lock.write_text("tiny==1.0\n")
    assert build(context).outcome is Outcome.PASSED


def test_no_package_no_image(tmp_path: Path, package: Path, world: BuildWorld) -> None:
    """The job needs one before it; and one that is stale is none."""
    context = image_context(tmp_path / "job", package, world)
    with pytest.raises(ModelError, match="no job before this one made a package"):
        build(replace(context, upstream={}))
    made = context.upstream["package"]
    (context.workspace / "model.py").write_text("changed")
    stale = replace(made, record=replace(made.record, inputs={"model.py": "sha256:before"}))
    with pytest.raises(DataError, match=r"stale: model\.py has changed since"):
        build(replace(context, upstream={"package": stale}))


def test_outside_a_repository(tmp_path: Path, world: BuildWorld) -> None:
    """The model's digest is its version then, and no revision is named."""
    make_package(tmp_path / "package.tar", commit=None)
    context = replace(image_context(tmp_path / "job", tmp_path / "package.tar", world), git=GitFacts())
    build(context)
    labels = built(context, world)[1].labels
    assert "org.opencontainers.image.revision" not in labels
    assert labels["dev.pipeline-kit.model.version"] == labels["dev.pipeline-kit.model.digest"][7:19]


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        (
            "base",
            ["scratch", "oci:base", "oci:/srv/base:1.0", "registry.example/python:3.11"],
            ["$BASE", "oci:$(id)", "a b"],
        ),
        ("repository", ["registry.example/team/fraud", "127.0.0.1:5000/x"], ["fraud", "registry.example/x:1", "$R/x"]),
        ("platform", ["linux/amd64", "linux/arm/v7"], ["amd64", "linux/$A", "windows/amd64"]),
        ("serve", ["model.serving", "serve"], ["model/serving.py", "model:app", "-m", "$X", "a..b"]),
    ],
)
def test_what_settings_may_hold(parameter: str, good: list[str], bad: list[str]) -> None:
    """Nothing that a shell or a server would read as code."""
    spec = Specs()["image"].parameter(parameter)
    assert spec is not None
    grammar = GRAMMARS[spec.grammar]
    assert [text for text in good if grammar.complaint(text)] == []
    assert [text for text in bad if not grammar.complaint(text)] == []
