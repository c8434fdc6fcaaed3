"""Roots on disk: what an image holds, and that no layer, whatever it was made to be, writes anywhere else."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import Image, read_image, write_document
from pipeline_kit.contract.oci import CONFIG, LAYER, MANIFEST
from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import LAYER_KIND
from pipeline_kit.images.oci.layout import Layout
from pipeline_kit.images.oci.root import unpack_root

Entry = tuple[str, bytes | str | None]  # a file's content, what a link leads to, or none for a folder


def tar(*entries: Entry | tarfile.TarInfo, mode: int = 0o644) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for each in entries:
            if isinstance(each, tarfile.TarInfo):
                archive.addfile(each)
                continue
            name, content = each
            entry = tarfile.TarInfo(name)
            entry.mode = mode
            if content is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            elif isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            else:
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content) if isinstance(content, bytes) else None)
    return target.getvalue()


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    return entry


def image_of(folder: Path, layers: Sequence[bytes], kinds: Sequence[str] = ()) -> tuple[Layout, Image]:
    layout = Layout.make(folder)
    listed = [layout.add_bytes(each, LAYER) for each in layers]
    documents = [
        {**each.document(), **({"annotations": {LAYER_KIND: kinds[number]}} if kinds else {})}
        for number, each in enumerate(listed)
    ]
    rootfs = {"type": "layers", "diff_ids": [digest_bytes(each) for each in layers]}
    config = layout.add_bytes(write_document({"os": "linux", "architecture": "amd64", "rootfs": rootfs}), CONFIG)
    manifest = write_document(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": config.document(), "layers": documents}
    )
    layout.write_index([layout.add_bytes(manifest, MANIFEST)])
    return layout, read_image(layout)


def unpacked(folder: Path, *layers: bytes, kinds: Sequence[str] = (), above_base: bool = False) -> dict[str, str]:
    """The root's content: a file's text, `-> target` of a link."""
    root = folder / "root"
    unpack_root(*image_of(folder / "layout", layers, kinds), root, above_base=above_base)
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_symlink():
            found[path.relative_to(root).as_posix()] = f"-> {path.readlink()}"
        elif path.is_file():
            found[path.relative_to(root).as_posix()] = path.read_text()
    return found


def test_upper_layers_replace_and_remove(tmp_path: Path) -> None:
    """Whiteouts take out a file, opaque folders all that was in them."""
    lower = tar(("a/one", b"1"), ("a/two", b"2"), ("b/old", b"old"), ("c", b"file"))
    upper = tar(
        ("a/.wh.one", b""), ("a/two", b"22"), ("b/.wh..wh..opq", b""), ("b/new", b"new"), ("c", None), ("c/in", b"in")
    )
    assert unpacked(tmp_path, lower, upper) == {"a/two": "22", "b/new": "new", "c/in": "in"}


def test_only_what_is_above_the_base(tmp_path: Path) -> None:
    """The base's layers are not even opened: here one is not a tar."""
    layers = (b"no tar at all", tar(("app/code/x.py", b"x")), tar(("app/model/m", b"m")))
    kinds = ("base", "code", "model")
    assert unpacked(tmp_path, *layers, kinds=kinds, above_base=True) == {"app/code/x.py": "x", "app/model/m": "m"}
    with pytest.raises(ModelError, match="is not a tar"):
        unpacked(tmp_path / "whole", *layers, kinds=kinds)


def test_layers_that_nobody_marked_are_all_unpacked(tmp_path: Path) -> None:
    """Which of them are the base's is not known then."""
    assert unpacked(tmp_path, tar(("a", b"1")), tar(("b", b"2")), above_base=True) == {"a": "1", "b": "2"}


def test_hard_links_are_copies(tmp_path: Path) -> None:
    """Also where what they lead to is in a layer below."""
    lower = tar(("a", b"content"))
    upper = tar(special("b", tarfile.LNKTYPE, "a"))
    assert unpacked(tmp_path, lower, upper) == {"a": "content", "b": "content"}


