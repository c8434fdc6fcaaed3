"""Images and labels: reading them, splitting some off for validation, and making more of them."""

import csv
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

NOT_PIXELS = ("id", "label")


@dataclass(frozen=True)
class Images:
    """`pixels` is images x height x width, whole numbers; `labels` is empty where they are unknown."""

    identifiers: tuple[str, ...]
    pixels: np.ndarray
    labels: np.ndarray

    def part(self, rows: list[int]) -> "Images":
        """These rows only."""
        return Images(tuple(self.identifiers[row] for row in rows), self.pixels[rows], self.labels[rows])


def load(path: Path) -> Images:
    """The square images of a CSV file, with or without labels. Raises ValueError when its rows are not square."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        return images_of(header, list(reader), path.name)


def images_of(header: Sequence[str], rows: Sequence[Sequence[object]], source: str = "the request") -> Images:
    """The square images of rows that a file or a request has. Raises ValueError when they are not square.

    Pixels are in the header's order, from the top left; cells are texts of a file or whole numbers of a request.
    """
    columns = [number for number, name in enumerate(header) if name not in NOT_PIXELS]
    side = math.isqrt(len(columns))
    if side * side != len(columns) or not rows:
        raise ValueError(f"{source} has {len(rows)} rows of {len(columns)} pixels: no square images")
    identifier = header.index("id")
    label = header.index("label") if "label" in header else None
    return Images(
        tuple(str(row[identifier]) for row in rows),
        np.array([[int(row[column]) for column in columns] for row in rows]).reshape(-1, side, side),
        np.array([] if label is None else [int(row[label]) for row in rows], dtype=int),
    )


def split(images: Images, share: float) -> tuple[Images, Images]:
    """Rows to learn from and rows to validate with: of each digit the same share, chosen by the digest of its id."""
    chosen: set[int] = set()
    for label in sorted(set(images.labels.tolist())):
        rows = np.flatnonzero(images.labels == label).tolist()
        rows.sort(key=lambda row: hashlib.sha256(f"validation {images.identifiers[row]}".encode()).digest())
        chosen.update(rows[: math.floor(share * len(rows) + 0.5)])
    everything = range(len(images.labels))
    return images.part([row for row in everything if row not in chosen]), images.part(sorted(chosen))


def shifted(images: Images, distance: int) -> Images:
    """The images, and each moved up, down, left and right by so many pixels; the edge fills with background."""
    moves = [(0, 0), *((down, right) for step in (-distance, distance) for down, right in ((step, 0), (0, step)))]
    if distance == 0:
        return images
    padded = np.pad(images.pixels, ((0, 0), (distance, distance), (distance, distance)))
    height, width = images.pixels.shape[1:]
    moved = [
        padded[:, distance - down : distance - down + height, distance - right : distance - right + width]
        for down, right in moves
    ]
    return Images(images.identifiers * len(moves), np.concatenate(moved), np.tile(images.labels, len(moves)))
