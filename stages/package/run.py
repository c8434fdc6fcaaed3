"""The packaging: checks that everything is of one model, packs it, and reads the archive back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pipeline_kit import __version__
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_file, digest_tree, tree_files
from pipeline_kit.contract.freshness import refuse_stale
from pipeline_kit.contract.ports import EnvironmentRecord
from pipeline_kit.contract.result import JobRecord, Outcome, StageResult
from pipeline_kit.contract.settings import mapping, text, whole
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import Category, ModelError, UsageError
from pipeline_kit.gates.evidence import read_metrics
from pipeline_kit.gates.verdict import read_verdict
from pipeline_kit.models.archive import Content, open_archive
from pipeline_kit.models.manifest import Manifest, Predict
from pipeline_kit.models.package import read_package, write_package

from .checks import Judged, check
from .settings import settings_of

CODE = "code"
_LARGEST_CODE = 256 << 20


def run(context: StageContext) -> StageResult:
    """Passed when the package is written and verified; failed where the model has not passed or things disagree.

    Raises ModelError where something that belongs into a package was not made, DataError where it is stale,
    UsageError for a release without a store.
    """
    release = settings_of(context.settings).release
    if release is not None and context.store is None:
        raise UsageError(f"release {release!r} needs a store", hint="declare one: `store:` in the descriptor")
    model = _need(context, "model")
    judged = _judged(context, model)
    cases = check(judged, context.upstream)
    wrong = next((case for case in cases if case.failure), None)
    if wrong is not None:
        reason = f"not packed, for it does not hold that {wrong.name}: {wrong.failure}"
        return StageResult(Outcome.FAILED, reason, Category.MODEL, cases=cases)
    refuse_stale(context)
    target = context.place("package", "package.tar")
    manifest = write_package(target, _manifest(context, judged, model), _files(context, model))
    if read_package(target).text() != manifest.text():
        raise ModelError("the package differs from what was written when it is re-read")
    digest = digest_file(target)
    if release is not None and context.store is not None:
        context.store.point(release, context.store.put(target))
    size = target.stat().st_size
    released = f", released as {release}" if release else ""
    return StageResult(
        Outcome.PASSED,
        f"packed {len(manifest.files)} files in {size} bytes{released}",
        measurements={"files": len(manifest.files), "bytes": size},
        outputs={"package": context.left("package", target)},
        cases=cases,
        facts={"package": digest, "model": judged.model, "release": release},
    )


def _need(context: StageContext, kind: str) -> Path:
    artifact = context.nearest(kind)
    if artifact is None:
        raise ModelError(f"no job before this one made a {kind}", hint="let the job need a gate, after an evaluation")
    return artifact[2]


def _maker(context: StageContext, kind: str) -> JobRecord:
    artifact = context.nearest(kind)
    if artifact is None:
        raise ModelError(f"no job before this one made a {kind}")
    return context.upstream[artifact[0]].record


def _judged(context: StageContext, model: Path) -> Judged:
    metrics, verdict = _need(context, "metrics"), _need(context, "verdict")
    return Judged(
        model=digest_tree(model),
        metrics=digest_file(metrics),
        evidence=read_metrics(metrics.read_text(encoding="utf-8"), metrics.name),
        verdict=read_verdict(verdict.read_text(encoding="utf-8"), verdict.name),
        maker=_maker(context, "model"),
        evaluation=_maker(context, "metrics"),
        toolchain=_toolchain(context),
    )


def _toolchain(context: StageContext) -> str | None:
    """The digest of the environment that a build verified; none where no job before this one is a build."""
    toolchain = context.nearest("toolchain")
    if toolchain is None:
        return None
    try:
        return str(json.loads(toolchain[2].read_text(encoding="utf-8"))["environment_digest"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{toolchain[2].name} is not a valid toolchain record: {error}", hint="run the build again"
        ) from error


def _manifest(context: StageContext, judged: Judged, model: Path) -> Manifest:
    facts, trained = judged.evaluation.facts, judged.maker.facts
    environment = _environment(facts)
    document = json.loads(_need(context, "metrics").read_text(encoding="utf-8"))
    verdict = judged.verdict
    return Manifest(
        project=context.project.name,
        model=f"model/{model.name}",
        model_digest=judged.model,
        code=CODE,
        lock=f"{CODE}/{context.project.lock.as_posix()}",
        python=".".join(environment.python.split(".")[:2]),
        predict=_predict(facts),
        environment=environment,
        files={},
        parameters=mapping(trained, "parameters"),
        seed=whole(trained, "seed"),
        metrics={name: entry["metrics"] for name, entry in document["datasets"].items()},
        verdict={
            "status": verdict.status.value,
            "sentence": verdict.sentence,
            "evidence": verdict.evidence,
            "decision": verdict.decision,
        },
        data=_data(context),
        commit=context.git.commit,
        dirty=context.git.dirty,
        kit=__version__,
    )


def _environment(facts: Mapping[str, Value]) -> EnvironmentRecord:
    document = mapping(facts, "environment")
    packages = {name: str(version) for name, version in mapping(document, "packages").items()}
    digest, python, platform = (text(document, name) for name in ("digest", "python", "platform"))
    if not digest or not python or not platform:
        raise ModelError("the evaluation did not record its environment", hint="run the evaluation again")
    return EnvironmentRecord(digest, python, platform, packages)


def _predict(facts: Mapping[str, Value]) -> Predict:
    document = mapping(facts, "predict")
    run = document.get("run")
    words = tuple(str(word) for word in run) if isinstance(run, list | tuple) else run
    if not isinstance(words, str | tuple) or not words:
        raise ModelError("the evaluation did not record how the model predicts", hint="run the evaluation again")
    return Predict(words, mapping(document, "parameters"), whole(document, "seed"), text(document, "format") or "csv")


def _data(context: StageContext) -> dict[str, str]:
    """The digest of every declared dataset that a job before this one read."""
    values: dict[str, str] = {}
    for upstream in context.upstream.values():
        inputs = upstream.record.inputs.items()
        values.update({name.removeprefix("data."): digest for name, digest in inputs if name.startswith("data.")})
    return values


def _files(context: StageContext, model: Path) -> dict[str, Content]:
    files: dict[str, Content] = {
        "metrics.json": _need(context, "metrics"),
        "verdict.json": _need(context, "verdict"),
        **_tree(f"model/{model.name}", model),
    }
    with open_archive(_need(context, "code")) as archive:
        for name in archive.sizes:
            files[f"{CODE}/{name}"] = archive.read(name, largest=_LARGEST_CODE)
    for kind in ("wheel", "toolchain"):
        artifact = context.nearest(kind)
        if artifact is not None:
            files.update(_tree(kind if artifact[2].is_dir() else artifact[2].name, artifact[2]))
    return files


def _tree(name: str, path: Path) -> dict[str, Content]:
    if path.is_file():
        return {name: path}
    return {f"{name}/{item}": file for item, file in tree_files(path).items()}
