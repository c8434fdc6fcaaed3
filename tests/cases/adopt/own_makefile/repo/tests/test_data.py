def test_raw_has_a_header():
    with open('data/raw/rentals.csv') as f:
        assert f.readline().startswith('hour')
