import pandas as pd

from churn.features import build


def test_tenure_in_years():
    assert build(pd.DataFrame({"tenure": [24]}))["tenure_years"][0] == 2
