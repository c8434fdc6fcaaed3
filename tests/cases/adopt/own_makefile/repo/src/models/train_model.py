import argparse

import joblib
import pandas as pd
from sklearn.ensemble import RandomForestRegressor

if __name__ == '__main__':
    ap = argparse.ArgumentParser()
    ap.add_argument('--input', required=True)
    ap.add_argument('--model', required=True)
    ap.add_argument('--n-estimators', type=int, default=100)
    a = ap.parse_args()
    df = pd.read_csv(a.input)
    rf = RandomForestRegressor(a.n_estimators).fit(df.drop('count', axis=1), df['count'])
    joblib.dump(rf, a.model)
