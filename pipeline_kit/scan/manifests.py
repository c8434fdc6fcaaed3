"""Unsafe settings and secrets in Kubernetes manifests, by line. Pure: text in, findings out.

Source: the Kubernetes pod security standards, "Baseline" and "Restricted".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline_kit.scan.finding import Finding, find, masked
from pipeline_kit.scan.heuristic import is_placeholder, is_secret_name, is_secret_value
from pipeline_kit.scan.located import Located, documents

POD = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "PodTemplate": ("template", "spec"),
}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job")
TEMPLATE = ("spec", "template", "spec")
CAPABILITIES = {
    "ALL",
    "SYS_ADMIN",
    "NET_ADMIN",
    "SYS_PTRACE",
    "SYS_MODULE",
    "DAC_OVERRIDE",
    "NET_RAW",
    "SETUID",
    "SETGID",
}
NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")
MARK = re.compile(r"(?:^[ \t-]*|[{,]\s*)[\"']?apiVersion[\"']?\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Spot:
    """The place of a check: the file, and the object as `kind name`."""

    path: str
    owner: str

    def at(self, place: Located, rule: str, message: str, subject: str = "") -> Finding:
        """A finding at a place of this object."""
        return find(rule, self.path, f"{self.owner}: {message}", place.line, subject=subject or self.owner)


@dataclass(frozen=True, slots=True)
class Container:
    """A container with the security contexts that hold for it."""

    name: str
    own: Located
    context: Located
    pod: Located  # the pod's security context

    def setting(self, name: str) -> Located:
        """A setting of the security context: the container's own, else the pod's."""
        place = self.context.get(name)
        return self.pod.get(name) if place.missing else place


def is_manifest(text: str) -> bool:
    """Whether a YAML text could hold Kubernetes objects."""
    return MARK.search(text) is not None


def check_manifests(text: str, path: str) -> list[Finding]:
    """The findings in every object of a YAML text, in the order of their lines."""
    findings: list[Finding] = []
    objects = [item for document in documents(text) for item in objects_in(document)]
    tokenless = {
        item.get("metadata", "name").text
        for item in objects
        if item.get("kind").text == "ServiceAccount" and item.get("automountServiceAccountToken").false
    }
    for item in objects:
        kind, name = item.get("kind").text, item.get("metadata", "name").text
        spot = Spot(path, f"{kind} {name}".strip())
        findings.extend(check_object(item, kind, spot, tokenless))
    return sorted(set(findings), key=lambda each: (each.line or 0, each.rule, each.message))


def objects_in(document: Located) -> Iterator[Located]:
    """The objects of a document: itself, or the items of a List."""
    kind = document.get("kind").text
    if kind.endswith("List") and not document.get("items").missing:
        yield from document.get("items").items()
    elif kind and not document.get("apiVersion").missing:
        yield document


def check_object(each: Located, kind: str, spot: Spot, tokenless: set[str]) -> Iterator[Finding]:
    """The findings of one object."""
    if kind in POD or kind in WORKLOADS:
        spec = each.get(*POD.get(kind, TEMPLATE))
        yield from check_pod(spec, spot, tokenless)
    elif kind == "Secret":
        yield from check_secret(each, spot)
    elif kind == "ConfigMap":
        for name, value in each.get("data").entries():
            if is_secret_name(name) and is_secret_value(name, value.text):
                yield spot.at(value, "secret_in_manifest", f"{name} has a value: {masked(value.text)}", name)
    elif kind in ("ClusterRoleBinding", "RoleBinding") and each.get("roleRef", "name").text == "cluster-admin":
        yield spot.at(each.get("roleRef", "name"), "cluster_admin", "binds the role cluster-admin")
    elif kind in ("ClusterRole", "Role"):
        for rule in each.get("rules").items():
            if all("*" in [item.text for item in rule.get(key).items()] for key in ("verbs", "resources")):
                yield spot.at(rule, "cluster_admin", "allows every verb on every resource")


def check_pod(spec: Located, spot: Spot, tokenless: set[str]) -> Iterator[Finding]:
    """The findings of a pod's specification."""
    for name in NAMESPACES:
        if spec.get(name).true:
            yield spot.at(spec.get(name), "host_namespace", f"{name} is true")
    for volume in spec.get("volumes").items():
        host = volume.get("hostPath")
        if not host.missing:
            yield spot.at(host, "host_path", f"mounts {host.get('path').text or 'a path'} of its node")
    account = spec.get("serviceAccountName").text
    if not spec.get("automountServiceAccountToken").false and account not in tokenless and not spec.missing:
        yield spot.at(spec, "mounted_token", "does not say automountServiceAccountToken: false")
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for item in spec.get(kind).items():
            container = Container(item.get("name").text, item, item.get("securityContext"), spec.get("securityContext"))
            for check in CHECKS:
                yield from check(container, spot)


