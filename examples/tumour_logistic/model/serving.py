"""Serves the model: `python3 -m model.serving`.

It imports nothing that only training needs, so the image holds less than the environment of the jobs.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from model.data_loader import table_of
from model.model import TumourModel
from model.server import serve


class Predictor:
    """The model, and how the rows of a request become predictions: as those of a file do in `jobs.predict`."""

    optional = ("size",)  # to look at results by; the model does not see it

    def __init__(self, model: Path, parameters: Mapping[str, float]) -> None:
        self.fitted = TumourModel.load(model)
        self.threshold = parameters.get("threshold", 0.5)

    def predict(self, rows: Sequence[Mapping[str, object]]) -> list[dict]:
        """Diagnosis and probability of a malignant tumour, row by row."""
        return self.fitted.predictions(table_of(rows), self.threshold)


if __name__ == "__main__":
    serve(Predictor)
