import pytest


@pytest.fixture
def row():
    return {"amount": 10.0}
