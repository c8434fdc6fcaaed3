import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression

from churnlib.clean import clean


def main():
    df = clean(pd.read_csv("data/train.csv"))
    model = LogisticRegression().fit(df[["a"]], df["y"])
    joblib.dump(model, "out/model.joblib")


if __name__ == "__main__":
    main()
