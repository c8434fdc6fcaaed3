"""The build: the toolchain against its declaration, and the wheel's bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pipeline_kit.stages.build.debian import fulfils, parsed
from pipeline_kit.stages.build.lock import deviations, python_fits

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.lock import read_lock
from pipeline_kit.contract.ports import Completed, EnvironmentRecord
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.errors import Category, UsageError
from pipeline_kit.testing.context import FakeHost, FakePython, stage_context

pytestmark = pytest.mark.slow

ENVIRONMENT = EnvironmentRecord("sha256:" + "e" * 64, "3.11.7", "linux", {})
LOCK = "numpy==2.1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb  # via demo\n"


class RealPython(FakePython):
    """This interpreter, run for real."""

    def run(self, arguments: Sequence[str], *, cwd: Path, variables: Mapping[str, str] | None = None) -> Completed:
        environment = {**os.environ, **(variables or {})}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )
        return Completed(done.returncode, tuple((done.stdout + done.stderr).splitlines()[-50:]))


def build(
    folder: Path,
    lock: str = LOCK,
    packages: Mapping[str, str] | None = None,
    python: FakePython | None = None,
    host: FakeHost | None = None,
    **settings: Any,
) -> StageResult:
    """Runs the stage over a workspace with that lock and an environment with those packages."""
    (folder / "workspace").mkdir(parents=True, exist_ok=True)
    (folder / "workspace" / "requirements.lock").write_text(lock)
    python = python or FakePython()
    python.packages = {"numpy": "2.1.0", "pip": "26.0"} if packages is None else packages
    stages = Specs()
    defaults = {each.name: each.default for each in stages["build"].parameters}
    context = stage_context(folder, job="build", settings={**defaults, **settings}, python=python, host=host)
    return stages.load_run("build")(context)


def test_an_environment_as_locked_passes_and_is_recorded(tmp_path: Path) -> None:
    """The record holds what was found; the installers that every environment has do not count."""
    result = build(tmp_path)
    assert result.outcome is Outcome.PASSED, result.reason
    assert result.reason.endswith("2 distributions as locked, no wheel")
    record = json.loads((tmp_path / "out" / "toolchain.json").read_text())
    assert record["packages"] == {"numpy": "2.1.0", "pip": "26.0"}
    assert (record["accelerator"], record["lock_digest"][:7]) == ("cpu", "sha256:")
    assert result.outputs["toolchain"].kind == "toolchain"


DEVIATIONS = [
    ({}, "numpy is not installed, the lock has 2.1.0"),
    ({"numpy": "2.1.1"}, "numpy is 2.1.1, the lock has 2.1.0"),
    ({"NumPy": "2.1.0", "Extra_Thing": "1"}, "extra-thing 1 is installed, but not in the lock"),
]


@pytest.mark.parametrize(("packages", "expected"), DEVIATIONS)
def test_every_deviation_from_the_lock_fails(tmp_path: Path, packages: dict[str, str], expected: str) -> None:
    """Missing, different and extra distributions each fail the build by name."""
    result = build(tmp_path, packages=packages)
    assert (result.outcome, result.category, result.reason) == (Outcome.FAILED, Category.PROJECT, expected)


def test_unlocked_patterns_may_deviate(tmp_path: Path) -> None:
    """What comes with the machine, such as a driver's libraries, is tolerated by name and recorded."""
    packages = {"numpy": "2.1.0", "nvidia-cudnn": "9.1"}
    assert build(tmp_path, packages=packages, toolchain={"unlocked": ["nvidia-*"]}).outcome is Outcome.PASSED
    assert json.loads((tmp_path / "out" / "toolchain.json").read_text())["unlocked"] == ["nvidia-*"]


FAULTS = [
    ("numpy>=2\n", "line 1: numpy is not pinned by =="),
    ("numpy==2.*\n", "line 1: numpy is not pinned by =="),
    ("# a comment\n\n-r other.txt\n", "line 3: -r other.txt is not a pin"),
    ("-e .\n", "line 1: -e . is not a pin"),
    ("a==1\nA==2\n", "line 2: A is pinned again, to another version"),
    ("not a requirement\n", "line 1: not a requirement is not a requirement: "),
]


