from pathlib import Path

import lightgbm as lgb
import pandas as pd

DATA = Path("data") / "transactions.parquet"
MODEL_DIR = Path("artifacts")


def train(path: Path = DATA) -> lgb.Booster:
    frame = pd.read_parquet(path)
    data = lgb.Dataset(frame.drop(columns="is_fraud"), frame["is_fraud"])
    booster = lgb.train({"objective": "binary", "seed": 7}, data)
    MODEL_DIR.mkdir(exist_ok=True)
    booster.save_model(str(MODEL_DIR / "fraud.txt"))
    return booster


if __name__ == "__main__":
    train()
