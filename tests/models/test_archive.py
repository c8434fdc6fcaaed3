"""The archive: the same bytes for the same members, and nothing read that could not have been written."""

from __future__ import annotations

import io
import os
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline_kit.errors import ModelError
from pipeline_kit.models import archive as module
from pipeline_kit.models.archive import open_archive, write_archive

MEMBERS = {"b/model.bin": b"\x00\x01" * 700, "a.txt": b"text", "empty": b"", "ünï/" + "long" * 60: b"x"}


def members(path: Path) -> dict[str, bytes]:
    with open_archive(path) as archive:
        return {name: archive.read(name, largest=10_000) for name in archive.sizes}


def crafted(path: Path, *entries: tarfile.TarInfo, tail: bytes = b"") -> Path:
    """An archive of entries that the writer would never make."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for entry in entries:
            tar.addfile(entry, io.BytesIO(b"x" * entry.size) if entry.isreg() else None)
    with path.open("ab") as file:
        file.write(tail)
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, size: int = 3, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size if kind == tarfile.REGTYPE else 0, link
    return made


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Names and contents come back, long and foreign names too; there are no folders, owners or times."""
    write_archive(tmp_path / "it.tar", MEMBERS)
    assert members(tmp_path / "it.tar") == MEMBERS
    with tarfile.open(tmp_path / "it.tar") as tar:
        assert [each.name for each in tar] == sorted(MEMBERS)
        assert {(each.mtime, each.uid, each.gid, each.uname, each.mode) for each in tar} == {(0, 0, 0, "", 0o644)}


def test_the_same_members_give_the_same_bytes(tmp_path: Path) -> None:
    """Neither the folder, the order, the file's time and mode, the umask, nor the time of writing changes a byte."""
    written = []
    for number, mask in enumerate((0o022, 0o077, 0o000)):
        folder = tmp_path / f"folder {number}"
        folder.mkdir()
        before = os.umask(mask)
        try:
            sources: dict[str, Path | bytes] = {}
            for name in sorted(MEMBERS, reverse=bool(number)):
                source = folder / name.replace("/", "-")
                source.write_bytes(MEMBERS[name])
                source.chmod(0o600 + number)
                os.utime(source, (number * 10_000, number * 10_000))
                sources[name] = source
            write_archive(folder / "it.tar", sources)
        finally:
            os.umask(before)
        written.append((folder / "it.tar").read_bytes())
    assert written[0] == written[1] == written[2]
    write_archive(tmp_path / "bytes.tar", dict(MEMBERS))
    assert (tmp_path / "bytes.tar").read_bytes() == written[0]


