"""Wheels of lock files: exactly those that are pinned, for the platform that is asked for, fetched once."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_kit.adapters.python.pip import RETRY
from pipeline_kit.adapters.python.wheels import PipWheels, tags
from pipeline_kit.contract.digest import digest_file
from pipeline_kit.contract.lock import read_pins, target_markers
from pipeline_kit.contract.ports import Completed
from pipeline_kit.errors import InfrastructureError, ProjectError
from tests.images.building import tiny_wheel


def variables(links: Path) -> dict[str, str]:
    """Of a pip that knows one folder and no network."""
    return {
        "PATH": os.environ["PATH"],
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(links),
        "PIP_CONFIG_FILE": os.devnull,
    }


@pytest.fixture
def pip(tmp_path: Path) -> Callable[[str], list[str]]:
    """The wheels that a lock file of that text gives."""
    links = tmp_path / "links"
    tiny_wheel(links)
    tiny_wheel(links, version="2.0")
    tiny_wheel(links, "native", tag="cp311-cp311-manylinux_2_28_x86_64")
    tiny_wheel(links, "native", tag="cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64")
    (links / "onlysource-1.0.tar.gz").write_bytes(b"")

    def fetched(text: str, platform: str = "linux/amd64") -> list[str]:
        lock = tmp_path / "serving.lock"
        lock.write_text(text)
        adapter = PipWheels(tmp_path / "cache", variables(links), lambda line: None)
        folder = adapter.wheelhouse(lock, python="3.11", platform=platform)
        return sorted(path.name for path in folder.iterdir())

    (tmp_path / "cache").mkdir()
    return fetched


def test_exactly_what_is_pinned(pip: Callable[[str], list[str]]) -> None:
    """Neither a newer version nor anything that the lock file does not name; markers are those of the image."""
    text = 'tiny==1.0\nnative==1.0 ; sys_platform == "win32"\n'
    assert pip(text) == ["tiny-1.0-py3-none-any.whl"]


def test_wheels_of_the_platform(pip: Callable[..., list[str]]) -> None:
    """Whatever this machine is."""
    assert pip("native==1.0\n", "linux/amd64") == ["native-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"]
    assert pip("native==1.0\n", "linux/arm64") == [
        "native-1.0-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl"
    ]


def test_hashes_are_verified(pip: Callable[[str], list[str]], tmp_path: Path) -> None:
    """A wheel of other bytes is refused, and nothing of it is kept."""
    good = digest_file(tmp_path / "links" / "tiny-1.0-py3-none-any.whl")
    assert pip(f"tiny==1.0 \\\n    --hash={good}\n") == ["tiny-1.0-py3-none-any.whl"]
    with pytest.raises(ProjectError, match=r"pip refused the wheels of serving\.lock for Python 3\.11 on linux/amd64"):
        pip(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")


def test_what_has_no_wheel(pip: Callable[[str], list[str]]) -> None:
    """Nothing is compiled for an image, whose compiler nobody recorded."""
    with pytest.raises(ProjectError, match=r"onlysource==1\.0 has no wheel: serving\.lock for Python 3\.11"):
        pip("onlysource==1.0\n")


def test_a_lock_file_that_pins_nothing_exactly(pip: Callable[[str], list[str]]) -> None:
    """Its wheels would be others tomorrow."""
    with pytest.raises(ProjectError, match=r"does not pin an exact set of wheels: line 1: tiny is not pinned by =="):
        pip("tiny>=1.0\n")
    assert pip("# nothing\n") == []


def test_wheels_are_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And again where one of them is gone, or the first time was killed before its end."""
    adapter, runs = fake(tmp_path, monkeypatch, [Completed(0)] * 3)
    for _ in range(2):
        folder = adapter.wheelhouse(tmp_path / "lock", python="3.11", platform="linux/amd64")
    assert len(runs) == 1
    (folder / "tiny-1.0-py3-none-any.whl").unlink()
    adapter.wheelhouse(tmp_path / "lock", python="3.11", platform="linux/amd64")
    assert len(runs) == 2
    folder.with_suffix(".json").write_text("{")
    adapter.wheelhouse(tmp_path / "lock", python="3.11", platform="linux/amd64")
    assert len(runs) == 3
    assert not list((tmp_path / "cache").glob("*.requirements.txt"))


