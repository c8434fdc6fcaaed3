"""A package: what is in it is what its manifest says, or it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.contract.digest import digest_bytes, digest_tree
from pipeline_kit.contract.ports import EnvironmentRecord
from pipeline_kit.errors import ModelError
from pipeline_kit.models.archive import open_archive, write_archive
from pipeline_kit.models.manifest import Manifest, Predict, read_manifest
from pipeline_kit.models.package import MANIFEST, read_package, unpack_package, write_package

MODEL = b'{"threshold": 0.5}'
FILES = {
    "model/model.json": MODEL,
    "code/fraud/__init__.py": b"",
    "code/requirements.lock": b"numpy==2.0\n",
    "metrics.json": b"{}",
}


def manifest(**changes: Any) -> Manifest:
    made = Manifest(
        project="fraud",
        model="model/model.json",
        model_digest=digest_bytes(MODEL),
        code="code",
        lock="code/requirements.lock",
        python="3.11",
        predict=Predict("fraud.predict:main", {"threshold": 0.5}, 7),
        environment=EnvironmentRecord("sha256:e", "3.11.7", "linux", {"numpy": "2.0"}),
        files={},
        parameters={"rate": 0.1},
        seed=3,
        metrics={"test": {"f1": 0.98}},
        verdict={"status": "PASS"},
        data={"train": "sha256:t"},
        commit="c" * 40,
        kit="0.1.0",
    )
    return replace(made, **changes)


def tampered(path: Path, change: Callable[[dict[str, bytes]], Any]) -> Path:
    """The package with its members changed, and its archive sound."""
    with open_archive(path) as archive:
        members = {name: archive.read(name, largest=1 << 20) for name in archive.sizes}
    change(members)
    write_archive(path, members)
    return path


def edited(members: dict[str, bytes], **changes: Any) -> None:
    """Changes entries of the manifest; None removes them."""
    document = json.loads(members[MANIFEST])
    for name, value in changes.items():
        if value is None:
            del document[name]
        else:
            document[name] = value
    members[MANIFEST] = json.dumps(document).encode()


def test_a_package_is_unpacked_as_it_was_packed(tmp_path: Path) -> None:
    """Everything comes back, each file proven by its digest."""
    written = write_package(tmp_path / "it.tar", manifest(), FILES)
    assert written.files["model/model.json"].size == len(MODEL)
    assert read_package(tmp_path / "it.tar") == written
    package = unpack_package(tmp_path / "it.tar", tmp_path / "out")
    assert package.manifest == written
    assert package.model.read_bytes() == MODEL
    assert package.lock.read_bytes() == b"numpy==2.0\n"
    assert sorted(each.name for each in package.code.iterdir()) == ["fraud", "requirements.lock"]


def test_a_model_may_be_a_folder(tmp_path: Path) -> None:
    """A folder's digest is that of its tree, wherever it lies."""
    folder = tmp_path / "model"
    (folder / "layers").mkdir(parents=True)
    (folder / "layers" / "one").write_bytes(b"1")
    (folder / "two").write_bytes(b"2")
    files = {name: content for name, content in FILES.items() if not name.startswith("model/")}
    files |= {"model/net/layers/one": b"1", "model/net/two": b"2"}
    write_package(tmp_path / "it.tar", manifest(model="model/net", model_digest=digest_tree(folder)), files)
    package = unpack_package(tmp_path / "it.tar", tmp_path / "out")
    assert digest_tree(package.model) == digest_tree(folder)


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    """In any order, from bytes or files."""
    (tmp_path / "weights").write_bytes(MODEL)
    write_package(tmp_path / "one.tar", manifest(), FILES)
    backwards = dict(reversed(FILES.items()))
    write_package(tmp_path / "two.tar", manifest(), {**backwards, "model/model.json": tmp_path / "weights"})
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_digest": "sha256:other"}, "the model is not the one of digest sha256:other"),
        ({"model": "model/weights"}, "the model is not the one of digest"),
        ({"lock": "requirements.lock"}, "has no lock file requirements.lock"),
        ({"code": "../elsewhere"}, "'../elsewhere' is not a plain relative path"),
        ({"code": "/"}, "'/' is not a plain relative path"),
    ],
)
def test_what_does_not_fit_is_not_written(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    """A package that could not be read back is never made."""
    with pytest.raises(ModelError, match=message):
        write_package(tmp_path / "it.tar", manifest(**changes), FILES)
    assert not (tmp_path / "it.tar").exists()


TAMPERED: dict[str, tuple[Callable[[dict[str, bytes]], Any], str]] = {
    "a changed model": (
        lambda members: members.update({"model/model.json": MODEL.replace(b"0.5", b"0.9")}),
        "model/model.json has sha256:",
    ),
    "changed code": (
        lambda members: members.update({"code/requirements.lock": b"numpy==6.6\n"}),
        "code/requirements.lock has sha256:",
    ),
    "a longer file": (lambda members: members.update({"metrics.json": b"{ }"}), "metrics.json has 3 bytes, not 2"),
    "a file more": (lambda members: members.update({"code/evil.py": b""}), "holds code/evil.py, which its manifest"),
    "a file less": (lambda members: members.pop("metrics.json"), "has no metrics.json, which its manifest lists"),
    "no manifest": (lambda members: members.pop(MANIFEST), "has no manifest.json"),
    "no text": (lambda members: members.update({MANIFEST: b"\xff"}), "the manifest is not UTF-8 text"),
    "no JSON": (lambda members: members.update({MANIFEST: b"{"}), "not a valid package manifest of version 1"),
    "a list": (lambda members: members.update({MANIFEST: b"[]"}), "not a valid package manifest of version 1"),
    "another version": (lambda members: edited(members, version=2), "not a valid package manifest of version 1"),
    "an entry less": (lambda members: edited(members, model=None), "not a valid package manifest of version 1"),
    "an entry more": (lambda members: edited(members, extra=1), "not a valid package manifest of version 1"),
    "another model": (lambda members: edited(members, model_digest="sha256:0"), "the model is not the one of digest"),
    "code elsewhere": (lambda members: edited(members, code="../.."), "'../..' is not a plain relative path"),
    "an entry without words": (
        lambda members: edited(members, predict={"run": [1], "parameters": {}, "seed": None, "format": "csv"}),
        "predict.run is neither module:function nor a list of words",
    ),
    "an environment of nothing": (
        lambda members: edited(members, environment={}),
        "not a valid package manifest of version 1",
    ),
    "files in a list": (lambda members: edited(members, files=["a"]), "not a valid package manifest of version 1"),
    "a size that is text": (
        lambda members: edited(members, files={"metrics.json": {"digest": "sha256:0", "size": "2"}}),
        "metrics.json has no size",
    ),
}


@pytest.mark.parametrize("fault", TAMPERED)
def test_tampered_packages(tmp_path: Path, fault: str) -> None:
    """The message names what differs, whether it is only read or unpacked."""
    write_package(tmp_path / "it.tar", manifest(), FILES)
    change, message = TAMPERED[fault]
    path = tampered(tmp_path / "it.tar", change)
    with pytest.raises(ModelError) as read:
        read_package(path)
    with pytest.raises(ModelError) as unpacked:
        unpack_package(path, tmp_path / "out")
    assert message in read.value.message
    assert read.value.message == unpacked.value.message


def test_nothing_is_unpacked_of_a_package_with_other_members(tmp_path: Path) -> None:
    """The members are compared with the manifest before the first byte is written."""
    write_package(tmp_path / "it.tar", manifest(), FILES)
    path = tampered(tmp_path / "it.tar", lambda members: members.update({"zzz": b""}))
    with pytest.raises(ModelError):
        unpack_package(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_manifest_reads_back(tmp_path: Path) -> None:
    """Its text is sorted JSON that gives the same manifest again."""
    made = manifest()
    assert read_manifest(made.text(), "it") == made
    assert list(json.loads(made.text())) == sorted(json.loads(made.text()))
