from churnlib.clean import clean


def test_clean():
    assert clean