def check_rights(container: Container, spot: Spot) -> Iterator[Finding]:
    """What gives a container rights over its node."""
    context = container.context
    for name in ("privileged", "allowPrivilegeEscalation"):
        if context.get(name).true:
            yield spot.at(context.get(name), "privileged", f"container {container.name}: {name} is true")
    for added in context.get("capabilities", "add").items():
        if added.text.upper().removeprefix("CAP_") in CAPABILITIES:
            yield spot.at(added, "privileged", f"container {container.name} adds the capability {added.text}")


def check_root(container: Container, spot: Spot) -> Iterator[Finding]:
    """Whether a container may run as root."""
    user, non_root = container.setting("runAsUser"), container.setting("runAsNonRoot")
    if user.text == "0":
        yield spot.at(user, "runs_as_root", f"container {container.name} runs as user 0")
    elif not non_root.true and user.missing:
        yield spot.at(container.own, "runs_as_root", f"container {container.name} does not say runAsNonRoot: true")


def check_limits(container: Container, spot: Spot) -> Iterator[Finding]:
    """Whether a container has limits of memory and CPU."""
    limits = container.own.get("resources", "limits")
    lacking = [name for name in ("cpu", "memory") if limits.get(name).missing]
    if lacking:
        yield spot.at(container.own, "no_limits", f"container {container.name} has no limit of {' and '.join(lacking)}")


def check_image(container: Container, spot: Spot) -> Iterator[Finding]:
    """Whether the image may change under its name."""
    image = container.own.get("image")
    if not image.missing and may_change(image.text):
        yield spot.at(image, "latest_tag", f"container {container.name} runs {image.text}")


def check_ports(container: Container, spot: Spot) -> Iterator[Finding]:
    """Ports that are taken of the node."""
    for port in container.own.get("ports").items():
        if not port.get("hostPort").missing and port.get("hostPort").text != "0":
            number = port.get("hostPort")
            yield spot.at(number, "host_namespace", f"container {container.name} takes port {number.text} of its node")


def check_variables(container: Container, spot: Spot) -> Iterator[Finding]:
    """Secrets in plain environment variables."""
    for variable in container.own.get("env").items():
        name, value = variable.get("name").text, variable.get("value")
        if is_secret_name(name) and not is_placeholder(value.text):
            message = f"container {container.name}: {name} has a value: {masked(value.text)}"
            yield spot.at(value, "secret_in_manifest", message, name)


def check_secret(secret: Located, spot: Spot) -> Iterator[Finding]:
    """The values of a Secret, which are no longer secret in a file."""
    for part in ("data", "stringData"):
        for name, value in secret.get(part).entries():
            if not is_placeholder(value.text):
                yield spot.at(value, "secret_in_manifest", f"{name} has a value: {masked(value.text)}", name)


def may_change(image: str) -> bool:
    """Whether an image's name has neither digest nor a tag other than latest; a template's or a variable's may not."""
    if "@sha256:" in image or re.search(r"[${}%<>]", image) or image == "scratch":
        return False
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag in ("", "latest")


CHECKS: tuple[Callable[[Container, Spot], Iterator[Finding]], ...] = (
    check_rights,
    check_root,
    check_limits,
    check_image,
    check_ports,
    check_variables,
)
