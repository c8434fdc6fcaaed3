"""Serves the model: `python3 -m digits.serving`.

It imports nothing that only training needs, so the image holds less than the environment of the jobs.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from digits import network
from digits.data import images_of
from digits.server import serve


class Predictor:
    """The network, and how the rows of a request become predictions: as those of a file do in `jobs.predict`.

    The descriptor does not declare the pixels; the network knows how many it takes.
    """

    def __init__(self, model: Path, parameters: Mapping[str, object]) -> None:
        self.fitted = network.load(model)
        brightest = float(self.fitted.largest)
        self.pixels = [f"pixel_{number}" for number in range(self.fitted.side**2)]
        self.columns = [{"name": name, "type": "integer", "min": 0, "max": brightest} for name in self.pixels]

    def predict(self, rows: Sequence[Mapping[str, object]]) -> list[dict]:
        """Digit and probability of every digit, row by row."""
        header = ["id", *self.pixels]
        cells = [[row.get("id"), *(row[name] for name in self.pixels)] for row in rows]
        return self.fitted.predictions(torch.from_numpy(images_of(header, cells).pixels))


if __name__ == "__main__":
    serve(Predictor)
