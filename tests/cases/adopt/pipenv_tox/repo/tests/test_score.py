from anomaly.score import score


def test_score():
    assert score(-2) == 2
