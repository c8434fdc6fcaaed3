"""What the pipeline runs: each function takes a job's files and parameters and leaves files.

`job` has `parameters`, `seed`, `inputs` and `outputs` (files by name), `metric(name, value)` and `step(**figures)`.
"""

import csv
import json
from pathlib import Path

import numpy as np

from model import trainer
from model.data_loader import IDENTIFIER, TARGET, Scaling, Table, clean, load
from model.model import TumourModel


def prepare(job) -> None:
    """Cleans the training rows, fits the scaling on them, and writes both: the rows scaled, and the scaling."""
    raw = load(job.inputs["data.train"])
    table = clean(raw)
    scaling = Scaling.fitted(table)
    write_features(job.outputs["features"], table, scaling)
    content = {
        "features": list(scaling.features),
        "means": scaling.means.tolist(),
        "scales": scaling.scales.tolist(),
    }
    job.outputs["scaling"].write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    job.metric("rows", len(table.identifiers))
    job.metric("rows_dropped", len(raw.identifiers) - len(table.identifiers))
    job.metric("features", len(table.features))


def train(job) -> None:
    """Learns from the prepared rows and writes the model."""
    table = load(job.inputs["prepare.features"])
    scaling = read_scaling(job.inputs["prepare.scaling"])
    losses: list[float] = []

    def record(row: dict[str, float]) -> None:
        losses.append(row["log_loss"])
        job.step(**row)

    fitted = trainer.train(
        table.columns(scaling.features), table.diagnoses, scaling, job.parameters["strengths"], job.seed, record
    )
    fitted.save(job.outputs["model"])
    job.metric("cross_validated_log_loss", min(losses))


def predict(job) -> None:
    """Writes a prediction a row of every dataset given; the model brings its own scaling."""
    fitted = TumourModel.load(job.inputs["model"])
    for name, target in job.outputs.items():
        kind, _, dataset = name.partition(".")
        if kind == "predictions":
            table = load(job.inputs[f"data.{dataset}"])
            write_predictions(target, table, fitted, job.parameters.get("threshold", 0.5))


def write_features(path: Path, table: Table, scaling: Scaling) -> None:
    """Writes scaled rows as CSV, every figure exactly."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([IDENTIFIER, *scaling.features, TARGET])
        for identifier, values, diagnosis in zip(
            table.identifiers, scaling.apply(table).tolist(), table.diagnoses, strict=True
        ):
            rows.writerow([identifier, *values, diagnosis])


def read_scaling(path: Path) -> Scaling:
    """The scaling that `prepare` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Scaling(tuple(content["features"]), np.array(content["means"]), np.array(content["scales"]))


def write_predictions(path: Path, table: Table, fitted: TumourModel, threshold: float) -> None:
    """Writes id, diagnosis and probability of a malignant tumour, row by row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["id", "prediction", "probability"])
        for identifier, row in zip(table.identifiers, fitted.predictions(table, threshold), strict=True):
            rows.writerow([identifier, *row.values()])
