"""What goes to a Docker engine and what comes from it, as files: context, Dockerfile, archive, log."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.adapters.docker.log import EngineLog
from pipeline_kit.contract.digest import digest_bytes, digest_file
from pipeline_kit.contract.image_documents import read_image
from pipeline_kit.errors import InfrastructureError, KitError, ModelError, ProjectError, UsageError
from pipeline_kit.images.build.content import ENVIRONMENT, ImageContent
from pipeline_kit.images.engine.archive import as_layout
from pipeline_kit.images.engine.context import write_context
from pipeline_kit.images.engine.dockerfile import dockerfile_of
from pipeline_kit.images.oci.layout import Layout
from tests.images.building import tiny_wheel

HOSTILE = "a \"b\" 'c' $HOME ${PATH} `id` $(id) \\ # {{ x }} {% y %} é"
LINES = ("a\nUSER root", "a\rUSER root", "a\u2028USER root", "a\x85b", "a\0b", "a\x1bb")
FILES: dict[str, Path | bytes] = {
    "app/code/model/serving.py": b"print(1)",
    "app/model/model.json": b"{}",
    "app/config/manifest.json": b"{}",
}


def content(**changes: Any) -> ImageContent:
    given: dict[str, Any] = {
        "files": FILES,
        "lock": Path("serving.lock"),
        "python": "3.11",
        "platform": "linux/amd64",
        "base": "registry.example/python:3.11-slim",
        "entrypoint": ("python3", "-m", "model.serving"),
        "labels": {},
        "created": 0,
    }
    return ImageContent(**{**given, **changes})


def test_the_dockerfile_installs_before_it_copies_and_runs_without_root() -> None:
    """Two stages of one base; what changes rarely comes first; nothing is run by a shell."""
    lines = dockerfile_of(content(), wheels=True).splitlines()
    words = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert words == [
        "ARG", "FROM", "ENV", "COPY", "COPY", "RUN", "FROM", "COPY", "COPY", "COPY", "COPY", "ENV", "WORKDIR", "USER",
        "EXPOSE", "STOPSIGNAL", "ENTRYPOINT",
    ]  # fmt: skip
    assert [line for line in lines if line.startswith(("RUN", "ENTRYPOINT")) and '["' not in line] == []
    copied = [line.split()[1] for line in lines if line.startswith("COPY")]
    assert copied == ["requirements.txt", "wheelhouse", "--from=dependencies", "code", "model", "config"]
    assert "USER 10001:10001" in lines
    assert all(f'{name}="{value}"' in "\n".join(lines) for name, value in ENVIRONMENT.items())
    assert "pip" not in dockerfile_of(content(), wheels=False)


def test_no_value_is_read_as_anything_else() -> None:
    """Quotes, variables, templates: what a value holds stands in quotes, or in a list of JSON."""
    given = content(
        entrypoint=("sh", HOSTILE), environment={"X": HOSTILE}, working_folder=f"/{HOSTILE}", user=f"me {HOSTILE}"
    )
    plain, hostile = dockerfile_of(content(environment={"X": "1"}), wheels=True), dockerfile_of(given, wheels=True)
    assert len(hostile.splitlines()) == len(plain.splitlines())
    (entry,) = [line for line in hostile.splitlines() if line.startswith("ENTRYPOINT")]
    assert json.loads(entry.removeprefix("ENTRYPOINT ")) == ["sh", HOSTILE]
    quoted = HOSTILE.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    assert f'ENV X="{quoted}"' in hostile.splitlines() and f'USER "me {quoted}"' in hostile.splitlines()


@pytest.mark.parametrize("text", LINES, ids=ascii)
def test_a_value_of_several_lines_is_refused(text: str) -> None:
    """Wherever it stands: it would be an instruction."""
    for changes in ({"entrypoint": (text,)}, {"environment": {"X": text}}, {"working_folder": text}, {"user": text}):
        with pytest.raises(UsageError, match="characters that no Dockerfile can hold"):
            dockerfile_of(content(**changes), wheels=True)
    with pytest.raises(UsageError, match="is not a valid variable name"):
        dockerfile_of(content(environment={f"X {text}": "1"}), wheels=True)


def test_the_context_holds_the_package_its_wheels_and_nothing_else(tmp_path: Path) -> None:
    """Each wheel by its hash; files keep whether they can be run, and the originals keep their modes."""
    wheel = tiny_wheel(tmp_path / "wheels")
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh")
    script.chmod(0o600)
    files = {**FILES, "app/code/run.sh": script}
    (tmp_path / "context").mkdir()
    given = content(files=files, executables=frozenset({"app/code/run.sh"}))
    write_context(tmp_path / "context", given, tmp_path / "wheels", None)
    found = {
        str(path.relative_to(tmp_path / "context")) for path in (tmp_path / "context").rglob("*") if path.is_file()
    }
    assert found == {
        "Dockerfile", "requirements.txt", "wheelhouse/tiny-1.0-py3-none-any.whl", "code/run.sh",
        "code/model/serving.py", "model/model.json", "config/manifest.json",
    }  # fmt: skip
    assert (tmp_path / "context/requirements.txt").read_text() == f"tiny==1.0 --hash={digest_file(wheel)}\n"
    assert (tmp_path / "context/code/run.sh").stat().st_mode & 0o777 == 0o755
    assert script.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"app/other/x": b""}, "app/other/x has no place in the image"),
        ({"app/code/../../etc/x": b""}, "etc/x"),
        ({"app/packages/x": b""}, "app/packages/x has no place in the image"),
    ],
)
def test_a_file_that_belongs_nowhere_is_refused(tmp_path: Path, files: dict[str, bytes], said: str) -> None:
    """By its path; it is not written anywhere."""
    (tmp_path / "context").mkdir()
    with pytest.raises(ModelError, match=said):
        write_context(tmp_path / "context", content(files=files), tmp_path, None)
    assert not (tmp_path / "etc").exists()


def test_a_dockerfile_or_wheel_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """Before an engine is asked."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    with pytest.raises(UsageError, match="the Dockerfile Mine cannot be read"):
        write_context(tmp_path / "one", content(), tmp_path, tmp_path / "Mine")
    (tmp_path / "wrong.whl").write_bytes(b"")
    with pytest.raises(ProjectError, match=r"wrong\.whl is not a valid wheel name"):
        write_context(tmp_path / "two", content(), tmp_path, None)


