"""Pods that go wrong on a real cluster: the cause is named, and what was before is whole again."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import pytest

from pipeline_kit.adapters.kubernetes.cluster import KubernetesCluster
from pipeline_kit.adapters.kubernetes.connection import TIMEOUTS
from pipeline_kit.contract.cluster import Cluster, Kind
from pipeline_kit.deploy.failure import ReleaseError
from pipeline_kit.deploy.targets.kubernetes.labels import RELEASE_LABEL
from pipeline_kit.deploy.targets.kubernetes.team_manifests import team_manifests
from pipeline_kit.errors import Category, KitError
from tests.deploy.deployer_process import WITHIN_SECONDS, Deploying
from tests.deploy.edits import Edit, of_container, of_pod, unchanged, with_image
from tests.deploy.real_release import READY_WITHIN_SECONDS, Ground, content_of, deploy
from tests.deploy.stories import CRASHED, Scene, Story, new_of, old_of
from tests.deploy.waiting import until
from tests.deploy.whole import not_whole

pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class Bad:
    """A release whose pods go wrong: how, and by which words and category that is told."""

    told: str
    behaviour: str = ""
    edit: Edit = unchanged
    category: Category = Category.PROJECT
    ready_within: float = READY_WITHIN_SECONDS


BESIDE_NONE = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {RELEASE_LABEL: "fraud"}}}
ALONE = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [BESIDE_NONE]}}
NO_SECRET = [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "not-there", "key": "key"}}}]
ZEROS = "sha256:" + "0" * 64
NO_IMAGE = r"cannot get its image \((ErrImagePull|ImagePullBackOff)\)"
NOWHERE = f"127.0.0.1:1/fraud@{ZEROS}"
NOT_CONFIGURED = r"cannot be made as it is configured \(CreateContainerConfigError\): secret \"not-there\" not found"
OTHERWISE = r"predictions differ from the evaluation's: test, id a, prediction: 5 by the image, 4 in the"

BAD_PODS = {
    "never ready": Bad(
        r"not ready after 8 s: Deployment fraud: 1 of 1 pods are new, 1 available",
        "never_ready",
        category=Category.TIMEOUT,
        ready_within=8,
    ),
    "crash at start": Bad(CRASHED, "crash"),
    "crash after they were ready": Bad(CRASHED, "crash_after_ready"),
    "crash when they are asked": Bad(CRASHED, "crash_when_asked"),
    "out of memory": Bad(r"needs more memory than its limit of 64Mi \(OOMKilled\)", "out_of_memory"),
    "image missing": Bad(rf"{NO_IMAGE}: .*fraud-v1@{ZEROS}", edit=with_image(f"HOST/fraud-v1@{ZEROS}")),
    "registry unreachable": Bad(rf"{NO_IMAGE}: .*127.0.0.1:1/", edit=with_image(NOWHERE)),
    "secret missing": Bad(NOT_CONFIGURED, edit=of_container(env=NO_SECRET)),
    "command missing": Bad(r"(cannot be|exit code 12[78]).*no such file", edit=of_container(command=["/nothing"])),
    "no node beside the old": Bad(r"fits on no node: .*anti-affinity", edit=of_pod(affinity=ALONE)),
    "wrong model": Bad(rf"serves the model {ZEROS}, not sha256:", "wrong_digest", category=Category.MODEL),
    "wrong prediction": Bad(OTHERWISE, "wrong_prediction", category=Category.MODEL),
    "silent about its model": Bad("serves the model that it does not name", "hang", category=Category.MODEL),
}


def hasty() -> Cluster:
    """The cluster for a deployer who waits a second for an answer of a pod."""
    return KubernetesCluster(None, None, dict(os.environ), (), timeouts=replace(TIMEOUTS, read_seconds=1))


def bad_pods(name: str, scene: Scene) -> None:
    """What is wrong with the new pods is named, and the old revision serves as before."""
    bad = BAD_PODS[name]
    old = old_of(scene)
    variables = {"BEHAVIOUR": bad.behaviour, "DELAY": "1"} if bad.behaviour else {}
    wanted = bad.edit(scene.ground.content("v2", 2, variables))
    with pytest.raises(ReleaseError, match=bad.told) as error:
        deploy(scene.ground, wanted, hasty(), ready_within=bad.ready_within)
    assert error.value.message.endswith("; revision 2 was rolled back, revision 1 is live")
    assert error.value.category is bad.category
    assert not_whole(scene.ground, old) == []


def bad_first(behaviour: str, words: str, scene: Scene) -> None:
    """Where nothing was live before a release that fails, nothing is afterwards."""
    with pytest.raises(ReleaseError, match=words) as error:
        deploy(scene.ground, new_of(scene, behaviour))
    assert error.value.message.endswith("revision 1 was rolled back, nothing is live")
    assert not_whole(scene.ground, None) == []


def deleted_deployment(scene: Scene) -> None:
    """Somebody deletes the Deployment during a release: that is named, and the old one is made again."""
    old = old_of(scene)
    with Deploying(scene, scene.ground.content("v2", 2, {"BEHAVIOUR": "late", "DELAY": "30"})) as process:
        until(lambda: at_step(scene.ground, "ready"), "it waits", seconds=WITHIN_SECONDS)
        scene.ground.cluster.delete(Kind("apps/v1", "Deployment"), "fraud", scene.ground.namespace)
        code, said = process.end()
    assert code == 1, said
    assert "Deployment fraud: it was deleted" in said
    assert not_whole(scene.ground, old) == []


def at_step(ground: Ground, step: str) -> bool:
    """Whether a revision has got so far."""
    found = ground.record().unfinished
    return found is not None and found.step == step


TEAM = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: scorer}
spec:
  replicas: 1
  selector: {matchLabels: {app: scorer}}
  template:
    metadata: {labels: {app: scorer}}
    spec:
      NODE
      containers:
        - name: serve
          image: IMAGE
          ports: [{containerPort: 8000}]
          readinessProbe: {httpGet: {path: /readyz, port: 8000}, periodSeconds: 1}
"""
MIGRATION = """
apiVersion: batch/v1
kind: Job
metadata: {name: migration}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: IMAGE, command: [python3, -c, "raise SystemExit('no such table')"]}]
"""


