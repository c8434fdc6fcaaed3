import csv
import subprocess
import sys
from pathlib import Path

import numpy as np

from model import jobs
from model.data_loader import Scaling
from model.model import TumourModel
from model.serving import Predictor

TEST = Path(__file__).parents[1] / "data" / "test.csv"


class HandMadeJob:
    def __init__(self, inputs, outputs):
        self.inputs, self.outputs, self.parameters = inputs, outputs, {"threshold": 0.3}


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_request_and_a_file_give_the_same_predictions_to_the_last_bit(tmp_path):
    rows = read(TEST)
    features = tuple(name for name in rows[0] if name not in ("id", "diagnosis", "size"))
    generator = np.random.default_rng(1)
    weights, means = generator.normal(size=len(features)), generator.normal(size=len(features))
    TumourModel(Scaling(features, means, np.ones(len(features)) / 3), weights, 0.1).save(tmp_path / "model.json")
    target = tmp_path / "predictions.csv"
    jobs.predict(HandMadeJob({"model": tmp_path / "model.json", "data.test": TEST}, {"predictions.test": target}))
    evaluated = [(row["prediction"], row["probability"]) for row in read(target)]

    served = Predictor(tmp_path / "model.json", {"threshold": 0.3})
    asked = [{name: float(row[name]) for name in features} for row in rows]
    for size in (1, 7, len(asked)):
        result = [item for start in range(0, len(asked), size) for item in served.predict(asked[start : start + size])]
        assert [(item["prediction"], repr(item["probability"])) for item in result] == evaluated


def test_serving_imports_nothing_that_only_training_needs():
    script = (
        "import sys, model.serving; print(*(name for name in ('sklearn', 'scipy', 'pytest') if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script], capture_output=True, text=True, check=True, cwd=TEST.parents[1]
    )
    assert done.stdout.strip() == ""
