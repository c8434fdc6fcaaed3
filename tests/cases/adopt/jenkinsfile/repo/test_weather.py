def test_rain_is_not_negative():
    rows = open('rain.csv').read().split()[1:]
    assert all(float(row.split(',')[1]) >= 0 for row in rows)