@pytest.mark.parametrize(("text", "expected"), FAULTS)
def test_a_lock_that_leaves_something_open_is_no_lock(text: str, expected: str) -> None:
    """Every line must pin one version."""
    (fault,) = read_lock(text, ENVIRONMENT).faults
    assert fault.startswith(expected)


def test_options_markers_extras_and_urls_are_understood() -> None:
    """A lock as pip-compile and uv write it: options pass, a marker is the project's Python's, a URL is a pin."""
    text = (
        "--index-url https://index.example\n--require-hashes\n"
        'old==1 ; python_version < "3.11" --hash=sha256:aa\n'
        'new[extra]==2.0 ; python_version >= "3.11" and sys_platform != "win32" \\\n  --hash=sha256:aa\n'
        "direct @ https://files.example/direct-1-py3-none-any.whl#sha256=aa\n"
    )
    lock = read_lock(text, ENVIRONMENT)
    assert lock.faults == ()
    assert {name: pin.version for name, pin in lock.pins.items()} == {"new": "2.0", "direct": None}
    assert lock.pins["new"].line == 4


def test_a_local_label_fulfils_a_pin_without_one() -> None:
    """PEP 440: the CPU build of a release is that release."""
    lock = read_lock("torch==2.1.0\n", ENVIRONMENT)
    assert deviations(lock, replace(ENVIRONMENT, packages={"torch": "2.1.0+cpu"}), ()) == []


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("3.11.7", "3.11", True),
        ("3.11.7", "3.1", False),
        ("3.11.7", "3.11.7", True),
        ("3.12.0", "3.11", False),
        ("3.12.0", ">=3.11", True),
        ("3.13.0", ">=3.11,<3.13", False),
        ("3.11.7", "nonsense", False),
    ],
)
def test_the_python_is_the_declared_one(version: str, wanted: str, *, fits: bool) -> None:
    """A plain version means that series; operators mean what they say."""
    assert python_fits(version, wanted) is fits


def test_system_packages_and_the_accelerator_are_verified(tmp_path: Path) -> None:
    """The machine has what was declared, or the build fails by name."""
    host = FakeHost({"libgomp1": "12.2.0-14+deb12u1"}, "cuda")
    good = {"system_packages": {"libgomp1": ">=12,<13"}, "accelerator": "cuda"}
    assert build(tmp_path, host=host, toolchain=good).outcome is Outcome.PASSED
    bad = build(tmp_path, host=host, toolchain={"system_packages": {"libgomp1": ">=13", "git": "any"}})
    assert [case.failure for case in bad.cases if case.failure] == [
        "git is not installed, not any",
        "libgomp1 is 12.2.0-14+deb12u1, not >=13",
    ]
    device = build(tmp_path, toolchain={"accelerator": "cuda"})
    assert device.reason == "the accelerator is cpu, not cuda"


def test_a_condition_that_is_none_is_a_mistake_in_the_descriptor(tmp_path: Path) -> None:
    """It is named, not taken for a failure of the machine."""
    with pytest.raises(UsageError, match="'~=1' is not a version condition"):
        build(tmp_path, host=FakeHost({"git": "1"}), toolchain={"system_packages": {"git": "~=1"}})


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ("1.0~rc1", "1.0"),
        ("1.0", "1.0.1"),
        ("1.9", "1.10"),
        ("9.9", "1:0.1"),
        ("1.0-1", "1.0-2"),
        ("1.0a", "1.0+"),
        ("1.0~~", "1.0~"),
        ("1.0", "1.0a"),
    ],
)
def test_debian_versions_sort_as_dpkg_sorts_them(smaller: str, larger: str) -> None:
    """The order of deb-version(7)."""
    assert parsed(smaller) < parsed(larger)


def test_equal_debian_versions_are_equal() -> None:
    """Leading zeros and an absent revision or epoch make no difference."""
    assert fulfils("0:1.01-0", "==1.1")
    assert not fulfils("1.1", "!=1.1")


