"""Which figures a rule may be judged by: finite, in their range, of enough rows, and of the same as a baseline's."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_kit.gates.evidence import DatasetEvidence, Evidence, Figures
from pipeline_kit.gates.judgement import Undecided
from pipeline_kit.gates.metric import Metric
from pipeline_kit.gates.wording import is_finite


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A baseline that is there, or should be, and could not be scored.

    `reason` is one clause for people. `fault` says the same in fixed words without paths or times: it is part of
    the evidence, whose digest must be the same when the job is run again.
    """

    reason: str
    fault: str
    digest: str | None = None  # of the package, where it was found


Baseline = Evidence | Unavailable | None
"""The baseline's figures; the reason why they are missing; or None without a baseline."""


def trusted(figures: Figures, name: str, known: Metric | None, minimum_rows: int) -> float | Undecided:
    """A figure's value if it can be judged by, or why not."""
    rows = row_count(figures)
    if rows is None or rows < 1:
        return Undecided(f"it is of {figures.rows!r} rows")
    if rows < minimum_rows:
        return Undecided(f"{rows} rows are fewer than the required {minimum_rows}")
    if name in figures.undefined:
        return Undecided(f"it is undefined: {figures.undefined[name]}")
    if name not in figures.metrics:
        return Undecided("it was not measured")
    value = figures.metrics[name]
    if not isinstance(value, int | float) or not is_finite(value):
        return Undecided(f"it is {value!r}, not a finite number")
    if known and not known.holds(value):
        return Undecided(f"it is {value!r}, but can only be {known.range_text()}")
    return float(value)


def row_count(figures: Figures) -> int | None:
    """How many rows the figures are of; None where that is not a whole number."""
    rows = figures.rows
    return rows if isinstance(rows, int) and not isinstance(rows, bool) else None


def comparable(
    name: str, ours: DatasetEvidence, candidate: Evidence, baseline: Baseline
) -> DatasetEvidence | Undecided:
    """The baseline's figures on the same rows by the same evaluator, or why they are missing."""
    if baseline is None:
        return Undecided("no baseline to compare with")
    if isinstance(baseline, Unavailable):
        return Undecided(f"the baseline could not be scored: {baseline.reason}")
    theirs = baseline.datasets.get(name)
    if theirs is None:
        return Undecided(f"the baseline was not evaluated on the dataset {name!r}")
    if not ours.digest or ours.digest != theirs.digest:
        return Undecided("the baseline was scored on other data")
    if candidate.way() != baseline.way():
        return Undecided("the baseline was scored in another way")
    if row_count(ours.overall) != row_count(theirs.overall):
        return Undecided(f"the baseline was scored on {theirs.overall.rows} rows, not on {ours.overall.rows}")
    return theirs
