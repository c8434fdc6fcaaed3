"""Tables of rows from CSV, NPZ and Parquet, every cell as text; whatever is damaged is refused with its place.

Numbers become the shortest text that gives them back (a whole float has no point: a class 1.0 is the class 1),
a missing value becomes the empty text.
"""

from __future__ import annotations

import csv
import importlib
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_kit.errors import DataError, KitError
from pipeline_kit.suggest import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMATS = ("csv", "npz", "parquet")
DAMAGED = (
    *(OSError, ValueError, EOFError, KeyError, TypeError, NotImplementedError, MemoryError, RuntimeError),
    *(SyntaxError, csv.Error, zipfile.BadZipFile, zlib.error),
)
"""What the readers raise on damaged files: numpy parses headers as Python, pyarrow derives from the built-in ones."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length by name; `lines` has each row's line in a CSV file, `names` every column of the file."""

    label: str
    columns: Mapping[str, Sequence[str]]
    names: tuple[str, ...]
    rows: int
    lines: Sequence[int] | None = None

    def where(self, row: int) -> str:
        """The place of a row (from 0) for a message: `data/test.csv:18`, or `data/test.npz, row 16`."""
        return f"{self.label}:{self.lines[row]}" if self.lines else f"{self.label}, row {row}"

    def column(self, name: str) -> Sequence[str]:
        """A column's cells. Raises DataError with the nearest name if it is missing."""
        if name in self.columns:
            return self.columns[name]
        raise DataError(f"{self.label} has no column {name!r}", hint=did_you_mean(name, self.names, "columns"))


def read_table(path: Path, label: str, keep: Callable[[str], bool], *, whole_last_line: bool = False) -> Table:
    """The table in a file, of the columns that `keep` accepts; the file's ending says how it is read.

    `label` names the file in messages. `whole_last_line` refuses a CSV file without a line end after its last
    row: it shows that the last number is whole. Raises DataError on anything that is not a sound table.
    """
    ending = path.suffix.lower()
    readers = {".csv": _read_csv, ".tsv": _read_csv, ".npz": _read_npz, ".parquet": _read_parquet, ".pq": _read_parquet}
    if ending not in readers:
        raise DataError(f"{label} is not CSV, NPZ or Parquet", hint="end the file's name with .csv, .npz or .parquet")
    if not path.is_file():
        raise DataError(f"{label} is not there")
    try:
        table = readers[ending](path, label, keep)
    except UnicodeDecodeError as error:
        raise DataError(f"{label} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    except DAMAGED as error:
        raise DataError(f"{label} cannot be read: {error or type(error).__name__}") from error
    if not table.rows:
        raise DataError(f"{label} has no rows")
    if whole_last_line and ending in (".csv", ".tsv"):
        _refuse_cut_off(path, label)
    return table


def _refuse_cut_off(path: Path, label: str) -> None:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 1))
        if size and file.read(1) not in b"\r\n":
            raise DataError(
                f"{label} ends inside its last line", hint="it may be cut off: write a line end after every row"
            )


def csv_rows(path: Path, label: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every row of a CSV file, the header first, all as wide as the header; blank lines
    are passed over. Raises DataError at the first row that is not."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True, delimiter=delimiter_of(path))
        width = 0
        try:
            for cells in reader:
                if not cells:
                    continue
                width = width or len(cells)
                if len(cells) != width:
                    many = f"has {len(cells)} cells where the header has {width}"
                    raise DataError(f"{label}:{reader.line_num} {many}", hint="the file may be cut off or damaged")
                yield reader.line_num, cells
        except csv.Error as error:
            raise DataError(f"{label}:{reader.line_num} is not CSV: {error}") from error


def delimiter_of(path: Path) -> str:
    """What separates the cells of a text file: tabs in a .tsv, commas else."""
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _read_csv(path: Path, label: str, keep: Callable[[str], bool]) -> Table:
    rows = csv_rows(path, label)
    _, header = next(rows, (0, []))
    if not header:
        raise DataError(f"{label} is empty")
    refuse_doubled(header, label)
    kept = [(index, name) for index, name in enumerate(header) if keep(name)]
    columns: dict[str, list[str]] = {name: [] for _, name in kept}
    lines: list[int] = []
    for line, cells in rows:
        lines.append(line)
        for index, name in kept:
            columns[name].append(cells[index])
    return Table(label, columns, tuple(header), len(lines), lines)


def refuse_doubled(names: Sequence[str], label: str) -> None:
    """Raises DataError if a column's name is empty or duplicate."""
    for name, count in Counter(names).items():
        if not name:
            raise DataError(f"{label} has a column without a name")
        if count > 1:
            raise DataError(f"{label} has the column {name!r} twice")


def _read_npz(path: Path, label: str, keep: Callable[[str], bool]) -> Table:
    import numpy

    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":  # the zip magic: numpy would take a single array for an answer too
            raise DataError(f"{label} cannot be read: it is not an NPZ archive of columns")
    with path.open("rb") as file, numpy.load(file, allow_pickle=False) as archive:
        names = tuple(archive.files)
        refuse_doubled(names, label)
        columns: dict[str, list[str]] = {}
        lengths: dict[str, int] = {}
        for name in names:
            if keep(name):
                array = archive[name]
                if array.ndim != 1:
                    raise DataError(f"{label} has the column {name!r} with {array.ndim} dimensions, not one")
                columns[name] = _texts(array, name, label)
                lengths[name] = len(array)
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise DataError(f"{label} has columns of different lengths: {listed}")
    return Table(label, columns, names, next(iter(lengths.values()), 0))


def _read_parquet(path: Path, label: str, keep: Callable[[str], bool]) -> Table:
    parquet = import_parquet(label)
    with parquet.ParquetFile(path) as file:
        names = tuple(file.schema_arrow.names)
        refuse_doubled(names, label)
        table = file.read(columns=[name for name in names if keep(name)])
    columns = {name: [_text(cell) for cell in table.column(name).to_pylist()] for name in table.column_names}
    return Table(label, columns, names, table.num_rows)


def import_parquet(label: str) -> Any:
    """The pyarrow.parquet module. Raises KitError with what to install where it is not there."""
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise KitError(
            f"{label} is Parquet, and pyarrow is not installed beside the kit",
            hint="install the kit with its extra `parquet`, or write CSV",
        ) from error


def _texts(array: NDArray[Any], name: str, label: str) -> list[str]:
    if array.dtype.kind not in "biufUS":
        raise DataError(f"{label} has the column {name!r} of type {array.dtype}, not numbers or text")
    texts = [_text(cell) for cell in array.tolist()]
    "".join(texts).encode()  # half a surrogate pair is not text: a ValueError, as for any damaged file
    return texts


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bytes):
        return cell.decode()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return str(cell)
