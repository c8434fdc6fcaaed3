"""The release as a job: only what is proved goes out, and only where it was verified before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.contract.cluster import Kind
from pipeline_kit.contract.result import Outcome
from pipeline_kit.errors import Category, KitError, ModelError, ProjectError, UsageError
from pipeline_kit.images.names import MODEL
from tests.deploy.deploying import content, deploy, record_of, states
from tests.images.signing import THEIRS, Signed, make_layout
from tests.images.tampered_images import CHANGED_IMAGES, HELD
from tests.images.tampered_statements import CHANGED_STATEMENTS
from tests.scan.pictures import Entry
from tests.stages.releasing import PRODUCTION, REPOSITORY, Release

Count = Callable[[str, int], None]
CHANGED = {**CHANGED_IMAGES, **CHANGED_STATEMENTS}
WORDED = {"no key": "set either `key` or `unsigned: true`", "another digest asked for": "has no sha256:aaa"}
"""Where the stage says it otherwise than `verify`."""
UNTOUCHED = [("put", "Node/node-1")]
"""What happened to a cluster to which nothing was released."""


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that nobody changes."""
    return make_layout(tmp_path_factory.mktemp("good"))


@pytest.fixture
def release(source: Path, tmp_path: Path) -> Release:
    """A job that releases a copy of it, signed."""
    return Release(tmp_path / "release", Signed.copy(source, tmp_path / "image"))


def another(release: Release) -> Release:
    """A job whose image holds another model, on the same cluster."""
    folder = release.folder.parent / "later"
    signed = Signed.copy(make_layout(folder / "made", b'{"threshold": 0.7}'), folder / "image")
    return Release(folder / "release", signed, release.cluster)


def document(release: Release) -> dict[str, Any]:
    return dict(json.loads((release.folder / "job/out/release.json").read_text()))


def test_a_first_release(release: Release) -> None:
    """Every pod serves the model by digest; the image is tagged, and the next environment is told what was verified."""
    result = release.run()
    assert result.outcome is Outcome.PASSED, result.reason
    assert f"revision 1 is live in staging: 2 pods serve {release.model}" in result.reason
    found = document(release)
    assert (found["environment"], found["revision"], found["image"]) == ("staging", 1, release.image)
    assert found["key"] is not None
    assert "deployed-staging-1" in release.tags()
    assert states(release.cluster) == ["live"]
    live = record_of(release.cluster).live
    assert live is not None
    assert (live.content.commit, live.content.commit_time) == ("c" * 40, 1_700_000_000)


@pytest.mark.slow
def test_golden_requests(release: Release) -> None:
    """Where the job takes an evaluation, every pod must predict as that did; where it does not, it is rolled back."""
    release.evaluated({"a": "2", "b": "4"})
    result = release.run()
    assert "and predict 2 rows as evaluated" in result.reason
    assert result.measurements["golden_rows"] == 2
    worse = another(release)
    worse.evaluated({"a": "2", "b": "5"})
    result = worse.run()
    assert result.outcome is Outcome.FAILED
    assert result.category is Category.MODEL
    assert "predictions differ from the evaluation's" in result.reason
    assert "revision 2 was rolled back, revision 1 is live" in result.reason
    assert states(release.cluster) == ["live", "failed"]


def test_the_evaluation_of_another_model(release: Release) -> None:
    """Its predictions say nothing of this image."""
    release.evaluated({"a": "2"}, model="sha256:" + "0" * 64)
    with pytest.raises(ModelError, match="evaluate evaluated the model sha256:000"):
        release.run()
    release.settings["golden_rows"] = 0
    assert release.run().outcome is Outcome.PASSED


def test_pods_that_crash(release: Release) -> None:
    """The result names the cause and has the container's last line; the old revision serves on."""
    release.run()
    worse = another(release)
    worse.settings["serving_variables"] = {"BEHAVIOUR": "crash"}
    worse.cluster.written = dict.fromkeys((f"fraud-{n}" for n in range(1, 9)), ("loading", "ValueError: no model"))
    result = worse.run()
    assert result.outcome is Outcome.FAILED
    assert "crashes again and again (CrashLoopBackOff)" in result.reason
    assert result.facts["cause"] == "ValueError: no model"
    assert result.cases[0].failure == result.reason
    assert "ValueError: no model" in result.cases[0].detail
    assert states(release.cluster) == ["live", "failed"]


