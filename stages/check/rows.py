"""Rows by digest: which repeat inside a dataset, and which are in two."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .columns import as_number
from .table import Table

DIGEST_BYTES = 16
"""128 bits: two of a billion different rows share a digest with a chance below 2e-21."""
EXACT_DIGITS = 15
"""A decimal number of so many digits survives a float: longer ones (ids, sums of money) are compared as text."""

Places = dict[bytes, int]
"""A row's digest to the place of the first row that has it: all that is held of a dataset."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rows that repeat: how many, and the first with the place it repeats."""

    count: int = 0
    place: int = 0
    earlier: int = 0


def first_places(table: Table, columns: Sequence[str]) -> tuple[Places, Repeats]:
    """Every row's digest over those columns with its first place, and the repeats among them."""
    places: Places = {}
    repeats = Repeats()
    for place, key in _keys(table, columns):
        earlier = places.setdefault(key, place)
        if earlier != place:
            repeats = _one_more(repeats, place, earlier)
    return places, repeats


def standing_in(table: Table, columns: Sequence[str], reference: Places) -> Repeats:
    """The rows whose digest over those columns is also in the reference."""
    repeats = Repeats()
    for place, key in _keys(table, columns):
        if key in reference:
            repeats = _one_more(repeats, place, reference[key])
    return repeats


def _one_more(repeats: Repeats, place: int, earlier: int) -> Repeats:
    if not repeats.count:
        return Repeats(1, place, earlier)
    return Repeats(repeats.count + 1, repeats.place, repeats.earlier)


def _keys(table: Table, columns: Sequence[str]) -> Iterator[tuple[int, bytes]]:
    """Place and digest of every whole row; an empty cell in all columns has no digest."""
    names = table.columns()
    chosen = [names.index(name) for name in columns]
    for row in table.rows():
        if len(row.cells) == len(names):
            cells = [normal(row.cells[index]) for index in chosen]
            if any(cells):
                yield row.place, _digest(cells)


def _digest(cells: list[str]) -> bytes:
    joined = "".join(f"{len(cell)}:{cell}" for cell in cells)  # lengths keep ("ab", "c") and ("a", "bc") apart
    return hashlib.blake2b(joined.encode(), digest_size=DIGEST_BYTES).digest()


def normal(cell: str) -> str:
    """A cell as it is compared: outer spaces do not count, and `1.0`, `1` and `1e0` are one number."""
    cell = cell.strip()
    if len(cell) > EXACT_DIGITS or not cell:
        return cell
    number = as_number(cell)
    return cell if number is None else repr(number + 0.0)
