def test_the_data_is_there():
    assert open('iris.csv').readline().strip().endswith('species')
