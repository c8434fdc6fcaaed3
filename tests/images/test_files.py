"""The files of an image as its container sees them, and layers that are hostile."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest

from pipeline_kit.errors import ModelError
from pipeline_kit.images.oci import files as module
from pipeline_kit.images.oci.files import image_files
from tests.scan.pictures import Entry, Layer, Picture, tar_of


def seen(folder: Path, *layers: Layer) -> dict[str, bytes | str]:
    layout, image = Picture(layers).write(folder)
    found: dict[str, bytes | str] = {}
    for each in image_files(image, layout):
        assert each.path not in found
        found[each.path] = each.read(100) if each.kind == "file" else f"{each.kind} {each.target}".strip()
    return found


@pytest.mark.parametrize("zipped", [False, True])
def test_the_last_layer_wins(tmp_path: Path, zipped: bool) -> None:
    """Over a file, over a folder, and over all below a folder that it empties or takes away."""
    low = Layer([
        Entry("./a", b"low"),
        Entry("d/", kind="folder", mode=0o755),
        Entry("d/x", b"x"),
        Entry("e/y", b"y"),
        Entry("f/z", b"z"),
        Entry("g/w", b"w"),
        Entry("kept", b"kept"),
    ], zipped=zipped)  # fmt: skip
    high = Layer([
        Entry("a", b"high"),
        Entry(".wh.d"),
        Entry("e/.wh..wh..opq"),
        Entry("e/new", b"new"),
        Entry("f", b"a file now"),
        Entry("g", kind="link", target="kept"),
    ], zipped=zipped)  # fmt: skip
    assert seen(tmp_path, low, high) == {
        "a": b"high", "e/new": b"new", "f": b"a file now", "g": "link kept", "kept": b"kept",
    }  # fmt: skip


def test_a_layer_above_that_takes_a_file_away_does_not_hide_its_own(tmp_path: Path) -> None:
    """What the highest layer writes beside its whiteouts stays, in whatever order they stand."""
    low = Layer([Entry("d/x", b"low"), Entry("d/y", b"low")])
    assert seen(tmp_path, low, Layer([Entry("d/x", b"high"), Entry("d/.wh..wh..opq")])) == {"d/x": b"high"}


def test_hard_links_have_their_content(tmp_path: Path) -> None:
    """Of their own layer, whichever comes first, and of a lower one."""
    low = Layer([Entry("one", b"1"), Entry("two", kind="hard", target="./one")], zipped=True)
    high = Layer([Entry("three", kind="hard", target="one"), Entry("null", kind="device")])
    assert seen(tmp_path, low, high) == {"one": b"1", "two": b"1", "three": b"1", "null": "other"}


def test_a_path_that_stands_twice_in_a_layer(tmp_path: Path) -> None:
    """Its last entry is the file."""
    assert seen(tmp_path, Layer([Entry("a", b"1"), Entry("a", b"2")])) == {"a": b"2"}


def test_where_an_entry_comes_from(tmp_path: Path) -> None:
    """Its layer's number and kind, its mode and its size."""
    layout, image = Picture([Layer([Entry("a", b"1", 0o4755)], "base"), Layer([Entry("b")], "code")]).write(tmp_path)
    found = {each.path: (each.layer, each.layer_kind, each.mode, each.size) for each in image_files(image, layout)}
    assert found == {"a": (0, "base", 0o4755, 1), "b": (1, "code", 0o644, 0)}


def cut() -> bytes:
    return tar_of([Entry("a", b"x" * 5000)])[:2000]


def header_bomb() -> bytes:
    """A gigabyte of zeros as an extended header."""
    member = tarfile.TarInfo("x")
    member.type, member.size = tarfile.XHDTYPE, 1 << 30
    return member.tobuf(tarfile.USTAR_FORMAT)


HOSTILE = {
    "a path that climbs": (Layer([Entry("a/../../b")]), "leads out of the image"),
    "an absolute path that climbs": (Layer([Entry("/../b")]), "leads out of the image"),
    "a hard link that climbs": (Layer([Entry("a", kind="hard", target="../b")]), "leads out of the image"),
    "a hard link to nothing": (Layer([Entry("a", kind="hard", target="b")]), "a hard link to nothing"),
    "hard links in a circle": (
        Layer([Entry("a", kind="hard", target="b"), Entry("b", kind="hard", target="a")]),
        "lead in a circle",
    ),
    "a header of a gigabyte": (Layer([], raw=header_bomb()), "asks for 1073741824 bytes of header"),
    "no tar": (Layer([], raw=b"no tar at all" * 100), "is not a tar"),
    "a tar that breaks off": (Layer([], raw=cut()), "is not a complete tar|cannot be read"),
    "no gzip": (Layer([], raw=b""), "is not a tar"),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_hostile_layer_is_refused(tmp_path: Path, fault: str) -> None:
    """With a clear error, before anything is made of it."""
    layer, reason = HOSTILE[fault]
    with pytest.raises(ModelError, match=reason):
        seen(tmp_path, layer)


def test_a_gzip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a small blob inflates to is bounded."""
    monkeypatch.setattr(module, "LARGEST_LAYER", 1 << 20)
    bomb = Layer([Entry("a", b"\0" * (2 << 20))], zipped=True)
    with pytest.raises(ModelError, match="inflates to more than 1048576 bytes"):
        seen(tmp_path, bomb)


def test_broken_gzip_and_other_compressions_are_refused(tmp_path: Path) -> None:
    """The blob's digest holds and its content does not."""
    layout, image = Picture([Layer([Entry("a", b"1")], zipped=True)]).write(tmp_path)
    broken = gzip.compress(tar_of([Entry("a", b"1" * 9000)]))[:-40]
    descriptor = layout.add_bytes(broken, image.layers[0].media_type)
    other = layout.add_bytes(b"", "application/vnd.oci.image.layer.v1.tar+zstd")
    for layer, reason in ((descriptor, "is not a tar"), (other, "is a application/vnd.oci.image.layer.v1.tar.zstd")):
        changed = type(image)(image.stored, image.config_descriptor, (layer,), image.manifest, image.config)
        with pytest.raises(ModelError, match=reason):
            list(image_files(changed, layout))


def test_a_changed_blob_is_refused(tmp_path: Path) -> None:
    """Before a byte of it is looked at."""
    layout, image = Picture([Layer([Entry("a", b"1")])]).write(tmp_path)
    path = layout.path(image.layers[0].digest)
    path.write_bytes(path.read_bytes().replace(b"1", b"2"))
    with pytest.raises(ModelError, match="other bytes than its digest"):
        list(image_files(image, layout))


def test_only_files_have_content(tmp_path: Path) -> None:
    """A link is a link."""
    layout, image = Picture([Layer([Entry("a", kind="link", target="b")])]).write(tmp_path)
    (only,) = image_files(image, layout)
    with pytest.raises(ModelError, match="a of the image has no content: it is a link"):
        only.open()
