from demand_forecast.smoothing import smooth


def test_a_constant_series_stays():
    assert smooth([3.0, 3.0, 3.0]) == 3.0
