"""Whether the real cluster holds one revision, whole and nothing else: by its record, its objects and its pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline_kit.contract.cluster import Kind, Object, Selector
from pipeline_kit.deploy.deployer import same
from pipeline_kit.deploy.record import Content
from pipeline_kit.deploy.targets.kubernetes.labels import PREFIX, RELEASE_LABEL, label_value
from pipeline_kit.deploy.targets.kubernetes.record_storage import TYPE
from pipeline_kit.deploy.targets.kubernetes.rollout import POD
from pipeline_kit.deploy.targets.kubernetes.served_pods import PodInstance, living
from pipeline_kit.deploy.verification import Expected, wrong_of_instance
from tests.deploy.deploying import GOLDEN
from tests.deploy.real_release import RELEASE, Ground

KINDS = (
    Kind("v1", "ConfigMap"),
    Kind("v1", "Secret"),
    Kind("v1", "Service"),
    Kind("v1", "ServiceAccount"),
    Kind("apps/v1", "Deployment"),
    Kind("batch/v1", "Job"),
    Kind("networking.k8s.io/v1", "NetworkPolicy"),
    Kind("policy/v1beta1", "PodDisruptionBudget"),
)
"""All kinds of objects that the tests release."""
OWN = Selector({RELEASE_LABEL: RELEASE})


def not_whole(ground: Ground, wanted: Content | None) -> list[str]:
    """All by which the cluster differs from this revision, live and whole; without one, from a release that is not."""
    return [*wrong_record(ground, wanted), *wrong_objects(ground, wanted), *wrong_pods(ground, wanted)]


def wrong_record(ground: Ground, wanted: Content | None) -> Iterator[str]:
    """What the record says otherwise."""
    record = ground.record()
    if record.unfinished is not None:
        yield f"revision {record.unfinished.number} is unfinished: {record.unfinished.state.value}"
    if wanted is None:
        yield from [f"revision {record.live.number} is live"] if record.live else []
    elif record.live is None or not same(record.live.content, wanted):
        yield f"live is {record.live.content.image if record.live else 'nothing'}, not {wanted.image}"


def wrong_objects(ground: Ground, wanted: Content | None) -> Iterator[str]:
    """Objects that are missing, that are left over, or that are not as their manifests say."""
    there = {(each["kind"], each["metadata"]["name"]): each for kind in KINDS for each in listed(ground, kind)}
    expected = {(each["kind"], each["metadata"]["name"]): each for each in (wanted.manifests if wanted else ())}
    yield from (f"{' '.join(key)} is missing" for key in expected if key not in there)
    yield from (f"{' '.join(key)} is left over" for key in there if key not in expected)
    for key, manifest in expected.items():
        found = there.get(key)
        if found is not None:
            yield from (f"{' '.join(key)}: {what}" for what in differences(found, manifest))
            if found["metadata"].get("labels") != manifest["metadata"].get("labels"):
                yield f"{' '.join(key)} has the labels {found['metadata'].get('labels')}"


def listed(ground: Ground, kind: Kind) -> Iterator[Object]:
    """The release's objects of a kind, its record apart."""
    for each in ground.cluster.list(kind, ground.namespace, OWN):
        if each.get("type") != TYPE:
            yield each


def differences(found: Any, wanted: Any, where: str = "") -> Iterator[str]:
    """Where the found value does not say what the wanted one says; a server adds fields, but no items of a list."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for name, value in wanted.items():
            if (where, name) != ("", "apiVersion"):  # the cluster may serve another version of the kind
                yield from differences(found.get(name), value, f"{where}.{name}")
    elif isinstance(wanted, list | tuple) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(by_name(found), by_name(wanted), strict=True)):
            yield from differences(one, other, f"{where}[{number}]")
    elif found != wanted:
        yield f"{where} is {found!r}, not {wanted!r}"


def by_name(items: Sequence[Any]) -> list[Any]:
    """Items that have names, in the order of these: where one was merged in, a server keeps another order."""
    named = all(isinstance(each, Mapping) and "name" in each for each in items)
    return sorted(items, key=lambda each: str(each["name"])) if named else list(items)


def wrong_pods(ground: Ground, wanted: Content | None) -> Iterator[str]:
    """Pods that are too many or too few, of another revision, or that serve another model."""
    pods = list(living(ground.cluster.list(POD, ground.namespace, OWN)))
    count = replicas(wanted) if wanted else 0
    if len(pods) != count:
        yield f"{len(pods)} pods are there, not {count}: {', '.join(pod['metadata']['name'] for pod in pods)}"
    for pod in pods if wanted else ():
        yield from wrong_pod(ground, pod, wanted)


def wrong_pod(ground: Ground, pod: Object, wanted: Content) -> Iterator[str]:
    """How one pod is not of the revision, by its image, its labels and its answers."""
    name, labels = str(pod["metadata"]["name"]), pod["metadata"].get("labels") or {}
    images = [each["image"] for each in pod["spec"]["containers"]]
    if images != [wanted.image]:
        yield f"pod {name} runs {images}"
    expected = (label_value(wanted.model_digest), label_value(str(wanted.commit)))
    if (labels.get(f"{PREFIX}/model"), labels.get(f"{PREFIX}/commit")) != expected:
        yield f"pod {name} has the labels {labels}"
    answers = Expected(wanted.port, wanted.model_digest, GOLDEN)
    if wrong := wrong_of_instance(PodInstance(ground.cluster, ground.namespace, name), answers):
        yield wrong


def replicas(content: Content) -> int:
    """How many pods a revision has."""
    return sum(each["spec"]["replicas"] for each in content.manifests if each["kind"] == "Deployment")
