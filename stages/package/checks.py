"""What must agree before a model is packed: each check is a sentence, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_kit.contract.context import Upstream
from pipeline_kit.contract.result import Case, JobRecord
from pipeline_kit.gates.evidence import Evidence
from pipeline_kit.gates.verdict import VerdictNote


@dataclass(frozen=True, slots=True)
class Judged:
    """The model to pack, the jobs that trained and evaluated it, and its verdict. Digests `sha256:<hex>`."""

    model: str
    metrics: str
    evidence: Evidence
    verdict: VerdictNote
    maker: JobRecord
    evaluation: JobRecord
    toolchain: str | None = None  # the environment that the build verified


def check(judged: Judged, upstream: Mapping[str, Upstream]) -> tuple[Case, ...]:
    """A case for everything that must agree; one with a failure forbids packing."""
    verdict, maker, evaluation = judged.verdict, judged.maker, judged.evaluation
    return (
        _case("the gate has passed the model", verdict.passes, verdict.sentence),
        _equal("the verdict is of this model", verdict.model, judged.model),
        _equal("the metrics are of this model", judged.evidence.model, judged.model),
        _equal("the verdict is on these metrics", verdict.metrics, judged.metrics),
        _environments(maker, evaluation),
        _verified(judged.toolchain, evaluation),
        _data(upstream),
    )


def _environments(maker: JobRecord, evaluation: JobRecord) -> Case:
    """A model that no project code made has no environment of its making; its evaluation always has one."""
    name = "training and evaluation ran in the same environment"
    if evaluation.environment_digest is None:
        return Case(name, "package", failure="the evaluation's environment is not recorded")
    if maker.environment_digest is None:
        return Case(name, "package", skipped="the model was not made by the project's code")
    return _equal(name, maker.environment_digest, evaluation.environment_digest)


def _verified(toolchain: str | None, evaluation: JobRecord) -> Case:
    name = "the environment is the one that the build verified"
    if toolchain is None:
        return Case(name, "package", skipped="no build before this job verified one")
    return _equal(name, evaluation.environment_digest, toolchain)


def _data(upstream: Mapping[str, Upstream]) -> Case:
    seen: dict[str, tuple[str, str]] = {}
    for job, item in upstream.items():
        for name, digest in item.record.inputs.items():
            other, before = seen.setdefault(name, (job, digest))
            if name.startswith("data.") and before != digest:
                wrong = f"{name} was {before} for {other} and {digest} for {job}"
                return Case("every job saw the same data", "package", failure=wrong)
    return Case("every job saw the same data", "package")


def _equal(name: str, found: str | None, wanted: str) -> Case:
    return _case(name, found == wanted, f"{found}, not {wanted}")


def _case(name: str, holds: bool, wrong: str) -> Case:
    return Case(name, "package", failure=None if holds else wrong)
