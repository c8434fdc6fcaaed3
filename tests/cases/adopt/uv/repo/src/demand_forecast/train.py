"""Fits the smoothing factor: `uv run python -m demand_forecast.train --out-dir build/model`."""

import argparse
import csv
import json
from pathlib import Path

from demand_forecast.smoothing import smooth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sales", type=Path, required=True)
    parser.add_argument("--out-dir", type=Path, required=True)
    args = parser.parse_args()
    with open(args.sales) as file:
        values = [float(row["units"]) for row in csv.DictReader(file)]
    best = min((abs(smooth(values[:-1], a / 10) - values[-1]), a / 10) for a in range(1, 10))
    args.out_dir.mkdir(parents=True, exist_ok=True)
    (args.out_dir / "model.json").write_text(json.dumps({"alpha": best[1]}))


if __name__ == "__main__":
    main()
