import numpy as np
import pytest

from model.data_loader import Scaling, Table
from model.model import TumourModel, labels

SCALING = Scaling(("radius", "texture"), np.array([10.0, 20.0]), np.array([2.0, 5.0]))
MODEL = TumourModel(SCALING, np.array([3.0, -1.0]), 0.5)


def rows(*values):
    return Table(tuple(str(number) for number in range(len(values))), SCALING.features, np.array(values), ())


def test_the_probability_is_the_logistic_function_of_the_weighted_sum():
    expected = 1 / (1 + np.exp(-(3.0 * 1.0 - 1.0 * 2.0 + 0.5)))
    assert MODEL.probabilities(rows([12.0, 30.0]))[0] == pytest.approx(expected)


def test_extreme_rows_stay_between_zero_and_one():
    result = MODEL.probabilities(rows([1e6, 0.0], [-1e6, 0.0]))
    assert result.tolist() == [1.0, 0.0]


def test_a_saved_model_predicts_the_same_and_is_the_same_bytes_again(tmp_path):
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    MODEL.save(first)
    TumourModel.load(first).save(second)
    assert first.read_bytes() == second.read_bytes()
    again = TumourModel.load(second)
    assert again.probabilities(rows([11.0, 19.0])) == MODEL.probabilities(rows([11.0, 19.0]))


def test_an_unknown_format_is_refused(tmp_path):
    path = tmp_path / "model.json"
    path.write_text('{"format": 2}', encoding="utf-8")
    with pytest.raises(ValueError, match="format 2, not 1"):
        TumourModel.load(path)


def test_the_threshold_itself_counts_as_malignant():
    assert labels(np.array([0.5, 0.49]), 0.5) == ["malignant", "benign"]
