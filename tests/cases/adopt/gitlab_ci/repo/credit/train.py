import argparse

import joblib
import pandas as pd


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--epochs', type=int)
    parser.add_argument('--data')
    args = parser.parse_args()
    joblib.dump(pd.read_csv(args.data), 'models/credit.joblib')


if __name__ == '__main__':
    main()
