"""A strategy and a target from outside: a file and a folder of installed packages, used by the stage `deploy`."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.steps import undo_actions
from pipeline_kit.deploy.strategy import Change, Strategy
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import Plugins
from tests.conftest import ROOT
from tests.deploy.deploying import Killed, content
from tests.deploy.deploying import deploy as deploy_on_a_cluster
from tests.deploy.in_memory import Death, deploy, deployer_on, holds, moments_of, record_of, version
from tests.deploy.memory_target import Memory, key_of, nothing
from tests.docs.pages import steps_of
from tests.images.signing import Signed, make_layout
from tests.plugins import install_package, use_plugins
from tests.projects import kit, write_project
from tests.stages.judging import run
from tests.stages.releasing import Release

PAGES = ROOT / "docs" / "contributing"
CAREFUL, STRATEGY_POINT, _ = (step.text for step in steps_of(PAGES / "strategies.md"))
"""The strategy that the documentation adds, and its entry point."""
TARGET_POINT = [step.text for step in steps_of(PAGES / "targets.md")][1]
TARGET = Path(__file__).with_name("memory_target.py").read_text(encoding="utf-8") + "\n\nSHELF = MEMORY\n"
JOBS = """  out:
    stage: deploy
    environment: staging
    unsigned: true
    image: registry.example/fraud@sha256:DIGEST
    strategy: careful
    target: shelf
""".replace("DIGEST", "a" * 64)
NAMES = ("acme-careful", "acme-shelf")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with both packages, on the path for as long as the test runs."""
    folder = tmp_path / "site"
    strategy, target = (tomllib.loads(text)["project"]["entry-points"] for text in (STRATEGY_POINT, TARGET_POINT))
    install_package(folder, NAMES[0], {"acme_careful.py": CAREFUL}, strategy)
    install_package(folder, NAMES[1], {"acme_shelf/__init__.py": "", "acme_shelf/target.py": TARGET}, target)
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in ("acme_careful", "acme_shelf", "acme_shelf.target"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that nobody changes."""
    return make_layout(tmp_path_factory.mktemp("good"))


@pytest.fixture
def release(source: Path, tmp_path: Path) -> Release:
    """A job that releases a signed copy of it."""
    return Release(tmp_path / "release", Signed.copy(source, tmp_path / "image"))


def with_plugins(release: Release) -> StageResult:
    """The job's result where its project names both packages."""
    return run("deploy", replace(release.context(), plugins=Plugins(NAMES)))


def shelf() -> Memory:
    """The memory of the installed target, for the namespace of the job."""
    from acme_shelf.target import SHELF  # type: ignore[import-not-found]

    memory: Memory = SHELF.memories["default"]
    return memory


def test_both_release_through_the_stage(site: Path, release: Release) -> None:
    """The first release, and then one in the steps of the strategy; no cluster is opened for them."""
    release.settings |= {"strategy": "careful", "target": "shelf", "replicas": 3}
    result = with_plugins(release)
    assert (result.outcome, result.facts["cluster"]) == (Outcome.PASSED, "memory")
    assert result.measurements["pods"] == 3
    release.settings["replicas"] = 2
    result = with_plugins(release)
    assert (result.outcome, result.facts["revision"], result.facts["before"]) == (Outcome.PASSED, 2, 1)
    assert [change for change in shelf().changes if change in ("share 10", "share 100")] == ["share 10", "share 100"]
    assert [revision.strategy for revision in record_of(shelf()).revisions] == ["careful", "careful"]
    assert list(shelf().running.values()) == [2]
    assert release.world.kubeconfigs == []


def test_a_target_that_cannot_do_what_the_strategy_needs(site: Path, release: Release) -> None:
    """It is refused before anything is changed, and says why."""
    deploy_on_a_cluster(release.cluster, content(1, time=1))
    changes = list(release.cluster.changes)
    release.settings["strategy"] = "careful"
    with pytest.raises(UsageError, match="does not fit the target: kubernetes starts no revision beside another one"):
        with_plugins(release)
    assert [change for change in release.cluster.changes[len(changes) :] if "Lease/" not in change[1]] == []


def test_without_the_packages_their_names_do_not_exist(site: Path, release: Release) -> None:
    """Installed is not enough."""
    release.settings["target"] = "shelf"
    with pytest.raises(UsageError, match="unknown target 'shelf'"):
        release.run()
    release.settings |= {"target": "kubernetes", "strategy": "careful"}
    with pytest.raises(UsageError, match="unknown strategy 'careful'"):
        release.run()


def test_a_descriptor_chooses_among_them(site: Path, tmp_path: Path) -> None:
    """The choices of the stage are those of the tables, and of the packages under `plugins`."""
    project = write_project(tmp_path / "project", JOBS)
    descriptor = project / "pipeline-kit.yml"
    descriptor.write_text(descriptor.read_text() + "environments: {staging: {}}\n")
    planned = kit(project, "plan", PYTHONPATH=str(site))
    assert planned.returncode == 2
    assert "rolling" in planned.stderr
    assert "kubernetes" in planned.stderr
    planned = kit(use_plugins(project, *NAMES), "plan", PYTHONPATH=str(site))
    assert (planned.returncode, planned.stderr) == (0, "")


@pytest.fixture
def careful(site: Path) -> Strategy:
    """The strategy of the documentation."""
    from acme_careful import CAREFUL as STRATEGY  # type: ignore[import-not-found]

    strategy: Strategy = STRATEGY
    return strategy


def test_its_undo_brings_the_live_revision_back_first(careful: Strategy) -> None:
    """Instances before requests, requests before what is removed."""
    steps = careful.steps(Change(replicas=2, live_replicas=3))
    undo = [type(action).__name__ for action in undo_actions(steps, "retire")]
    assert undo == ["Start", "WaitReady", "Verify", "SetShares", "Retire"]


def test_it_survives_a_kill_at_every_moment(careful: Strategy) -> None:
    """The same command continues it, another one rolls it back, and requests go to verified instances only."""

    def upgrade(memory: Memory) -> object:
        return deploy(memory, version(2), deployer_on(memory, "careful", lambda name: careful))

    def before() -> Memory:
        memory = Memory()
        deploy(memory, version(1, replicas=3), deployer_on(memory, "careful", lambda name: careful))
        return memory

    for number in range(1, len(moments_of(before(), upgrade)) + 1):
        for after in (2, 3):
            memory = before()
            memory.at = Death(number)
            with pytest.raises(Killed):
                upgrade(memory)
            assert all(memory.running.get(key) for key in memory.shares), f"killed at moment {number}"
            memory.at = nothing
            deploy(memory, version(after), deployer_on(memory, "careful", lambda name: careful))
            assert holds(memory, version(after)), f"killed at moment {number}"


def test_a_bad_release_gets_no_requests(careful: Strategy) -> None:
    """One that serves another model is found before its share is more than none."""
    memory = Memory()
    deploy(memory, version(1, replicas=3), deployer_on(memory, "careful", lambda name: careful))
    memory.behaviours[version(2).image] = "wrong model"
    shares: list[int] = []
    memory.at = lambda moment: shares.append(memory.shares.get(key_of(version(2)), 0))
    with pytest.raises(ReleaseError, match=r"serves the model sha256:000.*revision 2 was rolled back"):
        deploy(memory, version(2), deployer_on(memory, "careful", lambda name: careful))
    memory.at = nothing
    assert set(shares) == {0}
    assert holds(memory, version(1, replicas=3))
