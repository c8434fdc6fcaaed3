"""The version of each kind that a cluster serves: an old cluster and a new one take the same release."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_kit.contract.cluster import Kind, Object
from pipeline_kit.errors import ProjectError

INTERCHANGEABLE = {
    ("policy", "PodDisruptionBudget"): ("v1", "v1beta1"),
    ("batch", "CronJob"): ("v1", "v1beta1"),
    ("autoscaling", "HorizontalPodAutoscaler"): ("v2", "v2beta2"),
}
"""Versions with the same fields, best first: an object of one is an object of the other when its word is changed."""


def served(manifests: Sequence[Object], kinds: Sequence[Kind]) -> tuple[tuple[Object, Kind], ...]:
    """Each manifest in a version that the cluster serves, and its kind.

    Raises ProjectError where the cluster serves none that has the manifest's fields.
    """
    known = {(kind.api_version, kind.kind): kind for kind in kinds}
    return tuple(in_served_version(manifest, known) for manifest in manifests)


def in_served_version(manifest: Object, known: dict[tuple[str, str], Kind]) -> tuple[Object, Kind]:
    """One manifest, unchanged where its own version is served."""
    version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    for candidate in candidates(version, kind):
        if result := known.get((candidate, kind)):
            return ({**manifest, "apiVersion": candidate}, result)
    others = [api_version for api_version, text in known if text == kind]
    hint = f"it serves {', '.join(others)}: write the manifest for that" if others else missing_hint(version)
    name = manifest["metadata"]["name"]
    raise ProjectError(f"{kind} {name}: the cluster serves no {kind} of {version}", hint=hint)


def candidates(version: str, kind: str) -> list[str]:
    """The versions that would do, the manifest's own first."""
    group, _, number = version.rpartition("/")
    versions = INTERCHANGEABLE.get((group, kind), ())
    return [version, *(f"{group}/{version}" for version in versions if number in versions and version != number)]


def missing_hint(version: str) -> str:
    """What to do about a kind that is not there at all."""
    if "." in version.rpartition("/")[0].removesuffix(".k8s.io"):
        return "the operator that brings this kind is not installed in the cluster"
    return "check apiVersion and kind, or use a newer cluster"
