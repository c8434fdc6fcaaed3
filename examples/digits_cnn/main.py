"""Runs the whole by hand, without pipeline-kit: prepare, train, predict, and a first look at the result.

    python main.py [FOLDER]

It calls the functions that the pipeline calls, so model.safetensors has the bytes that the pipeline's has.
"""

import csv
import sys
from pathlib import Path

from digits import jobs

HERE = Path(__file__).resolve().parent
PARAMETERS = {"validation": 0.2, "shift": 1, "epochs": 4, "batch": 32, "rate": 0.001}
SEED = 7


class HandMadeJob:
    """What pipeline-kit hands to a function of the project, made by hand."""

    def __init__(self, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
        self.inputs, self.outputs, self.parameters, self.seed = inputs, outputs, PARAMETERS, SEED
        self.checkpoints = self.resume = None

    def metric(self, name: str, value: float) -> None:
        print(f"  {name} = {value:g}")

    def step(self, **figures: float) -> None:
        print("  " + ", ".join(f"{name} = {value:g}" for name, value in figures.items()))


def main(folder: Path) -> float:
    """Leaves every file in the folder and returns the accuracy on the test rows."""
    folder.mkdir(parents=True, exist_ok=True)
    train, test = HERE / "data" / "train.csv", HERE / "data" / "test.csv"
    images, model = folder / "images.safetensors", folder / "model.safetensors"
    predictions = folder / "predictions.csv"
    print("prepare")
    jobs.prepare(HandMadeJob({"data.train": train}, {"images": images}))
    print("train")
    jobs.train(HandMadeJob({"prepare.images": images}, {"model": model}))
    print("evaluate")
    jobs.predict(HandMadeJob({"model": model, "data.test": test}, {"predictions.test": predictions}))
    truth, predicted = column(test, "label"), column(predictions, "prediction")
    accuracy = sum(a == b for a, b in zip(truth, predicted, strict=True)) / len(truth)
    print(f"  accuracy = {accuracy:.4f} of {len(truth)} images")
    return accuracy


def column(path: Path, name: str) -> list[str]:
    """A column of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "results")
