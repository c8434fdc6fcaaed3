from sentiment import serve


def test_nothing_is_loaded_at_import():
    assert serve.session is None
