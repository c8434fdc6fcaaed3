import argparse
import os
import pickle

import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier

from churn.features import build


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data/churn.csv")
    parser.add_argument("--output", default="models/churn.pkl")
    parser.add_argument("--estimators", type=int, default=200)
    args = parser.parse_args()
    df = build(pd.read_csv(args.data))
    model = GradientBoostingClassifier(n_estimators=args.estimators)
    model.fit(df.drop(columns=["churned"]), df["churned"])
    os.makedirs(os.path.dirname(args.output), exist_ok=True)
    with open(args.output, "wb") as f:
        pickle.dump(model, f)


if __name__ == "__main__":
    main()
