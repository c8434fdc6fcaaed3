"""What the pipeline runs: each function takes a job's files and parameters and leaves files.

`job` has `parameters`, `seed`, `inputs` and `outputs` (files by name), `checkpoints`, `resume`,
`metric(name, value)` and `step(**figures)`.
"""

import csv
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch.utils.data import TensorDataset

from digits import data, network, training


def prepare(job) -> None:
    """Splits a validation set off the training rows, and augments what is left by shifting it."""
    images = data.load(job.inputs["data.train"])
    learn, validate = data.split(images, job.parameters["validation"])
    augmented = data.shifted(learn, job.parameters["shift"])
    tensors = {}
    for name, part in (("learn", augmented), ("validate", validate)):
        tensors[f"{name}.pixels"] = torch.from_numpy(part.pixels).to(torch.uint8).contiguous()
        tensors[f"{name}.labels"] = torch.from_numpy(part.labels).to(torch.int64).contiguous()
    save_file(tensors, job.outputs["images"])
    job.metric("rows_to_learn_from", len(learn.labels))
    job.metric("rows_after_augmentation", len(augmented.labels))
    job.metric("rows_to_validate_with", len(validate.labels))


def train(job) -> None:
    """Learns from the prepared images and writes the weights."""
    tensors = load_file(job.inputs["prepare.images"])
    rows: list[dict[str, float]] = []

    def record(row: dict[str, float]) -> None:
        rows.append(row)
        job.step(**row)

    fitted = training.train(
        TensorDataset(tensors["learn.pixels"], tensors["learn.labels"]),
        TensorDataset(tensors["validate.pixels"], tensors["validate.labels"]),
        epochs=job.parameters["epochs"],
        batch=job.parameters["batch"],
        rate=job.parameters["rate"],
        seed=job.seed,
        record=record,
        checkpoints=job.checkpoints,
        resume=latest(job.resume),
    )
    network.save(fitted, job.outputs["model"])
    if rows:
        job.metric("validation_loss", rows[-1]["validation_loss"])
        job.metric("validation_accuracy", rows[-1]["validation_accuracy"])


def predict(job) -> None:
    """Writes a prediction a row of every dataset given."""
    fitted = network.load(job.inputs["model"])
    for name, target in job.outputs.items():
        kind, _, dataset = name.partition(".")
        if kind == "predictions":
            write_predictions(target, data.load(job.inputs[f"data.{dataset}"]), fitted)


def latest(checkpoint: Path | None) -> Path | None:
    """The checkpoint to resume from: the file given, or the last epoch's of the folder given."""
    if checkpoint is None or checkpoint.is_file():
        return checkpoint
    return max(checkpoint.glob("*.ckpt"), default=None, key=lambda path: path.name)


def write_predictions(path: Path, images: data.Images, fitted: network.DigitNetwork) -> None:
    """Writes id, digit, and the probability of every digit, row by row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["id", "prediction", *(f"probability_{digit}" for digit in range(network.CLASSES))])
        predictions = fitted.predictions(torch.from_numpy(images.pixels))
        for identifier, row in zip(images.identifiers, predictions, strict=True):
            rows.writerow([identifier, *row.values()])
