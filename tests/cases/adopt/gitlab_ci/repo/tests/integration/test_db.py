def test_db():
    assert 1
