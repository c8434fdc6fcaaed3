"""What jobs left for people to look at, parsed: metrics, verdict, data checks and training curves.

A document that is not what it should be is left out: a report explains, it never decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen
from pipeline_kit.report.json_values import list_of, mapping_of, number_of, text_of, whole_of

Point = tuple[float, float]


@frozen
class Rule:
    """One rule of the gate and how it was decided: PASS, FAIL, UNDECIDED, or waived."""

    text: str
    status: str
    metric: str = ""
    dataset: str = ""
    slice_value: str | None = None
    baseline: float | None = None
    waived: bool = False


@frozen
class Verdict:
    """The gate's verdict."""

    status: str
    sentence: str
    passes: bool = False
    decision: str | None = None
    rules: tuple[Rule, ...] = ()


@frozen
class Metric:
    """One metric of some rows: a value, or the reason why it is undefined; and the baseline's on the same rows."""

    name: str
    value: float | None
    undefined: str | None = None
    baseline: float | None = None


@frozen
class Slice:
    """The metrics of the rows where a column has one value."""

    column: str
    value: str
    rows: int
    metrics: tuple[Metric, ...]


@frozen
class Bin:
    """A bin of the calibration: how many rows, which probability they were given, and how many were so."""

    rows: int
    predicted: float
    observed: float


@frozen
class DatasetMetrics:
    """Everything measured on one dataset."""

    name: str
    rows: int
    metrics: tuple[Metric, ...]
    labels: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()  # a row a true class, a column a predicted one
    roc: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    calibration: tuple[Bin, ...] = ()
    slices: tuple[Slice, ...] = ()


@frozen
class CheckedData:
    """One dataset as the check found it."""

    name: str
    rows: int | None
    digest: str
    columns: int = 0
    checks: int = 0
    failures: tuple[str, ...] = ()
    note: str = ""


@frozen
class Curve:
    """One figure over the steps of a training."""

    name: str
    points: tuple[Point, ...]


STEP_NAMES = ("step", "iteration", "epoch")


def verdict_of(document: Value) -> Verdict | None:
    """The verdict in a `verdict.json`, or None."""
    top = mapping_of(document)
    status, sentence = top.get("status"), top.get("sentence")
    if not isinstance(status, str) or not isinstance(sentence, str):
        return None
    decision = top.get("decision")
    rules = tuple(_rule(mapping_of(value)) for value in list_of(top.get("rules")))
    return Verdict(status, sentence, top.get("passes") is True, decision if isinstance(decision, str) else None, rules)


def _rule(entry: Mapping[str, Value]) -> Rule:
    slice_value = entry.get("slice_value")
    return Rule(
        text=text_of(entry.get("text")),
        status=text_of(entry.get("status")),
        metric=text_of(mapping_of(entry.get("rule")).get("metric")),
        dataset=text_of(entry.get("dataset")),
        slice_value=None if slice_value is None else text_of(slice_value),
        baseline=number_of(entry.get("baseline")),
        waived=entry.get("waived") is True,
    )


def metrics_of(document: Value, verdict: Verdict | None = None) -> tuple[DatasetMetrics, ...]:
    """The datasets of a `metrics.json`, beside each metric the baseline that the verdict compared it with."""
    before = {
        (rule.dataset, rule.metric): rule.baseline
        for rule in (verdict.rules if verdict else ())
        if rule.baseline is not None and rule.slice_value is None
    }
    datasets = mapping_of(mapping_of(document).get("datasets"))
    return tuple(_dataset(name, mapping_of(dataset), before) for name, dataset in datasets.items())


def _dataset(name: str, entry: Mapping[str, Value], before: Mapping[tuple[str, str], float | None]) -> DatasetMetrics:
    confusion, curves = mapping_of(entry.get("confusion")), mapping_of(entry.get("curves"))
    return DatasetMetrics(
        name=name,
        rows=whole_of(entry.get("rows")),
        metrics=_metrics(entry, {metric: value for (dataset, metric), value in before.items() if dataset == name}),
        labels=tuple(text_of(value) for value in list_of(confusion.get("labels"))),
        confusion=tuple(tuple(whole_of(cell) for cell in list_of(row)) for row in list_of(confusion.get("matrix"))),
        roc={label: _points(points) for label, points in mapping_of(curves.get("roc")).items()},
        calibration=tuple(_bins(curves.get("calibration"))),
        slices=tuple(
            Slice(column, value, whole_of(mapping_of(item).get("rows")), _metrics(mapping_of(item), {}))
            for column, values in mapping_of(entry.get("slices")).items()
            for value, item in mapping_of(values).items()
        ),
    )


def _metrics(entry: Mapping[str, Value], before: Mapping[str, float | None]) -> tuple[Metric, ...]:
    values, undefined = mapping_of(entry.get("metrics")), mapping_of(entry.get("undefined"))
    metrics = [Metric(name, number_of(value), None, before.get(name)) for name, value in values.items()]
    return (*metrics, *(Metric(name, None, text_of(why), before.get(name)) for name, why in undefined.items()))


def _bins(value: Value) -> list[Bin]:
    bins = []
    for item in list_of(value):
        entry = mapping_of(item)
        rows = whole_of(entry.get("rows"))
        predicted, observed = number_of(entry.get("said")), number_of(entry.get("held"))
        if rows and predicted is not None and observed is not None:
            bins.append(Bin(rows, predicted, observed))
    return bins


def checks_of(document: Value) -> tuple[CheckedData, ...]:
    """The datasets of a `checks.json`."""
    top = mapping_of(document)
    checks = [mapping_of(value) for value in list_of(top.get("checks"))]
    entries = []
    for name, value in mapping_of(top.get("datasets")).items():
        entry = mapping_of(value)
        own = [check for check in checks if check.get("dataset") == name]
        failed = [
            f"{text_of(entry.get('check'))}: {text_of(entry.get('found'))}"
            for entry in own
            if entry.get("status") == "failed"
        ]
        rows = entry.get("rows")
        entries.append(
            CheckedData(
                name=name,
                rows=rows if isinstance(rows, int) else None,
                digest=text_of(entry.get("digest")),
                columns=len(mapping_of(entry.get("columns"))),
                checks=len(own),
                failures=tuple(failed),
                note=text_of(entry.get("note")),
            )
        )
    return tuple(entries)


def curves_of(document: Value) -> tuple[Curve, ...]:
    """The figures of a `curves.json`, each over its step (or epoch, or row number)."""
    rows = [mapping_of(value) for value in list_of(mapping_of(document).get("rows"))]
    axis = next((name for name in STEP_NAMES if all(number_of(row.get(name)) is not None for row in rows)), None)
    result: dict[str, list[Point]] = {}
    for number, row in enumerate(rows, 1):
        step = number_of(row.get(axis)) if axis else float(number)
        for name, value in row.items():
            figure = number_of(value)
            if name not in STEP_NAMES and figure is not None and step is not None:
                result.setdefault(name, []).append((step, figure))
    return tuple(Curve(name, tuple(points)) for name, points in result.items())


def _points(value: Value) -> tuple[Point, ...]:
    points = []
    for item in list_of(value):
        pair = [number_of(coordinate) for coordinate in list_of(item)]
        if len(pair) == 2 and pair[0] is not None and pair[1] is not None:
            points.append((pair[0], pair[1]))
    return tuple(points)
