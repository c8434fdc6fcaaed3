"""Names, labels and annotations of a release's objects: valid in Kubernetes whatever the project is called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.workload import Workload

PREFIX = "pipeline-kit.dev"
MANAGER = "pipeline-kit"
LONGEST_NAME = 50
"""Of a Service's 63: what Kubernetes appends to the names of pods fits behind it."""
LONGEST_VALUE = 63
SHORT_DIGEST = 16

NAME_LABEL = "app.kubernetes.io/name"
INSTANCE_LABEL = "app.kubernetes.io/instance"
RELEASE_LABEL = f"{PREFIX}/release"


def object_name(text: str) -> str:
    """The text as a name that every kind takes: small letters, digits and dashes, beginning with a letter.

    Names that differ only in case, underscores or dots get the same label; where more is lost, a digest is appended.
    """
    plain = re.sub(r"[_.]", "-", text.lower())
    name = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9-]", "-", plain)).strip("-")
    name = name if name[:1].isalpha() else f"r-{name}".rstrip("-")
    if re.fullmatch(r"[a-z0-9-]+", plain) and len(name) <= LONGEST_NAME:
        return name
    suffix = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{name[: LONGEST_NAME - 9].rstrip('-')}-{suffix}"


def label_value(text: str) -> str:
    """The text as a label's value: letters, digits, dashes, underscores and dots, at most 63; digests are shortened."""
    text = text.removeprefix("sha256:")
    if re.fullmatch(r"[0-9a-f]{40,}", text):
        return text[:SHORT_DIGEST]
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", text)
    return re.sub(r"^[^A-Za-z0-9]+", "", plain)[:LONGEST_VALUE].rstrip("-_.")


def selector_labels(workload: Workload) -> dict[str, str]:
    """The labels by which the kit's Service and Deployment know their pods: the same in every release."""
    name = object_name(workload.release)
    return {INSTANCE_LABEL: name, NAME_LABEL: name}


def own_labels(workload: Workload) -> dict[str, str]:
    """The labels that are the kit's alone: on every object of a release, whoever wrote it."""
    identity = workload.identity
    return {
        "app.kubernetes.io/managed-by": MANAGER,
        RELEASE_LABEL: object_name(workload.release),
        f"{PREFIX}/environment": label_value(workload.environment),
        f"{PREFIX}/model": label_value(identity.model_digest),
        f"{PREFIX}/package": label_value(identity.package),
        f"{PREFIX}/commit": label_value(identity.commit),
    }


def labels(workload: Workload) -> dict[str, str]:
    """The labels of the kit's own objects."""
    part_of = {"app.kubernetes.io/part-of": label_value(workload.identity.project)}
    return ordered({**selector_labels(workload), **part_of, **own_labels(workload)})


def notes(workload: Workload) -> dict[str, str]:
    """What labels hold shortened, in full."""
    identity = workload.identity
    return {
        f"{PREFIX}/commit": identity.commit,
        f"{PREFIX}/environment": workload.environment,
        f"{PREFIX}/model-digest": identity.model_digest,
        f"{PREFIX}/package-digest": identity.package,
        f"{PREFIX}/project": identity.project,
    }


def kit_annotation(workload: Workload) -> dict[str, str]:
    """Which version of the kit wrote the object; not on pods, because a newer kit alone must not replace them."""
    return {f"{PREFIX}/kit": workload.identity.kit}


def noted(manifests: Sequence[Object], name: str) -> str | None:
    """What the objects of a release say of it in full, such as its `project`; none where no one says it."""
    annotations = ((manifest["metadata"].get("annotations") or {}).get(f"{PREFIX}/{name}") for manifest in manifests)
    return next((str(annotation) for annotation in annotations if annotation is not None), None)


def ordered(values: Mapping[str, str]) -> dict[str, str]:
    """The same, by name."""
    return dict(sorted(values.items()))
