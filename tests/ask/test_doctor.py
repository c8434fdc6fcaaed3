"""`doctor`: each check on facts that are made up, then all of them on real projects."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit import __version__
from pipeline_kit.adapters.python.pip_index import configuration_files, configured_index
from pipeline_kit.descriptor.model import Position
from pipeline_kit.descriptor.problem import Problem
from pipeline_kit.doctor.facts import (
    DatasetFacts,
    FileState,
    LockFacts,
    MachineFacts,
    ProjectFacts,
    ServerFacts,
    ToolFacts,
)
from pipeline_kit.doctor.finding import Finding, Level
from pipeline_kit.doctor.lock import lock_facts
from pipeline_kit.doctor.machine import check_machine, install_python
from pipeline_kit.doctor.project import check_project, make_lock
from pipeline_kit.doctor.servers import check_servers
from tests.ask.asking import EXAMPLES
from tests.projects import commit, kit, write_project

GIB = 1 << 30
MACHINE = MachineFacts(
    wanted_python=">=3.11",
    python="3.11.7",
    has_venv=True,
    git=True,
    installer="apt-get",
    cache="/home/me/.cache/pipeline-kit",
    cache_is_writable=True,
    cache_free_bytes=90 * GIB,
    project_is_writable=True,
    project_free_bytes=90 * GIB,
    clock_behind_seconds=-60,
    index=None,
    tools=(ToolFacts("local-ci", "runs the CI file here", "npm install local-ci", is_here=True),),
)
LOCK = LockFacts("requirements.lock", exists=True, names=frozenset({"numpy", "pytest"}), source="pyproject.toml")
PROJECT = ProjectFacts(
    kit="0.1.0",
    declared_kit="0.1.0",
    problems=(),
    error=None,
    is_repository=True,
    has_commits=True,
    is_shallow=False,
    kit_folder_ignored=True,
    stages_ignored=(),
    large_files=(),
    lock=LOCK,
    environment=True,
    datasets=(DatasetFacts("train", "data/train.csv", exists=True, tracked=True, ignored=False),),
    runs_tests=True,
)
SERVERS = ServerFacts({".gitlab-ci.yml": FileState.RENDERED, "Jenkinsfile": FileState.RENDERED})


def bad(findings: Any) -> list[Finding]:
    """What is not well."""
    return [each for each in findings if each.level is not Level.OK]


def test_where_nothing_is_missing_nothing_is_said() -> None:
    """Every check is well, and none offers a fix."""
    found = [*check_machine(MACHINE), *check_project(PROJECT, MACHINE), *check_servers(SERVERS)]
    assert not bad(found)
    assert all(each.fix is None for each in found)
    assert len(found) >= 15


@pytest.mark.parametrize(
    ("changes", "about", "level", "fix"),
    [
        ({"python": None}, "python", "problem", "apt-get install python3.11 python3.11-venv"),
        ({"python": None, "wanted_python": "3.12", "installer": "uv"}, "python", "problem", "uv python install 3.12"),
        ({"has_venv": False}, "venv", "problem", "apt-get install python3.11-venv"),
        ({"git": False}, "git", "problem", "apt-get install git"),
        ({"git": False, "installer": "brew"}, "git", "problem", "brew install git"),
        ({"cache_is_writable": False}, "cache", "problem", "export PIPELINE_KIT_CACHE="),
        ({"cache_free_bytes": GIB // 2}, "cache", "problem", "export PIPELINE_KIT_CACHE="),
        ({"cache_free_bytes": 3 * GIB}, "cache", "note", "export PIPELINE_KIT_CACHE="),
        ({"project_is_writable": False}, "folder", "problem", "chown"),
        ({"project_free_bytes": 10}, "folder", "problem", "rm -r .pipeline-kit/cache"),
        ({"project_free_bytes": 2 * GIB}, "folder", "note", "rm -r .pipeline-kit/cache"),
        ({"clock_behind_seconds": 3600.0}, "clock", "note", "timedatectl set-ntp true"),
        (
            {"tools": (ToolFacts("docker", "runs jobs in their images", "apt-get install docker.io", is_here=False),)},
            "docker",
            "note",
            "apt-get install docker.io",
        ),
    ],
)
def test_what_a_machine_lacks_is_told_with_what_mends_it(
    changes: dict[str, Any], about: str, level: str, fix: str
) -> None:
    """One fact is off, and one finding says so."""
    (found,) = bad(check_machine(replace(MACHINE, **changes)))
    assert (found.about, found.level.value) == (about, level)
    assert found.fix is not None
    assert fix in found.fix


@pytest.mark.parametrize("installer", ["uv", "pyenv", "apt-get", "dnf", "brew", None])
def test_a_python_is_installed_by_whatever_is_here(installer: str | None) -> None:
    """The version stands in the command, whichever it is."""
    assert "3.12" in install_python(">=3.12", installer)


def data(**changes: Any) -> dict[str, Any]:
    """The facts of a dataset that is off."""
    return {"datasets": (replace(PROJECT.datasets[0], **changes),)}


def lock(**changes: Any) -> dict[str, Any]:
    """The facts of a lock file that is off."""
    return {"lock": replace(LOCK, **changes)}


@pytest.mark.parametrize(
    ("changes", "about", "level", "fix"),
    [
        ({"problems": (Problem(Position("pipeline-kit.yml", 3, 1), "no", "yes"),)}, "descriptor", "problem", "yes"),
        ({"problems": (Problem(Position("pipeline-kit.yml", 3, 1), "no"),)}, "descriptor", "problem", "config"),
        ({"error": "stage x is odd\nfix it"}, "descriptor", "problem", "fix it"),
        ({"declared_kit": "0.2.0"}, "kit", "note", "pip install pipeline-kit==0.2.0"),
        ({"is_repository": False}, "git", "problem", "git init"),
        ({"has_commits": False}, "git", "problem", "git commit"),
        ({"is_shallow": True}, "git", "note", "git fetch --unshallow"),
        ({"kit_folder_ignored": False}, "gitignore", "note", ">> .gitignore"),
        ({"stages_ignored": ("deploy",)}, "gitignore", "problem", "git add --force .pipeline-kit/stages/deploy"),
        ({"large_files": (("models/a b.bin", 70 << 20),)}, "large files", "note", "--include='models/a b.bin'"),
        (lock(exists=False), "lock file", "problem", "--output-file requirements.lock pyproject.toml"),
        (lock(exists=False, source="uv.lock"), "lock file", "problem", "uv export"),
        (lock(exists=False, source="poetry.lock"), "lock file", "problem", "poetry export"),
        (lock(unpinned=("numpy",)), "lock file", "problem", "pip-compile"),
        (lock(without_hash=("numpy",)), "lock file", "problem", "--generate-hashes"),
        (lock(without_hash=("numpy", "pytest")), "lock file", "note", "--generate-hashes"),
        (lock(names=frozenset({"numpy"})), "lock file", "problem", "add pytest"),
        (lock(made_for="3.9"), "lock file", "note", "with Python 3.11.7: "),
        (data(is_pointer=True), "data.train", "problem", "git lfs pull --include=data/train.csv"),
        (data(exists=False, tracked=False), "data.train", "problem", "data.train.path in pipeline-kit.yml"),
        (data(exists=False), "data.train", "problem", "git checkout -- data/train.csv"),
        (data(exists=False, has_dvc_file=True), "data.train", "problem", "dvc pull data/train.csv.dvc"),
        (data(tracked=False, ignored=True), "data.train", "problem", "git add --force data/train.csv"),
        (data(tracked=False, ignored=True, has_dvc_file=True), "data.train", "note", "dvc push data/train.csv.dvc"),
        (data(tracked=False), "data.train", "note", "git add data/train.csv"),
    ],
)
def test_what_a_project_lacks_is_told_with_what_mends_it(
    changes: dict[str, Any], about: str, level: str, fix: str
) -> None:
    """One fact is off, and one finding says so."""
    (found,) = bad(check_project(replace(PROJECT, **changes), MACHINE))
    assert (found.about, found.level.value) == (about, level)
    assert found.fix is not None
    assert fix in found.fix


def test_many_large_files_are_counted() -> None:
    """Three are named, the others counted."""
    files = tuple((f"{number}.bin", 60 << 20) for number in range(5))
    found = bad(check_project(replace(PROJECT, large_files=files), MACHINE))
    assert [each.message.split()[0] for each in found] == ["0.bin", "1.bin", "2.bin", "and"]


@pytest.mark.parametrize(
    ("facts", "about", "level", "fix"),
    [
        (ServerFacts(dict.fromkeys(SERVERS.files, FileState.MISSING)), "CI files", "note", "pipeline-kit render"),
        (ServerFacts({"Jenkinsfile": FileState.DRIFTED}), "Jenkinsfile", "problem", "render && git add Jenkinsfile"),
        (ServerFacts(error="the image holds a `$`"), "CI files", "problem", "pipeline-kit render"),
        (replace(SERVERS, secrets=1, unset_secrets=("PIPELINE_KIT_SECRET_A",)), "secrets", "note", "export "),
    ],
)
def test_what_the_servers_lack_is_told_with_what_mends_it(facts: ServerFacts, about: str, level: str, fix: str) -> None:
    """Files that drifted, and variables of secrets that are not set here."""
    (found,) = bad(check_servers(facts))
    assert (found.about, found.level.value) == (about, level)
    assert found.fix is not None
    assert fix in found.fix


def test_a_file_that_is_not_the_kits_is_well() -> None:
    """Who ejected a file is not told about it ever after."""
    assert not bad(check_servers(ServerFacts({"Jenkinsfile": FileState.FOREIGN}, secrets=1)))


PIP_COMPILE = """#
# This file is autogenerated by pip-compile with Python 3.11
#    pip-compile --generate-hashes
#
--index-url https://me:secret@packages.example/simple
numpy==2.1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via -r requirements.in
Ruff_Lsp[all]==0.1 ; python_version >= "3.11" --hash=sha256:cc
tool @ https://packages.example/tool.whl --hash=sha256:dd
"""


def test_a_lock_file_is_read_as_pip_reads_it() -> None:
    """Continued lines, markers, extras, comments, options and direct references."""
    facts = lock_facts("requirements.lock", PIP_COMPILE, None)
    assert facts.names == {"numpy", "ruff-lsp", "tool"}
    assert (facts.unpinned, facts.without_hash, facts.made_for) == ((), (), "3.11")
    assert facts.has_hashes
    loose = lock_facts("requirements.txt", "numpy>=1\npandas\nruff==0.*\nscipy===1.0\n", None)
    assert loose.unpinned == ("numpy", "pandas", "ruff")
    assert len(loose.without_hash) == 4
    assert not loose.has_hashes
    uv = "# This file was autogenerated by uv:\n#    uv pip compile --python-version 3.12 a.in\n"
    assert lock_facts("requirements.lock", uv, None).made_for == "3.12"
    assert "pyproject.toml" in make_lock(lock_facts("requirements.lock", None, None))


def test_of_the_index_only_the_host_is_told(tmp_path: Path) -> None:
    """Addresses carry passwords and tokens: in front of the host, behind it, anywhere."""
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://robot:hunter2hunter2@packages.example:8443/t0ken/simple?key=s3cret\n"
    )
    assert configured_index({}, [tmp_path / "none", file]) == "packages.example"
    assert configured_index({"PIP_INDEX_URL": "https://t0ken@other.example/simple"}, [file]) == "other.example"
    file.write_text("no section\n")
    assert configured_index({}, [file]) is None
    assert configured_index({"PIP_INDEX_URL": "https://[broken"}, []) is None
    file.write_text("[install]\nindex-url = file:///srv/wheels\n")
    assert configured_index({}, [file]) == "file"
    assert configuration_files({"PIP_CONFIG_FILE": "/a"}, tmp_path, tmp_path) == [Path("/a")]
    files = configuration_files({}, Path("/venv"), Path("/home/me"))
    assert files[:2] == [Path("/venv/pip.conf"), Path("/home/me/.config/pip/pip.conf")]


def test_the_examples_are_well() -> None:
    """The project and its CI files; a machine may lack what it likes."""
    for example in EXAMPLES:
        found = json.loads(kit(example, "doctor", "--json").stdout)["findings"]
        problems = [each for each in found if each["level"] == "problem" and each["group"] != "this machine"]
        assert not problems


def test_a_project_with_many_faults_is_told_all_of_them(tmp_path: Path) -> None:
    """Exit code 1, each with its fix; nothing is written, and no secret is printed."""
    extra = (
        f"kit: {__version__}\nproject: {{name: faulty}}\n"
        "secrets: {token: {type: text, gitlab: TOKEN}, other: {type: text, gitlab: OTHER}}\n"
        "data:\n  here: {path: here.csv}\n  gone: {path: gone.csv}\n"
        "  hidden: {path: hidden.csv}\n  lfs: {path: lfs.csv}\n"
    )
    project = write_project(tmp_path, "  one: {stage: probe, secrets: [token, other]}\n")
    (project / "pipeline-kit.yml").write_text(
        f"version: 1\n{extra}jobs:\n  one: {{stage: probe, secrets: [token, other]}}\n"
    )
    (project / ".gitignore").write_text("hidden.csv\n")
    (project / "lfs.csv").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    for name in ("here.csv", "hidden.csv"):
        (project / name).write_text("a\n1\n")
    (project / ".gitlab-ci.yml").write_text("# Rendered by pipeline-kit 0.0.1 from pipeline-kit.yml, sha256:0.\n#\n")
    commit(project)
    before = sorted(project.rglob("*"))
    value = "hunter2hunter2"
    secret = {"PIPELINE_KIT_SECRET_TOKEN": value, "PIP_INDEX_URL": f"https://me:{value}@packages.example/"}
    shown = kit(project, "doctor", PIPELINE_KIT_CACHE=str(tmp_path / "cache"), **secret)
    assert shown.returncode == 1, shown.stderr
    assert value not in shown.stdout + shown.stderr
    assert "pip installs from packages.example" in shown.stdout
    assert sorted(project.rglob("*")) == before
    for said in (
        "gone.csv is not here", "git ignores hidden.csv", "lfs.csv is a pointer of git LFS", "here.csv is here",
        "requirements.lock is missing", "git does not ignore .pipeline-kit/", "PIPELINE_KIT_SECRET_OTHER is not set",
        "it differs from what the descriptor renders", "pipeline-kit.yml is valid",
    ):  # fmt: skip
        assert said in shown.stdout, said
    assert shown.stdout.splitlines()[-1].startswith("5 problems, ")


def test_a_descriptor_that_is_wrong_is_a_finding(tmp_path: Path) -> None:
    """The doctor does not fall ill: it tells what it can, and the exit code is 1."""
    project = write_project(tmp_path, "  one: {stage: prob}\n")
    shown = kit(project, "doctor")
    assert shown.returncode == 1
    assert "did you mean `probe`?" in shown.stdout
    empty = tmp_path / "empty"
    empty.mkdir()
    shown = kit(empty, "doctor", GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert shown.returncode == 1
    assert "pipeline-kit.yml is missing here" in shown.stdout
    assert "this is not a git repository" in shown.stdout
    assert kit(tmp_path, "-C", "nowhere", "doctor").returncode == 2