def layer(path: str, text: bytes) -> bytes:
    """A layer with one file."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        entry = tarfile.TarInfo(path)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return target.getvalue()


def saved(target: Path, layers: Mapping[str, bytes], **changes: Any) -> Path:
    """What `docker save` writes of an image with these layers."""
    plain = [gzip.decompress(each) if each.startswith(b"\x1f\x8b") else each for each in layers.values()]
    config = {
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest_bytes(each) for each in plain]},
    }  # fmt: skip
    files = {"config.json": json.dumps({**config, **changes.pop("config", {})}).encode(), **layers}
    listed = [{"Config": "config.json", "RepoTags": None, "Layers": list(layers)}]
    files["manifest.json"] = json.dumps(changes.pop("listed", listed)).encode()
    with tarfile.open(target, "w") as archive:
        for name, text in files.items():
            if name not in changes.get("without", ()):
                entry = tarfile.TarInfo(name)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))
    return target


def test_an_archive_becomes_a_layout_with_the_kind_of_each_layer(tmp_path: Path) -> None:
    """By what a layer holds; compressed or not, and one that stands twice is there once."""
    layers = {
        "base/layer.tar": layer("etc/os", b"x"),
        "deps/layer.tar": gzip.compress(layer("app/packages/tiny.py", b"x"), mtime=0),
        "code/layer.tar": layer("./app/code/serving.py", b"x"),
        "model/layer.tar": layer("app/model/model.json", b"x"),
        "config/layer.tar": layer("app/config/inputs.json", b"x"),
    }
    found = as_layout(saved(tmp_path / "image.tar", layers), tmp_path / "layout")
    image = read_image(Layout(tmp_path / "layout"))
    assert image.digest == found.digest
    kinds = [each.annotations["dev.pipeline-kit.layer.kind"] for each in image.layers]
    assert kinds == ["base", "dependencies", "code", "model", "config"]
    assert [each.digest for each in image.layers] == [digest_bytes(each) for each in layers.values()]
    assert [each.media_type.endswith("gzip") for each in image.layers] == [False, True, False, False, False]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.tar", "layout"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"without": ["manifest.json"]}, r"has no file manifest\.json"),
        ({"without": ["layer.tar"]}, r"has no file layer\.tar"),
        ({"without": ["config.json"]}, r"has no file config\.json"),
        ({"listed": []}, "lists no image, or several"),
        ({"listed": [{}, {}]}, "lists no image, or several"),
        ({"listed": {"Config": 1}}, "lists no image, or several"),
        ({"config": {"rootfs": {"diff_ids": []}}}, "wrote 1 layers, not 0"),
        ({"config": {"rootfs": {"diff_ids": ["sha256:" + "0" * 64]}}}, "its configuration names sha256:0000"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_an_archive_that_is_not_whole_is_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    """By what is wrong with it."""
    archive = saved(tmp_path / "image.tar", {"layer.tar": layer("etc/os", b"x")}, **changes)
    with pytest.raises(ModelError, match=said):
        as_layout(archive, tmp_path / "layout")


def test_an_archive_that_is_cut_off_anywhere_is_refused(tmp_path: Path, count: Callable[[str, int], None]) -> None:
    """At any block but the last, which is empty."""
    layers = {"layer.tar": layer("etc/os", b"x" * 3000)}
    whole = saved(tmp_path / "image.tar", layers).read_bytes()
    with tarfile.open(tmp_path / "image.tar") as tar:
        last = max(tar.getmembers(), key=lambda each: each.offset_data)
    for number, size in enumerate(range(0, last.offset_data, 512)):
        archive = tmp_path / f"{number}.tar"
        archive.write_bytes(whole[:size])
        with pytest.raises(KitError):
            as_layout(archive, tmp_path / f"layout{number}")
        count("archives of an engine cut off and refused", 1)


def told(*messages: Mapping[str, Any]) -> tuple[EngineLog, list[str]]:
    """The log after these messages, and the lines that it passed on."""
    lines: list[str] = []
    log = EngineLog(lines.append)
    for each in messages:
        log.read(each)
    return log, lines


def test_lines_come_whole_and_without_colours() -> None:
    """However the engine cuts them; a pull says once how far it is; no letter of a terminal's language passes."""
    _, lines = told(
        {"stream": "Step 1/2 : FR"},
        {"stream": "OM x\n ---> 12"},
        {"stream": "3\n"},
        {"status": "Pulling", "id": "abc"},
        {"status": "Pulling", "id": "abc"},
        {"status": "Downloading", "progressDetail": {"current": 1}, "id": "abc"},
        {"stream": "\x1b[91mred\x1b[0m\rover\x1b]0;title\x07it\n"},
    )
    assert lines[:3] == ["Step 1/2 : FROM x", " ---> 123", "abc: Pulling"]
    assert lines[3:] == ["red", "over]0;titleit"]


def test_what_the_engine_itself_lacks_is_infrastructure() -> None:
    """A full disk is nobody's Dockerfile; the same words in the output of a step are."""
    for words in ("write /x: no space left on device", "dial tcp: i/o timeout", "toomanyrequests: slow down"):
        with pytest.raises(InfrastructureError, match=words):
            told({"stream": "Step 1/1 : RUN x\n"}, {"error": words})
        with pytest.raises(ProjectError):
            told({"stream": f"Step 1/1 : RUN x\n{words}\n"}, {"error": "returned a non-zero code: 1"})
