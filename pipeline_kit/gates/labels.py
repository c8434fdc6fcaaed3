"""Datasets without their labels: what a model's code is given to predict on."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

from pipeline_kit.errors import DataError
from pipeline_kit.gates.tables import DAMAGED, csv_rows, delimiter_of, import_parquet, refuse_doubled
from pipeline_kit.suggest import did_you_mean


def write_without(source: Path, target: Path, column: str, label: str) -> None:
    """Writes the dataset in `source` to `target` without one column; both may be the same path.

    All else keeps its order and its values. The file comes by a rename, so that a hard link to the original is cut
    and never written through. Raises DataError where the source is not a sound CSV, NPZ or Parquet file.
    """
    writers = {
        **{".csv": _csv_without, ".tsv": _csv_without},
        **{".npz": _npz_without, ".parquet": _parquet_without, ".pq": _parquet_without},
    }
    ending = source.suffix.lower()
    if ending not in writers:
        raise DataError(f"{label} is not CSV, NPZ or Parquet", hint="end the file's name with .csv, .npz or .parquet")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial{ending}")
    try:
        writers[ending](source, partial, column, label)
        partial.replace(target)
    except DAMAGED as error:
        raise DataError(f"{label} cannot be read: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _csv_without(source: Path, target: Path, column: str, label: str) -> None:
    rows = csv_rows(source, label)
    _, header = next(rows, (0, []))
    refuse_doubled(header, label)
    index = _index(header, column, label)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", delimiter=delimiter_of(source))
        writer.writerow(header[:index] + header[index + 1 :])
        for _, cells in rows:
            writer.writerow(cells[:index] + cells[index + 1 :])


def _npz_without(source: Path, target: Path, column: str, label: str) -> None:
    import numpy

    with source.open("rb") as file, numpy.load(file, allow_pickle=False) as archive:
        refuse_doubled(archive.files, label)
        _index(archive.files, column, label)
        with zipfile.ZipFile(target, "w") as written:  # numpy.savez cannot hold a column named `file`
            for name in archive.files:
                if name != column:
                    with written.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                        numpy.lib.format.write_array(member, archive[name], allow_pickle=False)


def _parquet_without(source: Path, target: Path, column: str, label: str) -> None:
    parquet = import_parquet(label)
    with parquet.ParquetFile(source) as file:
        names = list(file.schema_arrow.names)
        _index(names, column, label)
        table = file.read(columns=[name for name in names if name != column])
    parquet.write_table(table, target)


def _index(names: list[str], column: str, label: str) -> int:
    if column not in names:
        raise DataError(f"{label} has no column {column!r}", hint=did_you_mean(column, names, "columns"))
    if len(names) == 1:
        raise DataError(f"{label} has no column beside {column!r}", hint="a model needs something to predict from")
    return names.index(column)
