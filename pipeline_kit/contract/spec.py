"""A stage's `stage.yml` as a value."""

from __future__ import annotations

from enum import Enum

from pipeline_kit.descriptor.parameter import Parameter
from pipeline_kit.frozen import frozen

STORED_KINDS = frozenset({"model", "checkpoint", "checkpoints", "image"})
"""Kinds of output that the store carries between a CI server's jobs where there is one: artifacts are capped."""

PUSHED = "pushed"
"""The kind of what a push leaves, which is what a deployment releases."""
RELEASE = "release"
"""The kind of what a deployment leaves, and takes from the one in the environment before."""


@frozen
class OutputSpec:
    """Something a stage leaves: its file name in the job's folder, what it is, and what kind of thing that is.

    `kind` is what a consumer asks for: model, metrics, predictions, package, verdict, report, data, wheel, toolchain,
    image, sbom, findings, attestation, pushed, release.
    """

    name: str
    path: str
    kind: str
    help: str = ""


class Shape(Enum):
    """What a document that is shown in the report looks like, and so how it is shown."""

    VERDICT = "verdict"
    METRICS = "metrics"
    CHECKS = "checks"
    CURVES = "curves"
    TABLE = "table"
    FINDINGS = "findings"


@frozen
class ReportSpec:
    """An output that the report of a run shows: a JSON file of that shape. The name becomes the heading."""

    name: str
    output: str
    shape: Shape

    @property
    def title(self) -> str:
        """The heading: `slow_tests` is "Slow tests"."""
        return self.name.replace("_", " ").capitalize()


@frozen
class StageSpec:
    """What a stage says of itself; `digest` is of its folder, so that a changed stage never meets an old cache."""

    name: str
    help: str
    digest: str
    parameters: tuple[Parameter, ...] = ()
    outputs: tuple[OutputSpec, ...] = ()
    reports: tuple[ReportSpec, ...] = ()
    consumes: tuple[str, ...] = ()  # kinds taken from the nearest job before it that makes them
    requires: tuple[str, ...] = ()  # those of them that it cannot do without
    data_from: str | None = None  # also reads the datasets of the job that makes its output of this kind
    reads: tuple[str, ...] = ()  # settings that may name a file of the project, read whatever the job's inputs are
    default_inputs: tuple[str, ...] | None = None  # None: every file that git does not ignore
    cacheable: bool = True
    uses_store: bool = False  # keeps files in the store or reads them there, beside what it leaves and takes
    project_code: bool = False  # runs the project's code, so it needs the project's environment
    extras: tuple[str, ...] = ()  # of the kit's distribution, which its dependencies are part of
    changes_world: bool = False  # pushes or deploys: never cached, never interrupted by a newer push

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, or None."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)
