"""Tables as rows of text: CSV and TSV streamed, Parquet by batches, NPZ by arrays."""

from __future__ import annotations

import csv
import importlib
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.errors import DataError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

DELIMITERS = {".csv": ",", ".tsv": "\t"}
BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place (a line of a text file, else its number from 0), and its cells; empty means missing."""

    place: int
    cells: list[str]


class Table(Protocol):
    """A dataset's file, read as often as asked. Reading raises DataError where the file is damaged."""

    @property
    def place_name(self) -> str:
        """What a row's `place` counts: `line` or `row`."""

    def columns(self) -> list[str]:
        """The columns' names, in the file's order."""

    def rows(self) -> Iterator[Row]:
        """The rows, one at a time; a ragged row has another number of cells than there are columns."""


def open_table(path: Path) -> Table | None:
    """The reader for a file by its ending, or none for a format that has no rows the kit can read."""
    ending = path.suffix.lower()
    if ending in DELIMITERS:
        return TextTable(path, DELIMITERS[ending])
    if ending == ".npz":
        return ArrayTable(path)
    if ending in (".parquet", ".pq"):
        return ParquetTable(path)
    return None


@dataclass(frozen=True, slots=True)
class TextTable:
    """A CSV (RFC 4180) or TSV file in UTF-8 whose first line names the columns."""

    path: Path
    delimiter: str
    place_name: str = "line"

    def columns(self) -> list[str]:
        """The first line's cells. Raises DataError for an empty file."""
        for row in self._read():
            return row.cells
        raise DataError("the file is empty: not even a line with the columns' names")

    def rows(self) -> Iterator[Row]:
        """Every row after the first line; blank lines are passed over."""
        lines = self._read()
        next(lines, None)
        return lines

    def _read(self) -> Iterator[Row]:
        """Rows of a strict reader, which also refuses a quote that the end of the file left open."""
        with self.path.open("rb") as file:
            reader = csv.reader(_decoded(file), delimiter=self.delimiter, strict=True)
            line = 1
            try:
                for cells in reader:
                    if cells:
                        yield Row(line, cells)
                    line = reader.line_num + 1
            except csv.Error as error:
                raise DataError(f"line {line} is not valid CSV: {error}") from error


@dataclass(frozen=True, slots=True)
class ArrayTable:
    """An NPZ archive: every array is a column, its first axis the rows.

    NaN means missing, since an array of numbers has no other word for it. An array with more axes has one cell a row:
    the digest of the row's bytes, so that duplicates are found; or `nan` where one of its numbers is not finite.
    """

    path: Path
    place_name: str = "row"

    def columns(self) -> list[str]:
        """The arrays' names."""
        return list(self._arrays())

    def rows(self) -> Iterator[Row]:
        """The rows of all arrays side by side."""
        arrays = list(self._arrays().values())
        lengths = {len(array) for array in arrays}
        if len(lengths) > 1:
            raise DataError(f"the arrays differ in length: {', '.join(map(str, sorted(lengths)))}")
        for place in range(max(lengths, default=0)):
            yield Row(place, [_array_cell(array[place]) for array in arrays])

    def _arrays(self) -> dict[str, NDArray[Any]]:
        import numpy

        try:
            with numpy.load(self.path, allow_pickle=False) as archive:
                return {name: numpy.atleast_1d(archive[name]) for name in archive.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(f"not a readable NPZ archive: {error}") from error


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """A Parquet file, read by batches; null means missing, and NaN is a number that is not finite."""

    path: Path
    place_name: str = "row"

    def columns(self) -> list[str]:
        """The schema's names."""
        with self._file() as file:
            return [str(name) for name in file.schema_arrow.names]

    def rows(self) -> Iterator[Row]:
        """Every row, read in batches."""
        with self._file() as file:
            place = 0
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    yield Row(place, [value_cell(value) for value in cells])
                    place += 1

    def _file(self) -> Any:
        """The open file, a context manager."""
        try:
            parquet = importlib.import_module("pyarrow.parquet")
        except ImportError as error:
            raise UsageError(
                f"reading {self.path.name} needs pyarrow, which the kit's environment has not",
                hint="install pipeline-kit[parquet]",
            ) from error
        try:
            return parquet.ParquetFile(self.path)
        except (OSError, ValueError) as error:  # pyarrow's own errors derive from these
            raise DataError(f"not a readable Parquet file: {error}") from error


def value_cell(value: object) -> str:
    """A value as the text that a CSV file would hold."""
    return "" if value is None else str(value)


def _array_cell(value: Any) -> str:
    """An array's entry as text: a number, a word, or the digest of a row with more axes."""
    if getattr(value, "ndim", 0):
        return "nan" if _has_gap(value) else digest_bytes(value.tobytes())
    return "" if value.dtype.kind == "f" and math.isnan(value) else str(value)


def _has_gap(value: Any) -> bool:
    import numpy

    return bool(numpy.issubdtype(value.dtype, numpy.number)) and not bool(numpy.isfinite(value).all())


def _decoded(file: BinaryIO) -> Iterator[str]:
    """The file's lines as text. Raises DataError with the line that is not UTF-8, or that holds a NUL."""
    for number, raw in enumerate(file, 1):
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            place = f"byte {error.start + 1}: 0x{raw[error.start]:02x}"
            raise DataError(f"line {number} is not UTF-8 ({place}): save it as UTF-8") from error
        if "\0" in text:
            raise DataError(f"line {number} holds a NUL byte")
        yield text