def test_from_one_environment_to_the_next(release: Release) -> None:
    """The same digest moves on; another one does not, and nothing moves without the environment before."""
    release.run()
    beyond = Release(release.folder / "beyond", release.signed, environment=PRODUCTION)  # in a cluster of its own
    with pytest.raises(ModelError, match="no job before this one has released to staging"):
        beyond.run()
    other = {**document(release), "image": f"{REPOSITORY}@sha256:{'0' * 64}"}
    beyond.jobs["deploy_staging"] = beyond.made("deploy_staging", "release", other)
    with pytest.raises(ModelError, match="staging has verified the image sha256:000"):
        beyond.run()
    beyond.jobs["deploy_staging"] = beyond.made("deploy_staging", "release", document(release))
    assert beyond.run().outcome is Outcome.PASSED
    assert "deployed-production-1" in beyond.tags()
    assert any("staging verified the image as its revision 1" in line for line in beyond.lines)


def test_an_older_commit(release: Release) -> None:
    """It is refused before any change, unless it is declared; the history knows better than the clock."""
    newer = content(2, time=1_800_000_000)
    deploy(release.cluster, newer)
    with pytest.raises(ProjectError, match="commit cccccccccccc is older than commit 000000000000") as raised:
        release.run()
    assert "rollback" in str(raised.value.hint)
    assert states(release.cluster) == ["live"]
    release.history = ("c" * 40, str(newer.commit))
    assert release.run().outcome is Outcome.PASSED


def test_an_older_commit_with_a_newer_time(release: Release) -> None:
    """Where the history knows that what is live is a descendant, no clock says otherwise."""
    newer = content(2, time=1)
    deploy(release.cluster, newer)
    release.history = (str(newer.commit), "c" * 40)
    with pytest.raises(ProjectError, match="commit cccccccccccc is older than commit 000000000000"):
        release.run()


def test_a_declared_rollback(release: Release) -> None:
    """A job that says so goes back to an older commit."""
    deploy(release.cluster, content(2, time=1_800_000_000))
    release.settings["rollback"] = True
    assert release.run().outcome is Outcome.PASSED


def test_an_image_of_another_project(release: Release) -> None:
    """A key that signs for several projects is no reason to serve one under the name of another."""
    release.project = "churn"
    with pytest.raises(ModelError, match="the image belongs to the project fraud, not to churn"):
        release.run()


def test_who_signed_is_said_either_way(release: Release) -> None:
    """A key, or that none is asked for: not neither, and not both."""
    release.settings["key"] = None
    with pytest.raises(UsageError, match="set either `key` or `unsigned: true`"):
        release.run()
    release.settings["unsigned"] = True
    result = release.run()
    assert result.outcome is Outcome.PASSED
    assert document(release)["key"] is None
    del release.settings["key"]
    with pytest.raises(UsageError, match="set either `key` or `unsigned: true`"):
        release.run()


def test_a_key_that_did_not_sign(release: Release) -> None:
    """It is refused before the cluster is asked for anything."""
    release.signed.pair = THEIRS
    release.signed.sign()
    with pytest.raises(ModelError, match="signed by none of the given keys"):
        release.run()
    assert release.cluster.changes == UNTOUCHED


def test_an_image_is_named_by_the_job(release: Release) -> None:
    """Then no push is needed; an image without a digest is refused."""
    del release.jobs["push"]
    with pytest.raises(UsageError, match="no job before this one pushed an image"):
        release.run()
    release.settings["image"] = release.image
    assert release.run().outcome is Outcome.PASSED
    release.settings["image"] = f"{REPOSITORY}:latest"
    with pytest.raises(UsageError, match="has no digest"):
        release.run()