def test_the_clock_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another day gives the same archive."""
    write_archive(tmp_path / "today.tar", MEMBERS)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    write_archive(tmp_path / "long ago.tar", MEMBERS)
    assert (tmp_path / "today.tar").read_bytes() == (tmp_path / "long ago.tar").read_bytes()


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=300), st.binary(max_size=1500), max_size=5))
@example({"a": b"x", "a/b": b"y"})
@example({"../a": b"x"})
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_name_is_read_back_or_never_written(tmp_path: Path, names: dict[str, bytes]) -> None:
    """What the writer takes the reader takes, and the other way round."""
    target = tmp_path / "it.tar"
    target.unlink(missing_ok=True)
    try:
        write_archive(target, names)
    except ModelError:
        assert not target.exists()
    else:
        assert members(target) == names


REFUSED: dict[str, tuple[tuple[tarfile.TarInfo, ...], str]] = {
    "a way out": ((entry("../evil"),), "'../evil' is not a plain relative path"),
    "a way out within": ((entry("a/../../evil"),), "is not a plain relative path"),
    "an absolute name": ((entry("/etc/passwd"),), "'/etc/passwd' is not a plain relative path"),
    "a drive": ((entry("C:evil"),), "is not a plain relative path"),
    "a backslash": ((entry("a\\..\\evil"),), "is not a plain relative path"),
    "a dot": ((entry("./a"),), "is not a plain relative path"),
    "a double slash": ((entry("a//b"),), "is not a plain relative path"),
    "a line end": ((entry("a\nb"),), "is not a plain relative path"),
    "a name of nothing": ((entry(""),), "is not a plain relative path"),
    "a very long name": ((entry("a" * 5000),), "is not a plain relative path"),
    "a symbolic link": ((entry("a", tarfile.SYMTYPE, link="/etc/passwd"),), "holds 'a', which is not a regular file"),
    "a hard link": ((entry("b"), entry("a", tarfile.LNKTYPE, link="b")), "holds 'a', which is not a regular file"),
    "a device": ((entry("a", tarfile.CHRTYPE),), "holds 'a', which is not a regular file"),
    "a block device": ((entry("a", tarfile.BLKTYPE),), "holds 'a', which is not a regular file"),
    "a pipe": ((entry("a", tarfile.FIFOTYPE),), "holds 'a', which is not a regular file"),
    "a folder": ((entry("a", tarfile.DIRTYPE),), "holds 'a', which is not a regular file"),
    "a name twice": ((entry("a"), entry("a")), "holds 'a' twice"),
    "a file that is a folder": ((entry("a"), entry("a/b")), "'a' is a file and a folder"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_members_that_are_refused(tmp_path: Path, fault: str) -> None:
    """Before a byte is read, and with the member's name."""
    entries, message = REFUSED[fault]
    with pytest.raises(ModelError) as error, open_archive(crafted(tmp_path / "it.tar", *entries)):
        pass
    assert message in error.value.message


def test_sizes_below_nothing(tmp_path: Path) -> None:
    """A negative size, which has sent readers round in circles, is refused."""
    path = crafted(tmp_path / "it.tar", entry("a"))
    content = bytearray(path.read_bytes())
    content[124:136] = (-512).to_bytes(12, "big", signed=True)
    content[148:156] = b" " * 8
    content[148:156] = b"%06o\0 " % sum(content[:512])
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match="not a valid archive"), open_archive(path):
        pass


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda sound: b"",
    "not an archive": lambda sound: b"hello",
    "compressed": lambda sound: b"\x1f\x8b\x08" + sound,
    "cut off in a member": lambda sound: sound[:900],
    "cut off after a member": lambda sound: sound[:1024],
    "cut off before its end": lambda sound: sound[: len(sound.rstrip(b"\0")) + 600 & ~511],
    "something behind its end": lambda sound: sound + b"more",
    "a second archive behind its end": lambda sound: sound + sound,
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_archives(tmp_path: Path, damage: str) -> None:
    """Whatever was cut off or added is noticed."""
    path = tmp_path / "it.tar"
    write_archive(path, {"a": b"x" * 600, "b": b"y"})
    path.write_bytes(DAMAGED[damage](path.read_bytes()))
    with pytest.raises(ModelError):
        members(path)


def test_a_failed_write_leaves_the_old_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half an archive stands where a whole one stood, and no temporary file stays."""
    path = tmp_path / "it.tar"
    write_archive(path, {"a": b"old"})
    with pytest.raises(FileNotFoundError):
        write_archive(path, {"a": b"new", "b": tmp_path / "missing"})

    def full(handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        write_archive(path, {"a": b"new"})
    assert members(path) == {"a": b"old"}
    assert [each.name for each in tmp_path.iterdir()] == ["it.tar"]


def test_members_are_not_read_beyond_what_is_asked_for(tmp_path: Path) -> None:
    """A member that is larger than expected is refused before it fills the memory; a missing one by name."""
    path = tmp_path / "it.tar"
    write_archive(path, {"a": b"12345"})
    with open_archive(path) as archive:
        with pytest.raises(ModelError, match="a has 5 bytes, more than 4"):
            archive.read("a", largest=4)
        with pytest.raises(ModelError, match="has no b"):
            archive.read("b", largest=4)
    with pytest.raises(ModelError, match=r"gone\.tar is not there"), open_archive(tmp_path / "gone.tar"):
        pass
