"""What wheels leave in an image: what pip would have installed, without anything of the machine that built it."""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline_kit.errors import ProjectError
from pipeline_kit.images.build import wheel_files
from pipeline_kit.images.build.wheel_files import dependency_layers, read_wheel
from pipeline_kit.images.oci.tar_layer import LayerFile, write_layer
from tests.images.building import tiny_wheel


def unpacked(wheel: Path) -> dict[str, tuple[bytes, bool]]:
    with ExitStack() as stack:
        return contents(read_wheel(wheel, stack).files)


def contents(files: dict[str, LayerFile]) -> dict[str, tuple[bytes, bool]]:
    found = {}
    for name, file in files.items():
        with file.opener() as content:
            found[name] = (content.read(), file.executable)
        assert len(found[name][0]) == file.size
    return found


def test_what_a_wheel_leaves(tmp_path: Path) -> None:
    """Libraries, data and scripts have their places; compiled Python, headers and launchers have none."""
    files = {
        "tiny/__init__.py": "VALUE = 1\n",
        "tiny/native.so": b"\x7fELF",
        "tiny/old.pyc": b"pyc",
        "tiny/__pycache__/x.cpython-311.pyc": b"pyc",
        "tiny-1.0.data/scripts/tool": "#!python\nprint(1)\n",
        "tiny-1.0.data/scripts/shell": "#!/bin/sh\n",
        "tiny-1.0.data/purelib/more.py": "",
        "tiny-1.0.data/platlib/tiny/plat.py": "",
        "tiny-1.0.data/data/share/tiny.txt": "text",
        "tiny-1.0.data/headers/tiny.h": "int tiny;",
        "tiny-1.0.dist-info/entry_points.txt": "[console_scripts]\ntiny = tiny:main\n",
    }
    found = unpacked(tiny_wheel(tmp_path, files=files))
    root = "app/packages/"
    assert sorted(found) == [
        f"{root}bin/shell",
        f"{root}bin/tool",
        f"{root}more.py",
        f"{root}share/tiny.txt",
        f"{root}tiny-1.0.dist-info/INSTALLER",
        f"{root}tiny-1.0.dist-info/METADATA",
        f"{root}tiny-1.0.dist-info/RECORD",
        f"{root}tiny-1.0.dist-info/WHEEL",
        f"{root}tiny-1.0.dist-info/entry_points.txt",
        f"{root}tiny/__init__.py",
        f"{root}tiny/native.so",
        f"{root}tiny/plat.py",
    ]
    assert found[f"{root}bin/tool"] == (b"#!/usr/bin/env python3\nprint(1)\n", True)
    assert found[f"{root}bin/shell"] == (b"#!/bin/sh\n", True)
    assert found[f"{root}tiny-1.0.dist-info/INSTALLER"] == (b"pipeline-kit\n", False)


def test_the_record_names_what_is_there(tmp_path: Path) -> None:
    """By its path, digest and size, sorted; so any tool can tell which package a file is of."""
    files = {"tiny.py": "VALUE = 1\n", "tiny-1.0.data/scripts/tool": "#!python\n", "gone.pyc": b"pyc"}
    found = unpacked(tiny_wheel(tmp_path, files=files))
    rows = found["app/packages/tiny-1.0.dist-info/RECORD"][0].decode().splitlines()
    assert [row.split(",")[0] for row in rows] == sorted(name.removeprefix("app/packages/") for name in found)
    assert all(
        row.split(",")[1].startswith("sha256=") for row in rows if not row.startswith("tiny-1.0.dist-info/RECORD")
    )
    (script,) = (row for row in rows if row.startswith("bin/tool"))
    assert script.endswith(f",{len(found['app/packages/bin/tool'][0])}")


def test_large_wheels_have_layers_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes with a small package is not the layer of a large one."""
    monkeypatch.setattr(wheel_files, "LARGE_WHEEL", 100_000)
    tiny_wheel(tmp_path, "zlarge", files={"zlarge.py": "0" * 200_000})
    tiny_wheel(tmp_path, "first")
    before = digests(tmp_path)
    tiny_wheel(tmp_path, "second")
    after = digests(tmp_path)
    assert (len(before), len(after)) == (2, 2)
    assert before[0] == after[0]
    assert before[1] != after[1]


def digests(wheelhouse: Path) -> list[str]:
    with ExitStack() as stack:
        layers = dependency_layers(wheelhouse, stack)
        return [write_layer(each, None).descriptor.digest for each in layers]


def test_no_wheels_no_layer(tmp_path: Path) -> None:
    """A lock file may be empty."""
    assert digests(tmp_path) == []


@pytest.mark.parametrize("fault", ["no zip", "no metadata", "a changed file", "a file that RECORD does not name"])
def test_a_wheel_that_is_not_sound(tmp_path: Path, fault: str) -> None:
    """It is refused by its name."""
    wheel = tiny_wheel(tmp_path)
    if fault == "no zip":
        wheel.write_bytes(b"PK nothing")
    elif fault == "no metadata":
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("tiny.py", "")
    elif fault == "a file that RECORD does not name":
        with zipfile.ZipFile(wheel, "a") as archive:
            archive.writestr("evil.py", "")
    else:
        content = wheel.read_bytes()
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 9.0\n")
            archive.writestr("tiny-1.0.dist-info/RECORD", "tiny-1.0.dist-info/WHEEL,,\ntiny-1.0.dist-info/RECORD,,\n")
        assert wheel.read_bytes() != content
    with pytest.raises(ProjectError, match=r"tiny-1\.0-py3-none-any\.whl is no sound wheel"):
        unpacked(wheel)
