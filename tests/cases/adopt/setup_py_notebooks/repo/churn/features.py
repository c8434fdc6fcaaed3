"""Features."""

import pandas as pd


def build(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(tenure_years=df["tenure"] / 12)
