import pytest


@pytest.mark.slow
def test_train_config():
    assert True
