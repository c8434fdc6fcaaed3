"""Layers: what is in them, and that nothing but their files' paths, contents and executability is."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.oci import LAYER, LAYER_GZIP
from pipeline_kit.errors import ModelError
from pipeline_kit.images.oci.tar_layer import LayerFile, WrittenLayer, write_layer


def written(files: dict[str, LayerFile], *, compressed: bool = False) -> tuple[bytes, WrittenLayer]:
    target = io.BytesIO()
    layer = write_layer(files, target, compressed=compressed)
    return target.getvalue(), layer


def of(**contents: bytes) -> dict[str, LayerFile]:
    return {name.replace("__", "/"): LayerFile.of(content) for name, content in contents.items()}


def test_a_layer_has_its_folders_once_and_everything_sorted() -> None:
    """Times and owners are zero, modes are those of folders, files and executables."""
    files = {**of(app__model__b=b"2", app__a=b"1"), "app/run": LayerFile.of(b"#!", executable=True)}
    content, layer = written(files)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = archive.getmembers()
        found = archive.extractfile("app/model/b")
        assert found is not None
        assert found.read() == b"2"
    assert [(each.name, oct(each.mode)) for each in members] == [
        ("app", "0o755"),
        ("app/a", "0o644"),
        ("app/model", "0o755"),
        ("app/model/b", "0o644"),
        ("app/run", "0o755"),
    ]
    assert {(each.mtime, each.uid, each.gid, each.uname, each.gname) for each in members} == {(0, 0, 0, "", "")}
    assert layer.descriptor.media_type == LAYER
    assert layer.descriptor.digest == layer.diff_id == digest_bytes(content)
    assert layer.descriptor.size == len(content)


def test_a_compressed_layer_names_both_digests() -> None:
    """That of the gzip file, which has no time and no name in its header, and that of the tar in it."""
    content, layer = written(of(a=b"1" * 1000), compressed=True)
    plain, same = written(of(a=b"1" * 1000))
    assert layer.descriptor.media_type == LAYER_GZIP
    assert (layer.descriptor.digest, layer.diff_id) == (digest_bytes(content), same.diff_id)
    assert gzip.decompress(content) == plain
    assert content[3:8] == bytes(5)


def test_a_layer_without_a_target_is_only_digested() -> None:
    """It has the digest that it would have on disk."""
    assert write_layer(of(a=b"1"), None) == written(of(a=b"1"))[1]


@given(st.dictionaries(st.from_regex(r"[a-zäß0-9 ]{1,8}(/[a-z.]{3,120}){0,3}", fullmatch=True), st.binary(max_size=50)))
def test_a_layer_depends_on_nothing_but_its_files(contents: dict[str, bytes]) -> None:
    """In whatever order they are told, and whatever length or script their names have."""
    folders = {name.rsplit("/", count)[0] for name in contents for count in range(1, name.count("/") + 1)}
    files = {name: LayerFile.of(content) for name, content in contents.items() if name not in folders}
    content, layer = written(files)
    assert written(dict(reversed(files.items()))) == (content, layer)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        found = {each.name: archive.extractfile(each) for each in archive if each.isreg()}
        assert {name: each.read() for name, each in found.items() if each} == {name: contents[name] for name in files}


def test_files_on_disk_give_the_same_layer_at_any_time_and_mode(tmp_path: Path) -> None:
    """Whether one is executable is said by who builds, never by the disk."""
    layers = []
    for number, mode in enumerate((0o600, 0o755)):
        path = tmp_path / str(number)
        path.write_bytes(b"content")
        path.chmod(mode)
        os.utime(path, (number, number))
        layers.append(written({"app/file": LayerFile.of(path)}))
    assert layers[0] == layers[1]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("../etc/passwd", "is not a path in an image"),
        ("/etc/passwd", "is not a path in an image"),
        ("app//file", "is not a path in an image"),
        ("app/./file", "is not a path in an image"),
        ("app/a\0b", "is not a path in an image"),
        ("", "is not a path in an image"),
        ("app/.wh.passwd", "would remove a file of the layers below"),
        ("app/.wh..wh..opq", "would remove a file of the layers below"),
        ("app/model/file/more", "app/model/file would be a file and a folder"),
    ],
)
def test_a_path_that_no_layer_may_have(path: str, says: str) -> None:
    """It would lead out of the image, or do something to the layers below."""
    with pytest.raises(ModelError, match=says):
        written({path: LayerFile.of(b""), "app/model/file": LayerFile.of(b"")})


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    """No layer is made of it."""
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    file = LayerFile.of(path)
    path.write_bytes(b"1")
    with pytest.raises(ModelError, match="app/file has changed while it was read"):
        written({"app/file": file})
