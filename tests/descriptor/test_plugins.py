"""Packages whose extensions a project uses: named, installed and pinned, or refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.stage_file import read_spec
from pipeline_kit.descriptor.organisation import VENDORED
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import Plugins, Table
from tests.plugins import install_package, lock_of, use_plugins
from tests.projects import STAGE_YML, kit, write_project

POINTS = {"pipeline_kit.stages": {"smoke": "acme_stages.smoke"}}
FILES = {"acme_stages/__init__.py": "raise SystemExit('imported')", "acme_stages/smoke/stage.yml": STAGE_YML}
JOBS = "  one: {stage: probe}\n"


def test_an_extension_of_a_package_that_is_not_named_does_not_exist(tmp_path: Path) -> None:
    """Installed is not enough: entry points are code from outside."""
    project = write_project(tmp_path / "project", "  one: {stage: smoke}\n")
    site = install_package(tmp_path / "site", "acme-stages", FILES, POINTS)
    planned = kit(project, "plan", PYTHONPATH=str(site))
    assert planned.returncode == 2
    assert 'no stage is called "smoke"' in planned.stderr


def test_a_package_that_is_not_installed_is_reported_where_it_is_named(tmp_path: Path) -> None:
    """With the other problems of the descriptor, at its place."""
    project = use_plugins(write_project(tmp_path / "project", JOBS), "acme-stages")
    planned = kit(project, "plan")
    assert planned.returncode == 2
    assert "pipeline-kit.yml:3:11: plugins: the package acme-stages is not installed" in planned.stderr


@pytest.mark.parametrize("lock", ["", "pipeline-kit==0.1.0 --hash=sha256:aa\n", "acme-stages==1.0\n"])
def test_a_package_must_be_pinned_by_hash(tmp_path: Path, lock: str) -> None:
    """Else CI would install another one, or none."""
    project = use_plugins(write_project(tmp_path / "project", JOBS), "acme-stages")
    site = install_package(tmp_path / "site", "acme-stages", {"acme_stages/__init__.py": ""}, {})
    assert kit(project, "plan", PYTHONPATH=str(site)).returncode == 0
    (project / "kit.lock").write_text(lock)
    planned = kit(project, "plan", PYTHONPATH=str(site))
    assert planned.returncode == 2
    assert "plugins: acme-stages is not pinned in kit.lock" in planned.stderr


def test_without_a_lock_file_or_an_image_nothing_pins_a_package(tmp_path: Path) -> None:
    """A version from an index says nothing of plugins."""
    project = use_plugins(write_project(tmp_path / "project", JOBS), "acme-stages")
    descriptor = project / "pipeline-kit.yml"
    descriptor.write_text(descriptor.read_text().replace("kit: {version: 0.1.0, lock: kit.lock}", "kit: 0.1.0"))
    site = install_package(tmp_path / "site", "acme-stages", {"acme_stages/__init__.py": ""}, {})
    planned = kit(project, "plan", PYTHONPATH=str(site))
    assert planned.returncode == 2
    assert 'plugins: nothing pins "acme-stages" for CI' in planned.stderr


def test_planning_and_rendering_import_no_code_of_a_stage(tmp_path: Path) -> None:
    """Only the job that runs it does; the parent package of the folder is imported to find it."""
    project = use_plugins(write_project(tmp_path / "project", "  one: {stage: smoke}\n"), "acme-stages")
    files = {**FILES, "acme_stages/__init__.py": "", "acme_stages/smoke/__init__.py": "raise SystemExit('imported')"}
    site = install_package(tmp_path / "site", "acme-stages", files, POINTS)
    planned = kit(project, "plan", PYTHONPATH=str(site))
    assert (planned.returncode, planned.stderr) == (0, "")


def test_two_packages_may_not_give_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one the name of a built-in extension: which of them runs would depend on an order."""
    for name in ("one", "two"):
        install_package(tmp_path, name, {}, {"pipeline_kit.things": {"thing": f"{name}:THING"}})
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match="one and two both provide `thing`"):
        Plugins(("one", "two")).entry_points("pipeline_kit.things")
    table: Table[object] = Table("pipeline_kit.things", "thing", {"thing": "built.in:THING"})
    with pytest.raises(UsageError, match="uses the name of the built-in thing `thing`"):
        table.names(Plugins(("one",)))


