"""What a release would change is told before it does, and nothing is changed by asking."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_kit.deploy.dry_run import DryRun, dry_run
from pipeline_kit.job_release.release import job_release
from pipeline_kit.job_release.settings import settings_of
from pipeline_kit.project.shown.difference import document_of, lines_of
from tests.deploy.deploying import Mortal, content, deploy, record_of
from tests.images.signing import Signed, make_layout
from tests.stages.releasing import Release


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that nobody changes."""
    return make_layout(tmp_path_factory.mktemp("good"))


@pytest.fixture
def release(source: Path, tmp_path: Path) -> Release:
    """A job that releases it."""
    return Release(tmp_path / "release", Signed.copy(source, tmp_path / "image"))


def looked(release: Release) -> tuple[DryRun, list[str]]:
    """What would change, and as it is printed; the cluster is the same afterwards."""
    context = release.context()
    job = job_release(context, settings_of(context.settings))
    request = job.request(context.log)
    before = dict(release.cluster.objects)
    seen = dry_run(job.site(), request)
    assert release.cluster.objects == before
    assert document_of(request, seen)["refusal"] == seen.refusal
    return seen, list(lines_of(request, seen))


def test_a_first_release(release: Release) -> None:
    """Everything is new."""
    seen, lines = looked(release)
    assert {each.verb for each in seen.changes} == {"created"}
    assert lines[0] == "fraud in staging, namespace default: nothing is live yet"
    assert lines[-1] == "+ Deployment fraud"


def test_the_same_again(release: Release) -> None:
    """Nothing would change, and everything is named that stays."""
    release.run()
    seen, lines = looked(release)
    assert seen.changes == ()
    assert lines[-1] == "nothing would change"
    assert "Service fraud" in lines[1]


def test_another_number_of_pods(release: Release) -> None:
    """The field is told with what it is and what it becomes; what goes is told too."""
    release.run()
    release.settings["replicas"] = 1
    _, lines = looked(release)
    assert "    spec.replicas: 2 -> 1" in lines
    assert "- PodDisruptionBudget fraud" in lines


def test_what_changes_on_every_object_is_told_once(release: Release) -> None:
    """Labels and annotations of commit and package are no news of each object; a machine is told all of them."""
    deploy(release.cluster, content(1, time=1))
    seen, lines = looked(release)
    marked = next(line for line in lines if line.startswith("only the kit's labels and annotations: "))
    assert "NetworkPolicy fraud" in marked
    assert any("containers[serve].image" in line for line in lines)
    assert all(each.fields for each in seen.changes)


def test_what_would_be_refused(release: Release) -> None:
    """An older commit, or a cluster without room: said with what to do."""
    deploy(release.cluster, content(1, time=1_900_000_000))
    seen, lines = looked(release)
    assert seen.refusal is not None
    assert lines[-1].startswith("it would be refused: commit cccccccccccc is older than")
    release.settings |= {"rollback": True, "resources": {"cpu": "500"}}
    seen, _ = looked(release)
    assert seen.refusal is not None
    assert "the cluster has no room" in seen.refusal


def test_a_release_that_was_left_unfinished(release: Release) -> None:
    """It is told, since the next release has to do with it first."""
    deploy(release.cluster, content(1, time=1))
    Mortal(30).kill(release.cluster, lambda found: deploy(found, content(2, time=2)))
    assert record_of(release.cluster).unfinished is not None
    _, lines = looked(release)
    assert lines[1].startswith("revision 2 was left unfinished")
