from fit import fit


def test_a_line():
    assert fit([(0, 1), (1, 3), (2, 5)]) == (2, 1)