@pytest.mark.parametrize(
    ("target", "made"),
    [
        ("bin", "-> ../bin"),
        ("/etc/passwd", "-> ../etc/passwd"),
        ("../../../../etc/passwd", "-> ../etc/passwd"),
        ("../up", "-> ../up"),
        ("/", "-> .."),
        ("./x/../y", "-> ../usr/y"),
    ],
)
def test_links_stay_in_the_root(tmp_path: Path, target: str, made: str) -> None:
    """They lead to where they would inside a container, and are relative to where they stand."""
    expected = "-> ../usr/bin" if target == "bin" else made
    found = unpacked(tmp_path, tar(("usr/link", target)))
    assert found == {"usr/link": expected}
    assert (tmp_path / "root" / "usr" / "link").resolve().is_relative_to((tmp_path / "root").resolve())


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """A link to a folder outside, and then a file in it: whichever comes first."""
    outside = tmp_path / "outside"
    outside.mkdir()
    hostile: list[tuple[bytes, ...]] = [
        (tar(("x", str(outside)), ("x/evil", b"evil")),),
        (tar(("x/evil", b"evil"), ("x", str(outside))),),
        (tar(("x", str(outside))), tar(("x/evil", b"evil"))),
        (tar(("x", "../outside"), ("x/evil", b"evil")),),
    ]
    for number, layers in enumerate(hostile):
        folder = tmp_path / str(number)
        try:
            unpacked(folder, *layers)
        except ModelError as error:
            assert "is where another file is" in error.message
        assert list(outside.iterdir()) == []


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a path with ..": (lambda: tar(("../evil", b"1")), "leads out of the image"),
    "a nested path with ..": (lambda: tar(("app/../../evil", b"1")), "leads out of the image"),
    "a hard link out": (lambda: tar(special("a", tarfile.LNKTYPE, "../../etc/passwd")), "leads out of the image"),
    "a hard link to nothing": (lambda: tar(special("a", tarfile.LNKTYPE, "nothing")), "hard link to nothing"),
    "a device": (lambda: tar(special("dev/sda", tarfile.BLKTYPE)), "is a device or a pipe"),
    "a character device": (lambda: tar(special("null", tarfile.CHRTYPE)), "is a device or a pipe"),
    "a pipe": (lambda: tar(special("pipe", tarfile.FIFOTYPE)), "is a device or a pipe"),
    "an empty link": (lambda: tar(special("link", tarfile.SYMTYPE, "")), "is a link to nothing"),
    "a file in a file": (lambda: tar(("a", b"1"), ("a/b", b"2")), "is where another file is"),
    "a tar that is cut off": (
        lambda: tar(("a", b"1" * 5000))[:2000],
        "cut off|not a complete tar|broken|cannot be read",
    ),
    "no tar": (lambda: b"\x01" * 2048, "is not a tar"),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_hostile_layer_is_refused(tmp_path: Path, fault: str) -> None:
    """With a clear error, and nothing beside the root."""
    make, says = HOSTILE[fault]
    with pytest.raises(ModelError, match=says):
        unpacked(tmp_path, make())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["layout", "root"]


def test_an_absolute_path_lies_in_the_root(tmp_path: Path) -> None:
    """As every tool takes it."""
    assert unpacked(tmp_path, tar(("/etc/x", b"1"), ("./y", b"2"))) == {"etc/x": "1", "y": "2"}


def test_modes_hold_no_more_than_permissions(tmp_path: Path) -> None:
    """No set-uid bit, and nothing that its owner could not read or remove, whatever the umask."""
    before = os.umask(0o077)
    try:
        unpacked(tmp_path, tar(("tool", b"x"), mode=0o4755), tar(("none", b"x"), mode=0))
    finally:
        os.umask(before)
    modes = {path.name: oct(path.stat().st_mode & 0o7777) for path in (tmp_path / "root").iterdir()}
    assert modes == {"tool": "0o755", "none": "0o600"}


def test_a_root_is_unpacked_into_an_empty_folder_only(tmp_path: Path) -> None:
    """What lies there could be a link."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "old").touch()
    with pytest.raises(ModelError, match="is not empty"):
        unpacked(tmp_path, tar(("a", b"1")))
