from price.net import net


def test_net():
    assert net() is not None
