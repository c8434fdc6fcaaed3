"""Writes data/train.csv and data/test.csv: handwritten digits, a row an image.

    python make_data.py                    the 1797 images of 8x8 pixels that scikit-learn ships
    python make_data.py --mnist FOLDER     MNIST's 70000 images of 28x28, from its four IDX files in FOLDER
    ... --output FOLDER                    somewhere else than data/

The same bytes come out everywhere. scikit-learn's images have no split of their own: within each digit they are
ordered by the SHA-256 of their number, and the first 30 % are the test rows. `id` is an image's number; MNIST's test
images follow its training images. Only the first of these needs scikit-learn.
"""

import argparse
import csv
import hashlib
import math
from collections.abc import Iterable
from pathlib import Path

from digits.idx import find_idx, read_idx

TEST_SHARE = 0.3
HERE = Path(__file__).resolve().parent

Row = tuple[int, int, list[int]]  # id, label, pixels


def held_back_rows(labels: list[int]) -> set[int]:
    """The numbers of the test rows: the same share of every digit."""
    chosen: set[int] = set()
    for label in sorted(set(labels)):
        rows = [number for number, item in enumerate(labels) if item == label]
        rows.sort(key=lambda number: hashlib.sha256(str(number).encode()).digest())
        chosen.update(rows[: math.floor(TEST_SHARE * len(rows) + 0.5)])
    return chosen


def scikit_learn_digits() -> tuple[list[Row], list[Row]]:
    """Training and test rows of the images that scikit-learn ships."""
    from sklearn.datasets import load_digits

    data = load_digits()
    labels = data.target.tolist()
    pixels = data.data.astype(int).tolist()
    rows = list(zip(range(len(labels)), labels, pixels, strict=True))
    held_back = held_back_rows(labels)
    return [row for row in rows if row[0] not in held_back], [row for row in rows if row[0] in held_back]


def mnist(folder: Path) -> tuple[list[Row], list[Row]]:
    """Training and test rows of MNIST's files, plain or gzipped."""
    sets: list[list[Row]] = []
    first = 0
    for part in ("train", "t10k"):
        images = read_idx(find_idx(folder, f"{part}-images-idx3-ubyte"))
        labels = read_idx(find_idx(folder, f"{part}-labels-idx1-ubyte"))
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise ValueError(f"{part}: {labels.shape} labels do not fit images of {images.shape}")
        flat = images.reshape(len(images), -1).tolist()
        sets.append(list(zip(range(first, first + len(flat)), labels.tolist(), flat, strict=True)))
        first += len(flat)
    return sets[0], sets[1]


def write(path: Path, rows: Iterable[Row], pixels: int) -> None:
    """Writes id, label and pixels, row by row and from the top left."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["id", "label", *(f"pixel_{number}" for number in range(pixels))])
        table.writerows([identifier, label, *values] for identifier, label, values in rows)


def main() -> None:
    """Writes both files."""
    parser = argparse.ArgumentParser(description="Writes data/train.csv and data/test.csv.")
    parser.add_argument("--mnist", type=Path, metavar="FOLDER", help="folder of MNIST's four IDX files")
    parser.add_argument("--output", type=Path, default=HERE / "data", metavar="FOLDER")
    given = parser.parse_args()
    train, test = mnist(given.mnist) if given.mnist else scikit_learn_digits()
    given.output.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train.csv", train), ("test.csv", test)):
        write(given.output / name, rows, len(rows[0][2]))


if __name__ == "__main__":
    main()