def test_the_project_s_own_manifests(release: Release) -> None:
    """They take the image's place and the kit's labels; one that is missing is named."""
    text = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: fraud}\nspec:\n  replicas: 3\n"
        "  selector: {matchLabels: {app: fraud}}\n  template:\n    metadata: {labels: {app: fraud}}\n"
        "    spec:\n      containers: [{name: model, image: IMAGE}]\n"
    )
    release.settings["manifests"] = ["deploy.yml"]
    with pytest.raises(UsageError, match=r"deploy\.yml cannot be read"):
        release.run()
    (release.folder / "job/workspace/deploy.yml").write_text(text)
    result = release.run()
    assert result.outcome is Outcome.PASSED
    assert result.measurements["pods"] == 3


def test_the_kubeconfig_is_a_secret(release: Release, tmp_path: Path) -> None:
    """The job's only file, or the one that is named; without any, this machine's own."""
    release.texts = ("token",)
    release.run()
    assert release.world.kubeconfigs == [None]
    for name in ("kube", "other"):
        (tmp_path / name).write_text("kind: Config")
    release.secrets["kube"] = str(tmp_path / "kube")
    release.run()
    assert release.world.kubeconfigs[-1] == tmp_path / "kube"
    release.secrets["other"] = str(tmp_path / "other")
    with pytest.raises(UsageError, match="2 secrets that are files, and none is named: kube, other"):
        release.run()
    release.settings["kubeconfig"] = "other"
    release.run()
    assert release.world.kubeconfigs[-1] == tmp_path / "other"


@pytest.mark.parametrize("named", ["lost", "token"])
def test_a_secret_that_is_no_kubeconfig(release: Release, named: str) -> None:
    """Neither what the job does not have nor a text: another cluster is never taken instead."""
    release.texts = ("token",)
    release.settings["kubeconfig"] = named
    with pytest.raises(UsageError, match=f"names the secret {named}, which is not a file secret of this job"):
        release.run()
    assert release.world.kubeconfigs == []


@pytest.mark.parametrize("path", ["", "kube", "/not/there", "a\0b"])
def test_a_kubeconfig_that_is_not_there(release: Release, path: str) -> None:
    """A file that has vanished, or a path that depends on where the job runs, is an error and no other cluster."""
    release.secrets["kube"] = path
    with pytest.raises(UsageError, match="secret kube leads to no file"):
        release.run()
    assert release.world.kubeconfigs == []


