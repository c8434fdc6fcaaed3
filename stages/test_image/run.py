"""The test of an image: starts it, asks it, measures it, ends it, and says what did not hold."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.freshness import refuse_stale
from pipeline_kit.contract.image_documents import Image, read_image
from pipeline_kit.contract.result import Case, Outcome, StageResult
from pipeline_kit.contract.serving import Server
from pipeline_kit.errors import Category, ModelError
from pipeline_kit.gates.evidence import Evidence, read_metrics
from pipeline_kit.images.names import LABEL_MODEL_DIGEST, PORT
from pipeline_kit.images.oci.archive import as_archive
from pipeline_kit.images.oci.root import unpack_root
from pipeline_kit.images.oci.source import LayoutBlobs
from pipeline_kit.images.serve.golden_requests import Golden, evaluated_rows
from pipeline_kit.images.serve.running import AT_ONCE, Configuration, read_configuration, serve_root, wait_until_ready

from .checks import check_end, check_identity, check_predictions, check_refusal
from .measures import Measures, document, measure
from .settings import Settings, settings_of


@dataclass(slots=True)
class Tested:
    """The requests sent and the differences found so far."""

    image: Image
    goldens: Sequence[Golden]
    evaluated: str | None  # the digest of the model that the evaluation was of
    cases: list[Case] = field(default_factory=list)
    measures: Measures = field(default_factory=Measures)
    lines: tuple[str, ...] = ()


def run(context: StageContext) -> StageResult:
    """Passed when every check held; failed with the first that did not.

    Raises ModelError where the image or the predictions are not what the kit makes, DataError where results are stale,
    InfrastructureError where no engine answers.
    """
    settings = settings_of(context.settings)
    refuse_stale(context)
    folder = _need(context, "image")
    blobs = LayoutBlobs(folder, context.the_world().registries)
    image = read_image(blobs)
    configuration = read_configuration(blobs, image)
    tested = Tested(image, _goldens(context, configuration, settings.requests), _evaluated(context))
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-image-") as name:
        place = Path(name).resolve()
        if settings.in_engine:
            _in_engine(context, settings, blobs, place / "image.tar", tested)
        else:
            unpack_root(blobs, image, place / "root", above_base=True)
            interpreter = context.pythons.interpreter(configuration.python)
            server = serve_root(context.the_world().processes(), image, place / "root", interpreter)
            _ask(settings, server, tested)
    return _result(context, tested)


def _need(context: StageContext, kind: str) -> Path:
    artifact = context.nearest(kind)
    if artifact is None:
        raise ModelError(f"no job before this one made {kind}", hint="let the job need an image, after an evaluation")
    return artifact[2]


def _evaluated(context: StageContext) -> str | None:
    """The digest of the model whose predictions are the golden ones."""
    predictions = context.nearest("predictions")
    model = context.upstream[predictions[0]].record.facts.get("model") if predictions else None
    return model if isinstance(model, str) else None


def _goldens(context: StageContext, configuration: Configuration, count: int) -> tuple[Golden, ...]:
    """The rows to request, of every evaluated dataset. Raises DataError without any."""
    return evaluated_rows(context.datasets.values(), _need(context, "predictions"), configuration.inputs, count)


def _in_engine(context: StageContext, settings: Settings, blobs: LayoutBlobs, archive: Path, tested: Tested) -> None:
    """Loads the image into the engine and asks a container of it; the image is removed again."""
    engine = context.the_world().engine()
    as_archive(blobs, tested.image, archive)
    loaded = engine.load(archive)
    archive.unlink()
    try:
        _ask(settings, engine.serve(loaded, port=PORT, variables=AT_ONCE), tested)
    finally:
        engine.remove(loaded)


def _ask(settings: Settings, server: Server, tested: Tested) -> None:
    """All checks and measurements of a server that was started; it has ended when this returns."""
    try:
        readiness = wait_until_ready(server, settings.start_seconds)
        tested.cases.append(Case("it gets ready", "image", readiness.seconds, failure=readiness.reason))
        if readiness.reason is None:
            tested.measures.take("startup_seconds", readiness.seconds, "")
            tested.cases.append(check_identity(server, tested.image.labels, tested.evaluated))
            for golden in tested.goldens:
                tested.cases.extend(check_predictions(server, golden, tested.evaluated, settings.tolerance))
                tested.measures.rows += len(golden.rows)
            tested.cases.append(check_refusal(server))
            measure(server, tested.measures, tested.goldens, settings.latency_requests)
    finally:
        exit_code = server.stop()
        tested.lines = server.lines()
    if readiness.reason is None:
        tested.cases.append(check_end(exit_code))


def _result(context: StageContext, tested: Tested) -> StageResult:
    model = tested.image.labels.get(LABEL_MODEL_DIGEST) or tested.evaluated or ""
    report = context.place("report", "image-test.json")
    checks = [{"name": case.name, "failure": case.failure} for case in tested.cases]
    _write(report, {"version": 1, "image": tested.image.digest, "checks": checks, "lines": list(tested.lines)})
    outputs = {"report": context.left("report", report)}
    wrong = next((case for case in tested.cases if case.failure), None)
    if wrong is not None:
        for line in tested.lines:
            context.log(line)
        reason = f"it does not hold that {wrong.name}: {wrong.failure}"
        return StageResult(Outcome.FAILED, reason, Category.MODEL, outputs=outputs, cases=tuple(tested.cases))
    metrics = context.place("metrics", "metrics.json")
    _write(metrics, document(tested.measures, model, tested.image.digest, _evidence(context)))
    return StageResult(
        Outcome.PASSED,
        _said(tested),
        measurements=dict(tested.measures.figures),
        outputs={"metrics": context.left("metrics", metrics), **outputs},
        cases=tuple(tested.cases),
        facts={"image": tested.image.digest, "model": model},
    )


def _evidence(context: StageContext) -> Evidence | None:
    """What the evaluation's metrics say of the task, where they are at hand."""
    metrics = context.nearest("metrics")
    return read_metrics(metrics[2].read_text(encoding="utf-8"), metrics[2].name) if metrics else None


def _said(tested: Tested) -> str:
    """The result in one sentence: `32 rows predicted as evaluated; ready after 0.3 s, 1.2 ms a row, 80 MB`."""
    rows = sum(len(golden.rows) for golden in tested.goldens)
    figures = tested.measures.figures
    memory = f", {figures['memory_bytes'] / 1e6:.0f} MB" if "memory_bytes" in figures else ""
    latency = f", {figures['latency_p50_seconds'] * 1000:.1f} ms a row" if "latency_p50_seconds" in figures else ""
    return f"{rows} rows predicted as evaluated; ready after {figures['startup_seconds']:.1f} s{latency}{memory}"


def _write(path: Path, document: object) -> None:
    written = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(written + "\n", encoding="utf-8")