PROJECT = """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "demo"
version = "0.1"
[tool.setuptools]
packages = ["demo"]
"""


def project(folder: Path) -> Path:
    workspace = folder / "workspace"
    (workspace / "demo").mkdir(parents=True)
    (workspace / "pyproject.toml").write_text(PROJECT)
    (workspace / "demo" / "__init__.py").write_text("")
    (workspace / "demo" / "model.py").write_text("RATE = 1\n")
    return workspace


def test_the_same_content_gives_the_same_wheel(tmp_path: Path) -> None:
    """Two folders, two times, two umasks, what an earlier build left: one wheel."""
    wheels = []
    for name, mask in (("one", 0o022), ("an other", 0o077)):
        before = os.umask(mask)
        try:
            workspace = project(tmp_path / name)
            if mask == 0o077:
                (workspace / "build" / "lib" / "demo").mkdir(parents=True)
                (workspace / "build" / "lib" / "demo" / "stale.py").write_text("STALE = 1\n")
                os.utime(workspace / "demo" / "model.py", (1_000_000_000, 1_000_000_000))
            result = build(tmp_path / name, python=RealPython())
        finally:
            os.umask(before)
        assert result.outcome is Outcome.PASSED, result.reason
        assert result.outputs["wheel"].kind == "wheel"
        wheels.append(tmp_path / name / "out" / result.outputs["wheel"].path)
        assert not (workspace / "demo.egg-info").exists()
    assert wheels[0].name == "demo-0.1-py3-none-any.whl"
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    with zipfile.ZipFile(wheels[0]) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[:2] == ["demo-0.1.dist-info/METADATA", "demo-0.1.dist-info/WHEEL"]
        assert archive.namelist()[-1] == "demo-0.1.dist-info/RECORD"
        assert "demo/stale.py" not in archive.namelist()


def test_a_normalised_wheel_still_installs(tmp_path: Path) -> None:
    """The installer takes it, checks its RECORD, and the module is there."""
    project(tmp_path)
    result = build(tmp_path, python=RealPython())
    wheel, site = tmp_path / "out" / result.outputs["wheel"].path, tmp_path / "site"
    flags = ["--no-index", "--no-deps", "--no-cache-dir", "--disable-pip-version-check", "--target", str(site)]
    done = RealPython().run(["-m", "pip", "install", *flags, str(wheel)], cwd=tmp_path)
    assert done.exit_code == 0, done.tail
    assert (site / "demo" / "model.py").read_text() == "RATE = 1\n"


def test_a_wheel_that_does_not_build_fails_with_the_way_out(tmp_path: Path) -> None:
    """The reason has the builder's own line and what to do."""
    workspace = project(tmp_path)
    (workspace / "pyproject.toml").write_text(PROJECT.replace("setuptools.build_meta", "nowhere.backend"))
    result = build(tmp_path, python=RealPython())
    assert (result.outcome, result.category) == (Outcome.FAILED, Category.PROJECT)
    assert result.reason.startswith("the wheel could not be built: ")
    assert "wheel: false" in result.reason
    assert build(tmp_path, python=RealPython(), wheel=False).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("pyproject.toml", "[tool.ruff]\nline-length = 120\n", False),
        ("pyproject.toml", PROJECT, True),
        ("setup.cfg", "[flake8]\nx = 1\n", False),
        ("setup.cfg", "[metadata]\nname = demo\n", True),
        ("setup.py", "", True),
    ],
)
def test_a_file_that_only_configures_tools_makes_no_project(
    tmp_path: Path, file: str, content: str, *, expected: bool
) -> None:
    """A wheel is built where something can be installed."""
    from pipeline_kit.stages.build.wheel import is_project

    (tmp_path / file).write_text(content)
    assert is_project(tmp_path) is expected


def test_a_broken_pyproject_fails_by_name(tmp_path: Path) -> None:
    """Its syntax error is the reason."""
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "pyproject.toml").write_text("[project\n")
    assert build(tmp_path).reason.startswith("pyproject.toml: ")