def team(files: tuple[str, ...], words: str, scene: Scene) -> None:
    """A project's own manifests are held to the same: nothing is left of a release that cannot be, or fails."""
    workload = scene.ground.workload("v1", 1, {})
    manifests = team_manifests([(f"{number}.yml", text) for number, text in enumerate(files)], workload)
    with pytest.raises(KitError, match=words):
        deploy(scene.ground, content_of(workload, manifests))
    assert not_whole(scene.ground, None) == []


STORIES: dict[str, Story] = {
    **{f"pods: {name}": partial(bad_pods, name) for name in BAD_PODS},
    "a first release that crashes": partial(bad_first, "crash", CRASHED),
    "a first release of the wrong model": partial(bad_first, "wrong_digest", "serves the model sha256:0000"),
    "a Deployment that somebody deletes": deleted_deployment,
    "own manifests, a node that is not there": partial(
        team, (TEAM.replace("NODE", "nodeSelector: {disk: fast}"),), "none of the 1 nodes takes such pods"
    ),
    "own manifests, a job that fails": partial(
        team, (TEAM.replace("NODE", ""), MIGRATION), "Job migration: the job failed"
    ),
}


@pytest.mark.parametrize("trouble", STORIES)
def test_it_ends_whole(trouble: str, ends: Mapping[str, str], ended_whole: Callable[[], None]) -> None:
    """What fails leaves the old revision whole, or nothing where there was none."""
    assert not ends[trouble], ends[trouble]
    ended_whole()
