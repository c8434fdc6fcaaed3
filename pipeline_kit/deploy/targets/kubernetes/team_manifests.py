"""A project's own manifests as a release's objects: the image in its place, the kit's labels on, in the namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline_kit.contract.cluster import Object
from pipeline_kit.deploy.targets.kubernetes.labels import kit_annotation, notes, own_labels
from pipeline_kit.deploy.targets.kubernetes.order import identity
from pipeline_kit.deploy.targets.kubernetes.yaml_objects import Lined, documents, refused
from pipeline_kit.deploy.workload import Workload

IMAGE = "IMAGE"
"""The placeholder for the image by digest."""
CONTAINERS = ("containers", "initContainers")
TEMPLATED = ("DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet")
OF_THE_CLUSTER = (
    "APIService",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
)
LONGEST_NAME = 253
_NAME = re.compile(r"[a-z0-9]+((-+|\.)[a-z0-9]+)*")
_VERSION = re.compile(r"([a-z0-9]+([.-][a-z0-9]+)*/)?v[0-9][a-z0-9]*")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")


def team_manifests(files: Sequence[tuple[str, str]], workload: Workload) -> tuple[Object, ...]:
    """The objects of all files, which are pairs of name and YAML text.

    Raises ProjectError with file and line for what is not an object of the release's namespace, for a Secret that holds
    values, for an object that is declared twice, and where no container has the image `IMAGE`.
    """
    result: dict[tuple[str, str, str, str], Object] = {}
    images = 0
    for file, text in files:
        for line, document in documents(file, text):
            if not isinstance(document, Lined):
                raise refused(file, line, "a manifest is a mapping with apiVersion, kind and metadata")
            check(file, document, workload)
            made = completed(document, workload)
            if (key := identity(made)) in result:
                raise refused(file, line, f"{title(document)} is declared twice")
            result[key] = made
            images += sum(container.get("image") == IMAGE for container in containers(document))
    if not images:
        names = ", ".join(name for name, _ in files) or "no files"
        raise refused(names, 1, f"no container has the image {IMAGE}", f"write `image: {IMAGE}` where the model serves")
    return tuple(result.values())


def check(file: str, document: Lined, workload: Workload) -> None:
    """Raises ProjectError for an object that a release must not contain."""
    check_head(file, document)
    metadata = document["metadata"]
    namespace = metadata.get("namespace")
    if namespace not in (None, workload.namespace):
        message = f"{title(document)} is of the namespace {namespace}, and the release of {workload.namespace}"
        raise refused(file, metadata.lines["namespace"], message, "leave the namespace out")
    if document["kind"] == "Secret" and any(document.get(item) for item in ("data", "stringData")):
        hint = "make the Secret in the cluster, by hand or by an operator, and name it in secretKeyRef"
        line = next(document.lines[item] for item in ("data", "stringData") if document.get(item))
        raise refused(file, line, f"{title(document)} contains values that all readers of the repository see", hint)
    check_pods(file, document)


def check_head(file: str, document: Lined) -> None:
    """Raises ProjectError where the object does not say properly what it is."""
    for field, pattern in (("apiVersion", _VERSION), ("kind", _KIND)):
        value = document.get(field)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            line = document.lines.get(field, document.line)
            raise refused(file, line, f"{field} is {'missing' if value is None else 'none: ' + repr(value)[:60]}")
    kind, metadata = document["kind"], document.get("metadata")
    if kind == "List" or kind in OF_THE_CLUSTER:
        hint = "write its items as documents of their own" if kind == "List" else "the cluster's own people apply it"
        raise refused(file, document.lines["kind"], f"a release holds no {kind}", hint)
    if not isinstance(metadata, Lined) or not is_name(metadata.get("name")):
        line = metadata.line if isinstance(metadata, Lined) else document.line
        raise refused(file, line, f"{kind} has no valid metadata.name", "small letters, digits, dashes and dots")
    for field in ("labels", "annotations"):
        check_texts(file, metadata, field)


def check_texts(file: str, metadata: Lined, field: str) -> None:
    """Raises ProjectError where labels or annotations are not all text."""
    values = metadata.get(field)
    texts = isinstance(values, Mapping) and all(isinstance(value, str) for value in values.values())
    if values is not None and not texts:
        raise refused(file, metadata.lines[field], f"metadata.{field} must be text by text", "quote numbers and yes")


def is_name(name: object) -> bool:
    """Whether Kubernetes takes it as an object's name."""
    return isinstance(name, str) and len(name) <= LONGEST_NAME and bool(_NAME.fullmatch(name))