def test_a_network_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is tried three times, and is then no fault of the project."""
    reset = Completed(1, ("WARNING: Retrying after connection broken by 'ConnectionError'", "ERROR: no luck"))
    adapter, runs = fake(tmp_path, monkeypatch, [reset, Completed(0)])
    adapter.wheelhouse(tmp_path / "lock", python="3.11", platform="linux/amd64")
    assert len(runs) == 2
    adapter, runs = fake(tmp_path, monkeypatch, [reset] * 3)
    with pytest.raises(InfrastructureError, match=r"the wheels of lock for Python 3\.12 on linux/amd64"):
        adapter.wheelhouse(tmp_path / "lock", python="3.12", platform="linux/amd64")
    assert len(runs) == 3


def test_what_is_asked_of_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wheels only, without what they depend on, for that Python; hashes where the lock file has any."""
    adapter, runs = fake(tmp_path, monkeypatch, [Completed(0)])
    (tmp_path / "lock").write_text("--extra-index-url https://index.example/simple\ntiny==1.0 --hash=sha256:1\n")
    adapter.wheelhouse(tmp_path / "lock", python="3.11", platform="linux/amd64")
    command = " ".join(runs[0])
    for words in ("--no-deps", "--only-binary=:all:", "--python-version 3.11", "--require-hashes"):
        assert words in command
    assert command.index("manylinux_2_28_x86_64") < command.index("manylinux2014_x86_64") < command.index(" linux_x86")


def fake(folder: Path, monkeypatch: pytest.MonkeyPatch, answers: list[Completed]) -> tuple[PipWheels, list[list[str]]]:
    """A pip that answers so, and puts a wheel where it succeeds."""
    runs: list[list[str]] = []
    (folder / "lock").write_text("tiny==1.0\n")
    (folder / "cache").mkdir(exist_ok=True)
    remaining = iter(answers)

    def run(self: PipWheels, command: list[str]) -> Completed:
        runs.append(command)
        done = next(remaining)
        if done.exit_code == 0:
            tiny_wheel(Path(command[command.index("--dest") + 1]))
        return done

    monkeypatch.setattr(PipWheels, "run", run)
    monkeypatch.setattr("pipeline_kit.adapters.python.pip.RETRY", replace(RETRY, first_seconds=0.0))
    return PipWheels(folder / "cache", {}, lambda line: None), runs


def test_the_newest_c_library_is_debian_12s() -> None:
    """A wheel that needs a newer one would not start on python:3.x-slim."""
    assert tags("linux/amd64")[0] == "manylinux_2_36_x86_64"
    assert tags("linux/arm64")[-2:] == ["manylinux2014_aarch64", "linux_aarch64"]
    adapter = PipWheels(Path(), {}, lambda line: None)
    with pytest.raises(ProjectError, match="unsupported platform linux/s390x"):
        adapter.wheelhouse(Path("lock"), python="3.11", platform="linux/s390x")


def test_markers_are_those_of_the_image() -> None:
    """Not of the machine that builds."""
    text = 'a==1 ; platform_machine == "aarch64"\nb==1 ; python_version < "3.12"\nc==1 ; os_name == "nt"\n'
    assert set(read_pins(text, target_markers("3.12", "linux/arm64")).pins) == {"a"}
    assert set(read_pins(text, target_markers("3.11", "linux/amd64")).pins) == {"b"}
    (pin,) = read_pins(
        'b[x]==1 --hash=sha256:1 ; os_name == "posix"', target_markers("3.11", "linux/amd64")
    ).pins.values()
    assert pin.requirement == "b[x]==1 --hash=sha256:1"
