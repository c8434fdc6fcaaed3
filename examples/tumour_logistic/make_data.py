"""Writes data/train.csv and data/test.csv from the Wisconsin breast cancer data that scikit-learn ships.

    python make_data.py [FOLDER]

The same bytes come out everywhere: the figures are the data's own decimals, and the split needs no random
generator: within each diagnosis the rows are ordered by the SHA-256 of their number, and the first 30 % are the
test rows. `id` is a row's number in the original data. `size` is a band of the mean radius, to look at results by.
"""

import csv
import hashlib
import math
import sys
from pathlib import Path

from sklearn.datasets import load_breast_cancer

TEST_SHARE = 0.3
HERE = Path(__file__).resolve().parent


def size_band(radius: float) -> str:
    """The band of a mean radius, in the units of the data."""
    return "small" if radius < 12 else "medium" if radius < 15 else "large"


def held_back_rows(diagnoses: list[str]) -> set[int]:
    """The numbers of the test rows: the same share of every diagnosis."""
    chosen: set[int] = set()
    for diagnosis in sorted(set(diagnoses)):
        rows = [number for number, diagnose in enumerate(diagnoses) if diagnose == diagnosis]
        rows.sort(key=lambda number: hashlib.sha256(str(number).encode()).digest())
        chosen.update(rows[: math.floor(TEST_SHARE * len(rows) + 0.5)])
    return chosen


def main(folder: Path) -> None:
    """Writes both files into the folder."""
    data = load_breast_cancer()
    features = [name.replace(" ", "_") for name in data.feature_names.tolist()]
    diagnoses = [data.target_names.tolist()[code] for code in data.target.tolist()]
    held_back = held_back_rows(diagnoses)
    folder.mkdir(parents=True, exist_ok=True)
    for name, expected in (("train.csv", False), ("test.csv", True)):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["id", *features, "size", "diagnosis"])
            for number, (values, diagnosis) in enumerate(zip(data.data.tolist(), diagnoses, strict=True)):
                if (number in held_back) is expected:
                    table.writerow([number, *values, size_band(values[0]), diagnosis])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "data")