def check_pods(file: str, document: Lined) -> None:
    """Raises ProjectError where an object that makes pods has no proper template."""
    spec, kind = document.get("spec"), document["kind"]
    if kind not in (*TEMPLATED, "Pod"):
        return
    place = document.lines.get("spec", document.line)
    template = spec if kind == "Pod" else mapping(mapping(spec).get("template")).get("spec")
    listed = mapping(template).get("containers")
    if not isinstance(listed, list) or not all(isinstance(entry, Lined) and entry.get("name") for entry in listed):
        raise refused(file, place, f"{title(document)} has no containers with names")
    for field in ("replicas", "parallelism"):
        if not isinstance(mapping(spec).get(field, 1), int):
            raise refused(file, mapping(spec).lines[field], f"{title(document)}: {field} is not a whole number")
    metadata = mapping(mapping(mapping(spec).get("template")).get("metadata"))
    for field in ("labels", "annotations"):
        check_texts(file, metadata, field)


def mapping(value: Any) -> Lined:
    """The value where it is a mapping, otherwise an empty one."""
    return value if isinstance(value, Lined) else Lined()


def title(document: Mapping[str, Any]) -> str:
    """The object, as messages name it."""
    return f"{document['kind']} {document['metadata']['name']}"


def containers(value: Any) -> Iterator[Mapping[str, Any]]:
    """The containers anywhere in an object: operators have them in places of their own."""
    if isinstance(value, Mapping):
        for name, entry in value.items():
            if name in CONTAINERS and isinstance(entry, list):
                yield from (item for item in entry if isinstance(item, Mapping))
            yield from containers(entry)
    elif isinstance(value, list):
        for element in value:
            yield from containers(element)


def completed(document: Lined, workload: Workload) -> Object:
    """The object as plain values, with image, namespace, labels and annotations."""
    made: dict[str, Any] = with_image(document, workload.image)
    marked(made, workload, {**notes(workload), **kit_annotation(workload)})
    made["metadata"]["namespace"] = workload.namespace
    if made["kind"] in TEMPLATED:
        marked(made["spec"]["template"], workload, notes(workload))
    return made


def marked(made: dict[str, Any], workload: Workload, whole: Mapping[str, str]) -> None:
    """Puts the kit's labels and annotations on, beside the project's own."""
    metadata = made["metadata"] = dict(made.get("metadata") or {})
    for field, values in (("labels", own_labels(workload)), ("annotations", whole)):
        metadata[field] = dict(sorted({**(metadata.get(field) or {}), **values}.items()))


def with_image(value: Any, image: str) -> Any:
    """The value as plain values, with the image in the containers that have `IMAGE` in its place."""
    if isinstance(value, Mapping):
        return {name: of_field(name, entry, image) for name, entry in value.items()}
    return [with_image(entry, image) for entry in value] if isinstance(value, list) else value


def of_field(name: str, value: Any, image: str) -> Any:
    """A field's value with the image in its containers, where it is a list of these."""
    made = with_image(value, image)
    if name in CONTAINERS and isinstance(made, list):
        return [{**entry, "image": image} if mark_of(entry) == IMAGE else entry for entry in made]
    return made


def mark_of(container: Any) -> Any:
    """The image of a container, or none."""
    return container.get("image") if isinstance(container, Mapping) else None
