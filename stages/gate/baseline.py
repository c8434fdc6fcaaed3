"""The baseline, scored again on today's rows by its own code in its own recorded environment."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_file
from pipeline_kit.contract.ports import ProjectPython
from pipeline_kit.descriptor.grammar import GRAMMARS
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import InfrastructureError, KitError, ModelError
from pipeline_kit.gates.evidence import Evidence, evidence_of, metrics_document
from pipeline_kit.gates.figures import Baseline, Unavailable
from pipeline_kit.gates.row_results import file_name
from pipeline_kit.models.manifest import Manifest
from pipeline_kit.models.package import Package, unpack_package
from pipeline_kit.models.predict import Evaluator, predict, without_labels

INSTALLERS = frozenset({"pip", "setuptools", "wheel"})  # come with the interpreter, not with the lock file


@dataclass(frozen=True, slots=True)
class Scored:
    """The scored baseline: its evidence or why it is missing, its metrics document, and its identity."""

    baseline: Baseline
    document: Mapping[str, Value] | None = None
    package: str | None = None
    manifest: Manifest | None = None

    def value(self) -> Value:
        """The identity of the baseline, or why it is missing, for the verdict and the job's facts."""
        if isinstance(self.baseline, Unavailable):
            return {"package": self.package, "error": self.baseline.reason}
        if self.baseline is None or self.manifest is None:
            return None
        return {"package": self.package, "model": self.manifest.model_digest, "commit": self.manifest.commit}


def score_baseline(
    context: StageContext, reference: str, candidate: Evidence, row_results: Path | None = None
) -> Scored:
    """The baseline on the candidate's datasets. Whatever goes wrong leaves it unavailable, with the reason.

    Each row's result is written into the folder `row_results` where that is given.

    Raises InfrastructureError only: a network that failed says nothing of a model, and the job is tried again.
    """
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-baseline-") as name:
        folder = Path(name).resolve()
        result = find_package(context, reference, folder / "fetched.tar")
        if not isinstance(result, Path):
            return Scored(result)
        digest = digest_file(result)
        step = "its package is not sound"
        try:
            package = unpack_package(result, folder / "package", result.name)
            step = "its environment cannot be made"
            python = locked_python(context, package)
            step = "it cannot be scored on today's rows"
            document = _document(context, package, python, candidate, folder, row_results=row_results)
            return Scored(evidence_of(document), document, digest, package.manifest)
        except InfrastructureError:
            raise
        except (KitError, ValueError, KeyError) as error:
            return Scored(Unavailable(f"{step}: {error}", step, digest), package=digest)


def find_package(context: StageContext, reference: str, fetched: Path) -> Path | Unavailable | None:
    """The package's file, fetched from the store where the reference is a name; None before the first release.

    A reference that can never exist (a path out of the project, an address) is unavailable, not a first release.
    """
    complaint = GRAMMARS["package"].complaint(reference)
    if complaint:
        return Unavailable(f"{reference} {complaint[0]}", "the reference names no package")
    if "/" in reference or reference.endswith(".tar"):
        path = context.workspace / reference
        if not path.is_symlink() and not path.exists():
            return None
        if not path.is_file():
            return Unavailable(f"{reference} is not a file", "the reference is not a file")
        return path
    if context.store is None:
        return Unavailable(f"no store is declared in which to find {reference!r}", "no store is declared")
    try:
        digest = context.store.resolve(reference)
        if digest is None:
            return None
        context.store.fetch(digest, fetched)
    except ModelError as error:
        return Unavailable(f"the store does not give it: {error}", "the store does not give it")
    return fetched


def locked_python(context: StageContext, package: Package) -> ProjectPython:
    """The baseline's own environment. Raises ModelError where what is installed is not what was recorded."""
    manifest = package.manifest
    python = context.pythons.locked(package.lock, manifest.python)
    installed, recorded = python.record().packages, manifest.environment.packages
    for name in sorted({*installed, *recorded} - INSTALLERS):
        if installed.get(name) != recorded.get(name):
            has, had = installed.get(name, "no"), recorded.get(name, "no")
            raise ModelError(f"it has {has} {name} where {had} {name} was recorded")
    return python


def _document(
    context: StageContext,
    package: Package,
    python: ProjectPython,
    candidate: Evidence,
    folder: Path,
    *,
    row_results: Path | None,
) -> dict[str, Value]:
    slices = {column for dataset in candidate.datasets.values() for column in dataset.slices}
    evaluator = Evaluator(candidate.task, candidate.positive, candidate.bins, tuple(sorted(slices)), context.plugins)
    by_name = {data.spec.name: data for data in context.datasets.values()}
    missing = [name for name in candidate.datasets if name not in by_name]
    if missing:
        raise ModelError(f"the dataset {missing[0]!r} is not among the gate's inputs, add data.{missing[0]}")
    datasets = {name: by_name[name] for name in candidate.datasets}
    truths = {name: evaluator.truth(data) for name, data in datasets.items()}
    hidden = {name: without_labels(data, folder / "data" / name / data.path.name) for name, data in datasets.items()}
    files = predict(
        python,
        package.manifest.predict,
        model=package.model,
        model_digest=package.manifest.model_digest,
        datasets=hidden,
        predictions=folder / "predictions",
        cwd=package.code,
    )
    evaluations = {}
    for name, data in datasets.items():
        kept = row_results / file_name(name) if row_results else None
        evaluation = evaluator.evaluate(truths[name], files[name], f"the baseline's {files[name].name}", kept)
        evaluations[name] = (data.digest, evaluation)
    return metrics_document(
        package.manifest.model_digest,
        evaluations,
        task=candidate.task,
        positive=candidate.positive,
        bins=candidate.bins,
        plugins=context.plugins.versions(),
    )
