import numpy as np
import pytest

from model.data_loader import Scaling, Table, clean, load


def table(values, diagnoses=("benign", "malignant", "benign")):
    rows = np.array(values, dtype=float)
    names = tuple(f"feature_{number}" for number in range(rows.shape[1]))
    return Table(tuple(str(number) for number in range(len(rows))), names, rows, tuple(diagnoses))


def test_scaling_centres_the_rows_it_was_fitted_on():
    training = table([[1, 5], [2, 5], [6, 5]])
    scaled = Scaling.fitted(training).apply(training)
    assert np.allclose(scaled.mean(axis=0), 0) and np.allclose(scaled.std(axis=0), [1, 0])


def test_scaling_of_other_rows_uses_the_training_rows_figures():
    scaling = Scaling.fitted(table([[0.0], [2.0], [4.0]]))
    assert scaling.apply(table([[2.0], [2.0], [10.0]])).tolist()[0] == [0.0]


def test_columns_are_found_by_name_whatever_their_order():
    scaling = Scaling.fitted(table([[1, 10], [2, 20], [3, 60]]))
    turned = Table(("0",), ("feature_1", "feature_0"), np.array([[10.0, 1.0]]), ())
    assert np.allclose(scaling.apply(turned), scaling.apply(table([[1, 10]], ["benign"])))


def test_a_missing_column_is_named():
    scaling = Scaling.fitted(table([[1], [2], [3]]))
    with pytest.raises(ValueError, match="no column 'feature_0'"):
        scaling.apply(Table(("0",), ("other",), np.array([[1.0]]), ()))


def test_cleaning_drops_doubled_and_unfinished_rows():
    cleaned = clean(table([[1, 2], [float("nan"), 2], [1, 2]]))
    assert cleaned.identifiers == ("0",) and cleaned.diagnoses == ("benign",)


def test_a_cell_that_is_no_number_is_told_with_its_line(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id,radius,diagnosis\n1,3.5,benign\n2,,benign\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 3: radius is ''"):
        load(path)
