"""The model: weights, and the scaling they were learned with, as one JSON file."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.data_loader import Scaling, Table

POSITIVE, NEGATIVE = "malignant", "benign"


@dataclass(frozen=True)
class TumourModel:
    """A logistic regression over scaled features; `weights` has one figure a feature of `scaling`."""

    scaling: Scaling
    weights: np.ndarray
    intercept: float

    def probabilities(self, table: Table) -> np.ndarray:
        """The probability of a malignant tumour, row by row: the same to the last bit whatever the other rows are."""
        score = (self.scaling.apply(table) * self.weights).sum(axis=1) + self.intercept
        return 0.5 * (1.0 + np.tanh(0.5 * score))  # the logistic function, without overflow

    def predictions(self, table: Table, threshold: float = 0.5) -> list[dict]:
        """Diagnosis and probability of each row, as the predictions' file and the serving application have them."""
        probabilities = self.probabilities(table)
        pairs = zip(labels(probabilities, threshold), probabilities.tolist(), strict=True)
        return [{"prediction": label, "probability": probability} for label, probability in pairs]

    def save(self, path: Path) -> None:
        """Writes the model; equal models are equal bytes."""
        content = {
            "format": 1,
            "positive": POSITIVE,
            "features": list(self.scaling.features),
            "means": self.scaling.means.tolist(),
            "scales": self.scaling.scales.tolist(),
            "weights": self.weights.tolist(),
            "intercept": self.intercept,
        }
        path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "TumourModel":
        """The model of a file. Raises ValueError for a format that this code does not know."""
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("format") != 1:
            raise ValueError(f"{path.name} has format {content.get('format')!r}, not 1")
        scaling = Scaling(tuple(content["features"]), np.array(content["means"]), np.array(content["scales"]))
        return cls(scaling, np.array(content["weights"]), float(content["intercept"]))


def labels(probabilities: np.ndarray, threshold: float) -> list[str]:
    """The diagnosis of each probability: malignant from the threshold on."""
    return [POSITIVE if value >= threshold else NEGATIVE for value in probabilities.tolist()]
