"""A CI server that is installed as a package: a project names it, and every command knows it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.plugins import install_package, lock_of, use_plugins
from tests.projects import commit, kit, write_project

pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).parent / "shell_server"
FILE = "pipeline.sh"
JOBS = """
  first: {stage: probe}
  second: {stage: probe, needs: [first], runner: slow, secrets: [token]}
  broken: {stage: probe, end: failed}
  behind: {stage: probe, needs: [broken]}
  released: {stage: probe, needs: [second], events: [tag]}
  asked: {stage: probe, needs: [first], when: manual}
"""
EXTRA = """
runners:
  slow: {shell: nice, gitlab: [docker]}
secrets:
  token: {type: text, shell: MY_TOKEN}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder that pip installed the package into."""
    folder = tmp_path_factory.mktemp("package")
    source, target = folder / "source", folder / "site"
    shutil.copytree(PACKAGE, source)
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    subprocess.run([*command, "--target", str(target), str(source)], check=True)
    return str(target)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that names the package."""
    return use_plugins(write_project(tmp_path / "project", JOBS, EXTRA), "acme-shell")


def run_script(project: Path, site: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """The rendered script, run by a plain shell."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    variables = {**os.environ, "PATH": path, "PYTHONPATH": site, "MY_TOKEN": "hidden-from-logs"}
    command = ["sh", FILE, *arguments]
    return subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, check=False)


def outcomes(project: Path) -> dict[str, str]:
    """How each job ended, by its record."""
    records = (project / ".pipeline-kit/out").glob("*/result.json")
    return {path.parent.name: json.loads(path.read_text())["outcome"] for path in records}


def test_the_rendered_script_runs_the_plan(project: Path, site: str) -> None:
    """In the plan's order; a job whose need failed, or whose event is another, does not start."""
    rendered = kit(project, "render", "--ci", "shell", PYTHONPATH=site)
    assert (rendered.returncode, rendered.stderr) == (0, "")
    assert "the shell: export MY_TOKEN" in rendered.stdout
    commit(project)
    done = run_script(project, site, ["push", "main"])
    assert done.returncode == 1, done.stderr
    assert outcomes(project) == {"first": "passed", "second": "passed", "broken": "failed"}
    assert [line for line in done.stdout.splitlines() if line.startswith("skipped")] == [
        "skipped behind", "skipped asked", "skipped released",
    ]  # fmt: skip
    assert "nice pipeline-kit job second" in (project / FILE).read_text()
    assert "hidden-from-logs" not in done.stdout + done.stderr


def test_an_event_and_an_answer_start_what_they_should(project: Path, site: str) -> None:
    """A tag starts what only tags start, and a person's answer starts the job that waits for it."""
    kit(project, "render", "--ci", "shell", PYTHONPATH=site)
    commit(project)
    run_script(project, site, ["tag", "v1", "asked"])
    assert {name for name, outcome in outcomes(project).items() if outcome == "passed"} == {
        "first", "second", "released", "asked",
    }  # fmt: skip


def test_drift_is_found_and_described(project: Path, site: str) -> None:
    """`render --check` accepts what it rendered, and says what a change of the descriptor means."""
    kit(project, "render", "--ci", "shell", PYTHONPATH=site)
    assert kit(project, "render", "--check", PYTHONPATH=site).returncode == 0
    descriptor = project / "pipeline-kit.yml"
    descriptor.write_text(
        descriptor.read_text().replace("behind: {stage: probe, needs: [broken]}", "behind: {stage: probe}")
    )
    checked = kit(project, "render", "--check", PYTHONPATH=site)
    assert checked.returncode == 1
    assert "behind no longer waits for broken" in checked.stdout


def test_a_line_of_its_file_is_explained(project: Path, site: str) -> None:
    """With the job, the key, and the template of the package."""
    kit(project, "render", "--ci", "shell", PYTHONPATH=site)
    lines = (project / FILE).read_text().splitlines()
    number = next(at for at, line in enumerate(lines, 1) if "pipeline-kit job second" in line)
    shown = kit(project, "explain", f"{FILE}:{number}", PYTHONPATH=site)
    assert shown.returncode == 0, shown.stderr
    assert "  job       second" in shown.stdout
    assert "  key       jobs.second" in shown.stdout
    assert "  template  shell/pipeline.sh.j2:" in shown.stdout


def test_its_file_is_linted_by_its_own_rules(project: Path, site: str) -> None:
    """The kit knows whose file it is by the name that `server.yml` gives."""
    kit(project, "render", "--ci", "shell", PYTHONPATH=site)
    assert kit(project, "lint", PYTHONPATH=site).stdout == f"{FILE}: nothing found\n"
    script = project / FILE
    script.write_text(script.read_text().replace("set -u\n", ""))
    linted = kit(project, "lint", PYTHONPATH=site)
    assert linted.returncode == 1
    assert f"{FILE}:1:1: error: the script goes on with variables that are not set [SH001]" in linted.stdout


def test_the_doctor_examines_its_file_and_its_tools(project: Path, site: str) -> None:
    """The file is compared with what the descriptor renders, and the tools of `server.yml` are looked for."""
    kit(project, "render", "--ci", "shell", PYTHONPATH=site)
    findings = json.loads(kit(project, "doctor", "--json", PYTHONPATH=site).stdout)["findings"]
    about = {finding["about"]: finding for finding in findings}
    assert about[FILE]["message"] == "it is what the descriptor renders"
    assert "shellcheck" in about


def test_its_file_is_ejected(project: Path, site: str) -> None:
    """It then belongs to the project, and rendering leaves it alone."""
    kit(project, "render", "--ci", "shell", PYTHONPATH=site)
    ejected = kit(project, "eject", FILE, PYTHONPATH=site)
    assert "pipeline-kit render --overwrite --ci shell" in ejected.stdout
    assert (project / FILE).read_text().startswith("# Ejected from pipeline-kit")
    assert kit(project, "render", "--ci", "shell", PYTHONPATH=site).returncode == 2


def test_a_value_of_its_keys_is_checked_by_its_own_form(project: Path, site: str) -> None:
    """As a GitLab tag or a Jenkins label is."""
    descriptor = project / "pipeline-kit.yml"
    descriptor.write_text(descriptor.read_text().replace("shell: nice", 'shell: "a; b"'))
    planned = kit(project, "plan", PYTHONPATH=site)
    assert planned.returncode == 2
    assert "is not the name of a program" in planned.stderr


def test_a_new_project_begins_with_it(tmp_path: Path, site: str) -> None:
    """`init --plugin` writes the package and its lock file into the new descriptor."""
    target = tmp_path / "fresh"
    target.mkdir()
    options = ("init", str(target), "--profile", "bare", "--plugin", "acme-shell", "--ci", "shell", "--defaults")
    refused = kit(tmp_path, *options, PYTHONPATH=site)
    assert refused.returncode == 2
    assert "--plugin: nothing pins acme-shell for CI" in refused.stderr
    (target / "kit.lock").write_text(lock_of("acme-shell"))
    made = kit(tmp_path, *options, "--kit-lock", "kit.lock", PYTHONPATH=site)
    assert made.returncode == 0, made.stderr
    assert "plugins: [acme-shell]\n" in (target / "pipeline-kit.yml").read_text()
    assert f"`{FILE}` is made from it" in (target / "README.md").read_text()
    assert kit(target, "render", "--check", PYTHONPATH=site).returncode == 0
    assert not (target / "Jenkinsfile").exists()


def test_an_existing_script_is_adopted(tmp_path: Path, site: str) -> None:
    """What the server reads becomes jobs of the proposed descriptor, and its old file is kept."""
    (tmp_path / FILE).write_text("pytest -q\n")
    (tmp_path / "test_it.py").write_text("def test_it() -> None:\n    assert True\n")
    (tmp_path / "kit.lock").write_text(lock_of("acme-shell"))
    options = ("init", "--plugin", "acme-shell", "--kit-lock", "kit.lock", "--defaults", "--force", FILE)
    adopted = kit(tmp_path, *options, PYTHONPATH=site)
    assert adopted.returncode == 0, adopted.stderr
    assert f"  {FILE}:1: script -> " in adopted.stdout
    assert (tmp_path / "pipeline.before-pipeline-kit.sh").read_text() == "pytest -q\n"
    assert kit(tmp_path, "render", "--check", PYTHONPATH=site).returncode == 0


def test_without_the_package_the_server_does_not_exist(tmp_path: Path) -> None:
    """Installed or not: a project that does not name it has the built-in servers."""
    plain = write_project(tmp_path / "plain", "  one: {stage: probe}\n")
    refused = kit(plain, "render", "--ci", "shell")
    assert refused.returncode == 2
    assert "unknown CI server 'shell'" in refused.stderr


def test_a_new_project_is_not_overwritten_by_a_server(tmp_path: Path) -> None:
    """A package may call its file as it likes, but not as one of the files that `init` makes."""
    words = 'title: Readme\nfile: README.md\ncomment: "#"\n'
    files = {"acme_readme/__init__.py": "", "acme_readme/server.yml": words}
    points = {"pipeline_kit.servers": {"readme": "acme_readme.server:SERVER"}}
    packages = install_package(tmp_path / "site", "acme-readme", files, points)
    target = tmp_path / "project"
    target.mkdir()
    (target / "kit.lock").write_text(lock_of("acme-readme"))
    options = ("init", str(target), "--profile", "bare", "--plugin", "acme-readme", "--kit-lock", "kit.lock")
    made = kit(tmp_path, *options, "--ci", "readme", "--defaults", PYTHONPATH=str(packages))
    assert made.returncode == 2
    assert "--ci: a CI server's file is README.md, which the project has already" in made.stderr
    assert [path.name for path in target.iterdir()] == ["kit.lock"]
