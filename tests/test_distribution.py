"""What is installed is what the tree holds."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pipeline_kit.adapters.git.repository import project_files
from tests.conftest import ROOT

OUTSIDE = {"stages": "pipeline_kit/stages", "templates": "pipeline_kit/templates", "pipeline_kit": "pipeline_kit"}


def tree() -> set[str]:
    """Every file that has to be installed, by its place in the wheel."""
    wanted = set()
    for line in project_files(ROOT):
        top, _, rest = line.partition("/")
        if top in OUTSIDE:
            wanted.add(f"{OUTSIDE[top]}/{rest}")
    return wanted


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the tree without the network."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pipeline_kit", "stages", "templates"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(source / "dist"),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = (source / "dist").glob("*.whl")
    return built


def test_the_wheel_holds_the_tree(wheel: Path) -> None:
    """No stage, template or module is left out, and nothing else is in it."""
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert found == tree()


def test_no_generic_name_reaches_site_packages(wheel: Path) -> None:
    """`stages` and `templates` are installed inside the package."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {name for name in tops if not name.endswith(".dist-info")} == {"pipeline_kit"}


def test_the_list_of_packages_is_the_tree() -> None:
    """setup.cfg names every folder with Python in it."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    folders = {str(Path(name).parent).replace("/", ".") for name in tree() if name.endswith(".py")}
    assert listed == folders


def test_the_version_and_the_plan_load_nothing_heavy(tmp_path: Path) -> None:
    """Start-up pays for nothing that the command does not need."""
    heavy = ["numpy", "jinja2", "rich", "shtab", "pyarrow", "importlib.metadata", "xml.etree.ElementTree", "asyncio"]
    script = (
        "import sys; from pipeline_kit.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    (tmp_path / "pipeline-kit.yml").write_text("version: 1\nkit: 0.1.0\nproject: {name: demo}\njobs:\n  test: {}\n")
    for arguments in (["--version"], ["-C", str(tmp_path), "plan"]):
        done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]", done.stdout