def test_a_registry_that_takes_no_tag(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that a sweep could remove is not released, unless nobody asks for the tag."""

    def refuse(manifest: object, tag: str | None = None) -> None:
        raise ProjectError("the registry refuses the tag: 403")

    monkeypatch.setattr(release.world.repository, "push_manifest", refuse)
    with pytest.raises(ProjectError, match="403"):
        release.run()
    assert states(release.cluster) == []
    release.settings["tag_image"] = False
    assert release.run().outcome is Outcome.PASSED


@pytest.mark.parametrize("name", CHANGED)
def test_what_was_tampered_with_is_not_released(release: Release, name: str, count: Count) -> None:
    """Every way to change an image or its statement is refused by name, and the cluster is never asked."""
    tamper, message = CHANGED[name]
    tamper(release.signed)
    with pytest.raises(KitError, match=WORDED.get(name, message)):
        release.as_tampered()
        release.run()
    assert release.cluster.changes == UNTOUCHED
    count("ways of tampering refused by the stage deploy", 1)


@pytest.mark.parametrize("name", HELD)
def test_what_an_image_holds_is_read(release: Release, name: str, count: Count) -> None:
    """A whole image built anew and not signed is refused for what it holds, by its digest or by its tag."""
    tamper, message = HELD[name]
    release.signed.attach({})
    release.settings |= {"unsigned": True, "key": None}
    tamper(release.signed)
    with pytest.raises(KitError, match=message):
        release.as_tampered()
        release.run()
    assert release.cluster.changes == UNTOUCHED
    count("ways of tampering refused by the stage deploy", 1)


def test_a_layer_that_changed_after_it_was_signed(release: Release) -> None:
    """It is found before the release begins; a job that reads no layers leaves it to the node that pulls."""
    path = release.signed.layout.path(release.signed.layer("model").digest)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1] + b"x")
    with pytest.raises(ModelError, match="other bytes than its digest"):
        release.run()
    release.settings["read_layers"] = False
    assert release.run().outcome is Outcome.PASSED


def test_the_pushed_digest_counts_and_no_tag(release: Release) -> None:
    """Where the repository's image was replaced, the one that was pushed is asked for, and is not there any more."""
    release.signed.instead("model", [Entry(f"{MODEL}/model.json", b'{"threshold": 0.9}')])
    with pytest.raises(ModelError, match="has no sha256"):
        release.run()


def test_two_environments_in_one_namespace(release: Release) -> None:
    """They would share a record, and a rollback of one would bring back the other's."""
    release.run()
    other = Release(release.folder / "other", release.signed, release.cluster, environment=PRODUCTION)
    other.jobs["deploy_staging"] = other.made("deploy_staging", "release", document(release))
    with pytest.raises(ProjectError, match="is of the environment staging, not of production"):
        other.run()
    assert states(release.cluster) == ["live"]


def test_a_record_that_is_gone(release: Release) -> None:
    """What is there without it is not taken for this release's own: a release that fails would remove it."""
    release.run()
    release.cluster.objects = {key: each for key, each in release.cluster.objects.items() if key[1] != "Secret"}
    with pytest.raises(ProjectError, match="nothing is live by the record") as raised:
        release.run()
    assert "restore the Secret" in str(raised.value.hint)


TWO_BEHIND_ONE = """
apiVersion: v1
kind: Service
metadata: {name: fraud}
spec: {selector: {app: fraud}, ports: [{port: 80, targetPort: 8000, protocol: TCP}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: good}
spec:
  replicas: 1
  selector: {matchLabels: {app: fraud, side: good}}
  template:
    metadata: {labels: {app: fraud, side: good}}
    spec: {containers: [{name: model, image: IMAGE}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other}
spec:
  replicas: 1
  selector: {matchLabels: {app: fraud, side: other}}
  template:
    metadata: {labels: {app: fraud, side: other}}
    spec: {containers: [{name: model, image: "other.example/model@sha256:1"}]}
"""
CLAIM = """
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: notes}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def own_manifests(release: Release, text: str) -> None:
    """Gives the job manifests of the project's own."""
    release.settings["manifests"] = ["own.yml"]
    (release.folder / "job/workspace").mkdir(parents=True, exist_ok=True)
    (release.folder / "job/workspace/own.yml").write_text(text)


@pytest.mark.slow
def test_pods_that_nobody_has_proved(release: Release) -> None:
    """A Service that leads to the image's pods leads to no others: every request is answered by what was judged."""
    own_manifests(release, TWO_BEHIND_ONE)
    result = release.run()
    assert result.outcome is Outcome.FAILED
    assert "is behind the same Service as the image's pods, and has another image" in result.reason
    assert states(release.cluster) == ["failed"]


def test_what_holds_data_stays(release: Release) -> None:
    """A claim of a volume is not removed, not even with a first release that fails."""
    release.cluster.served = (*release.cluster.served, Kind("v1", "PersistentVolumeClaim"))
    own_manifests(release, TWO_BEHIND_ONE + CLAIM)
    release.settings["ready_within"] = 1
    assert release.run().outcome is Outcome.FAILED
    left = {key[1] for key in release.cluster.objects} - {"Secret", "Lease", "Node"}
    assert left == {"PersistentVolumeClaim"}
    assert any("stays, for the data in it" in line for line in release.lines)


def test_a_login_of_the_nodes(release: Release) -> None:
    """The Secret by which they pull a private image stands in the pods."""
    release.settings["pull_secret"] = "registry-login"
    release.run()
    (found,) = (each for key, each in release.cluster.objects.items() if key[1] == "Deployment")
    assert found["spec"]["template"]["spec"]["imagePullSecrets"] == [{"name": "registry-login"}]
