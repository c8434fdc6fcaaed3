import numpy as np
import pytest

from digits import data


def images(labels, side=2):
    pixels = np.arange(len(labels) * side * side).reshape(-1, side, side)
    return data.Images(tuple(str(number) for number in range(len(labels))), pixels, np.array(labels))


def test_validation_takes_the_same_share_of_every_digit_and_no_row_twice():
    learn, validate = data.split(images([0] * 20 + [1] * 10), 0.2)
    assert np.bincount(validate.labels).tolist() == [4, 2]
    assert not set(learn.identifiers) & set(validate.identifiers)
    assert len(learn.labels) + len(validate.labels) == 30


def test_shifting_moves_pixels_and_fills_with_background():
    shifted = data.shifted(images([7]), 1)
    assert shifted.labels.tolist() == [7] * 5
    original, up, left, down, right = shifted.pixels.tolist()
    assert original == [[0, 1], [2, 3]]
    assert (up, down) == ([[2, 3], [0, 0]], [[0, 0], [0, 1]])
    assert (left, right) == ([[1, 0], [3, 0]], [[0, 0], [0, 2]])


def test_no_shift_leaves_the_images_alone():
    given = images([1, 2])
    assert data.shifted(given, 0) is given


def test_rows_that_are_not_square_are_refused(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id,label,pixel_0,pixel_1\n0,3,1,1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="2 pixels"):
        data.load(path)


def test_rows_to_predict_need_no_labels(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id,pixel_0\n7,16\n", encoding="utf-8")
    result = data.load(path)
    assert (result.identifiers, result.pixels.tolist(), result.labels.tolist()) == (("7",), [[[16]]], [])
