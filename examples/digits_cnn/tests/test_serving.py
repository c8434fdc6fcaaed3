import csv
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from digits import jobs, network
from digits.serving import Predictor

TEST = Path(__file__).parents[1] / "data" / "test.csv"


class HandMadeJob:
    def __init__(self, inputs, outputs):
        self.inputs, self.outputs = inputs, outputs


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))[:40]


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(1)
    network.save(network.DigitNetwork(8, 16.0), tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_a_request_and_a_file_give_the_same_predictions_to_the_last_bit(model, tmp_path):
    rows = read(TEST)
    target = tmp_path / "predictions.csv"
    jobs.predict(HandMadeJob({"model": model, "data.test": TEST}, {"predictions.test": target}))
    evaluated = [list(row.values())[1:] for row in read(target)]

    served = Predictor(model, {})
    asked = [{name: int(cell) for name, cell in reversed(row.items()) if name != "label"} for row in rows]
    for size in (1, 7, 40):
        result = [item for start in range(0, 40, size) for item in served.predict(asked[start : start + size])]
        assert [[str(value) for value in item.values()] for item in result] == evaluated


def test_the_network_says_which_pixels_it_takes(model):
    columns = Predictor(model, {}).columns
    assert [columns[0]["name"], columns[-1]["name"]] == ["pixel_0", "pixel_63"]
    assert columns[0]["max"] == 16.0


def test_serving_imports_nothing_that_only_training_needs():
    script = (
        "import sys, digits.serving; print(*(name for name in ('pytorch_lightning', 'pytest') if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script], capture_output=True, text=True, check=True, cwd=TEST.parents[1]
    )
    assert done.stdout.strip() == ""