def test_an_extension_that_cannot_be_imported_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place of its entry point, and what to do."""
    install_package(tmp_path, "one", {}, {"pipeline_kit.things": {"thing": "nowhere:THING"}})
    monkeypatch.syspath_prepend(tmp_path)
    table: Table[object] = Table("pipeline_kit.things", "thing", {})
    with pytest.raises(UsageError, match="the thing `thing` cannot be imported from nowhere:THING"):
        table.load("thing", Plugins(("one",)))
    with pytest.raises(UsageError, match="unknown thing 'thin'") as caught:
        table.load("thin", Plugins(("one",)))
    assert caught.value.hint == "did you mean `thing`?"


@pytest.mark.parametrize("code", ["raise ValueError('boom')", "raise SystemExit(0)", "THIN = 1"])
def test_whatever_an_import_raises_is_a_fault_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """An exit with code 0 in a job would be a job that passed and did nothing."""
    install_package(tmp_path, "one", {"things_of_one.py": code}, {"pipeline_kit.things": {"a": "things_of_one:THING"}})
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "things_of_one", raising=False)
    table: Table[object] = Table("pipeline_kit.things", "thing", {})
    with pytest.raises(UsageError, match="the thing `a` cannot be imported from things_of_one:THING: "):
        table.load("a", Plugins(("one",)))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("acme_stages.nowhere", "the stage `smoke` has no folder: acme_stages.nowhere is not a package"),
        ("acme_stages.smoke:RUN", "the stage `smoke` has no folder: acme_stages.smoke:RUN is not a package"),
        ("nowhere.smoke", "the stage `smoke` cannot be imported from nowhere.smoke: No module named 'nowhere'"),
        ("acme_broken.smoke", "the stage `smoke` cannot be imported from acme_broken.smoke: ValueError: boom"),
    ],
)
def test_a_stage_whose_folder_cannot_be_found_is_named(tmp_path: Path, place: str, message: str) -> None:
    """By `plan`, and by `stages`, which reads all of them."""
    project = use_plugins(write_project(tmp_path / "project", "  one: {stage: smoke}\n"), "acme-stages")
    files = {"acme_stages/__init__.py": "", "acme_broken/__init__.py": "raise ValueError('boom')"}
    site = install_package(tmp_path / "site", "acme-stages", files, {"pipeline_kit.stages": {"smoke": place}})
    for command in ("plan", "stages"):
        done = kit(project, command, PYTHONPATH=str(site))
        assert done.returncode == 2
        assert message in done.stderr


@pytest.mark.parametrize(
    "text",
    ["outputs: 3", "outputs: {a: {kind: data}}", "parameters: [a]", "parameters: {a: 1}", "requires: 7", "extras: 7"],
)
def test_a_stage_file_with_another_type_is_named(tmp_path: Path, text: str) -> None:
    """It is a file from outside: a fault of the package, not of the kit."""
    (tmp_path / "stage.yml").write_text(f"help: Smokes.\n{text}\n")
    with pytest.raises(UsageError, match=r"stage\.yml: a key is missing or has another type"):
        read_spec(tmp_path)


@pytest.mark.parametrize("name", ["../smoke", "Smoke", "a" * 42, "smoke-test"])
def test_the_name_of_an_extension_is_a_name(tmp_path: Path, name: str) -> None:
    """Descriptors, records and CI files hold it."""
    project = use_plugins(write_project(tmp_path / "project", JOBS), "acme-stages")
    site = install_package(
        tmp_path / "site", "acme-stages", FILES, {"pipeline_kit.stages": {name: "acme_stages.smoke"}}
    )
    listed = kit(project, "stages", PYTHONPATH=str(site))
    assert listed.returncode == 2
    invalid = f"plugins: acme-stages has an extension with the invalid name {name!r} (pipeline_kit.stages)"
    assert invalid in listed.stderr


def test_another_spelling_of_a_package_is_the_same_package(tmp_path: Path) -> None:
    """Named twice, it would be reported as two packages that give the same names."""
    project = use_plugins(write_project(tmp_path / "project", JOBS), "acme-stages", "Acme_Stages")
    site = install_package(tmp_path / "site", "acme-stages", FILES, POINTS)
    planned = kit(project, "plan", PYTHONPATH=str(site))
    assert planned.returncode == 2
    assert 'pipeline-kit.yml:3:24: plugins names "Acme_Stages" twice: it is "acme-stages" too' in planned.stderr


def test_init_names_a_package_once(tmp_path: Path) -> None:
    """In whichever spellings, and as a descriptor can hold it."""
    install_package(tmp_path / "site", "acme-stages", FILES, POINTS)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "kit.lock").write_text(lock_of("acme-stages"))
    site, lock = str(tmp_path / "site"), ("--profile", "bare", "--kit-lock", "kit.lock", "--defaults")
    refused = kit(tmp_path, "init", "project", *lock, "--plugin", "", PYTHONPATH=site)
    assert refused.returncode == 2
    assert "--plugin: '' is not the name of an installed package" in refused.stderr
    two = ("--plugin", "acme-stages", "--plugin", "Acme_Stages")
    made = kit(tmp_path, "init", "project", *lock, *two, PYTHONPATH=site)
    assert (made.returncode, made.stderr) == (0, "")
    assert "plugins: [acme-stages]\n" in (tmp_path / "project" / "pipeline-kit.yml").read_text()


def test_a_stage_has_the_name_of_its_entry_point(tmp_path: Path) -> None:
    """The folder may have another one, which no descriptor can name."""
    project = use_plugins(write_project(tmp_path / "project", "  one: {stage: trial}\n"), "acme-stages")
    points = {"pipeline_kit.stages": {"trial": "acme_stages.smoke"}}
    site = install_package(tmp_path / "site", "acme-stages", {**FILES, "acme_stages/__init__.py": ""}, points)
    stages = json.loads(kit(project, "stages", "--json", PYTHONPATH=str(site)).stdout)["stages"]
    assert ("trial", "package acme_stages.smoke") in [(stage["name"], stage["source"]) for stage in stages]


def test_a_stage_of_the_project_comes_before_one_of_a_package(tmp_path: Path) -> None:
    """It is listed once, with the place that it is read from."""
    project = use_plugins(write_project(tmp_path / "project", JOBS), "acme-stages")
    points = {"pipeline_kit.stages": {"probe": "acme_stages.smoke"}}
    site = install_package(tmp_path / "site", "acme-stages", {**FILES, "acme_stages/__init__.py": ""}, points)
    specs = json.loads(kit(project, "stages", "--json", PYTHONPATH=str(site)).stdout)["stages"]
    assert [spec["source"] for spec in specs if spec["name"] == "probe"] == ["project .pipeline-kit/stages/probe"]


def test_plugins_that_the_organisation_has_locked_are_not_imported(tmp_path: Path) -> None:
    """Neither by `plan`, which reports them, nor by a command that needs no whole descriptor."""
    project = use_plugins(write_project(tmp_path / "project", "  one: {stage: smoke}\n"), "acme-rules")
    organisation = "version: 1\nplugins: [acme-stages]\nlocked: [plugins]\n"
    (project / VENDORED).write_text(organisation)
    source = f"organisation: {{source: ../all.yml, digest: {digest_bytes(organisation.encode())}}}\n"
    (project / "pipeline-kit.yml").write_text((project / "pipeline-kit.yml").read_text() + source)
    site = install_package(tmp_path / "site", "acme-stages", {**FILES, "acme_stages/__init__.py": ""}, POINTS)
    rules = {"pipeline_kit.rules": {"rule": "acme_rules:RULE"}}
    install_package(site, "acme-rules", {"acme_rules.py": "print('imported')"}, rules)
    planned = kit(project, "plan", PYTHONPATH=str(site))
    assert planned.returncode == 2
    assert "pipeline-kit.yml:3:1: plugins is locked by the organisation" in planned.stderr
    assert "smoke" not in planned.stderr
    schema = kit(project, "schema", PYTHONPATH=str(site))
    assert schema.returncode == 0
    assert "imported" not in schema.stdout
    assert "smoke" in schema.stdout


def test_the_helper_pins_what_it_says() -> None:
    """The tests' own lock file has the kit and its plugins."""
    assert [line.partition("==")[0] for line in lock_of("a", "b").splitlines()] == ["pipeline-kit", "a", "b"]


@pytest.mark.slow
def test_doctor_lists_what_is_installed_and_not_named(tmp_path: Path) -> None:
    """With what it adds; nothing of it is imported."""
    project = write_project(tmp_path / "project", JOBS)
    site = install_package(tmp_path / "site", "acme-stages", FILES, POINTS)
    found = kit(project, "doctor", PYTHONPATH=str(site), COLUMNS="200").stdout
    assert "acme-stages" in found
    assert "it is installed, and the descriptor does not name it: stages smoke cannot be used" in found
    files = {**FILES, "acme_stages/__init__.py": ""}
    site = install_package(tmp_path / "other_site", "acme-stages", files, POINTS)
    found = kit(use_plugins(project, "acme-stages"), "doctor", PYTHONPATH=str(site), COLUMNS="200").stdout
    assert "its extensions can be used: stages smoke" in found
    assert "its plugins" not in kit(project, "doctor").stdout
    (project / "pipeline-kit.yml").write_text((project / "pipeline-kit.yml").read_text() + "unknown: 1\n")
    assert "the descriptor does not name it" not in kit(project, "doctor", PYTHONPATH=str(site), COLUMNS="200").stdout
