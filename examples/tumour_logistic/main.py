"""Runs the whole by hand, without pipeline-kit: prepare, train, predict, and a first look at the result.

    python main.py [FOLDER]

It calls the functions that the pipeline calls, so model.json has the bytes that the pipeline's has.
"""

import csv
import sys
from pathlib import Path

from sklearn.metrics import brier_score_loss, confusion_matrix, f1_score, recall_score, roc_auc_score

from model import jobs

HERE = Path(__file__).resolve().parent
STRENGTHS = [0.01, 0.1, 1.0, 10.0]
SEED = 7


class HandMadeJob:
    """What pipeline-kit hands to a function of the project, made by hand."""

    def __init__(self, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
        self.inputs, self.outputs, self.parameters, self.seed = inputs, outputs, {"strengths": STRENGTHS}, SEED

    def metric(self, name: str, value: float) -> None:
        print(f"  {name} = {value:g}")

    def step(self, **figures: float) -> None:
        print("  " + ", ".join(f"{name} = {value:g}" for name, value in figures.items()))


def main(folder: Path) -> dict[str, float]:
    """Leaves every file in the folder and returns the figures on the test rows."""
    folder.mkdir(parents=True, exist_ok=True)
    train, test = HERE / "data" / "train.csv", HERE / "data" / "test.csv"
    features, scaling = folder / "features.csv", folder / "scaling.json"
    model, predictions = folder / "model.json", folder / "predictions.csv"
    print("prepare")
    jobs.prepare(HandMadeJob({"data.train": train}, {"features": features, "scaling": scaling}))
    print("train")
    jobs.train(HandMadeJob({"prepare.features": features, "prepare.scaling": scaling}, {"model": model}))
    print("evaluate")
    jobs.predict(HandMadeJob({"model": model, "data.test": test}, {"predictions.test": predictions}))
    figures = evaluate(test, predictions)
    for name, value in figures.items():
        print(f"  {name} = {value:.4f}")
    return figures


def evaluate(test: Path, predictions: Path) -> dict[str, float]:
    """The figures that the pipeline's gate looks at; malignant is the positive class."""
    truth = [row["diagnosis"] == "malignant" for row in read(test)]
    predicted = [row["prediction"] == "malignant" for row in read(predictions)]
    probability = [float(row["probability"]) for row in read(predictions)]
    print("  rows: truth benign, malignant; columns: predicted benign, malignant")
    print("  " + str(confusion_matrix(truth, predicted).tolist()))
    return {
        "recall": float(recall_score(truth, predicted)),
        "f1": float(f1_score(truth, predicted)),
        "roc_auc": float(roc_auc_score(truth, probability)),
        "brier": float(brier_score_loss(truth, probability)),
    }


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "results")
