import pickle
import sys

import pandas as pd

if __name__ == "__main__":
    model = pickle.load(open("models/churn.pkl", "rb"))
    print(model.predict(pd.read_csv(sys.argv[1])))
