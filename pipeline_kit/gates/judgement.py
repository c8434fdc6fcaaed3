"""What a rule needs to be judged, and what it answers: that it holds or not, or that it cannot be judged."""

from __future__ import annotations

from enum import Enum

from pipeline_kit.frozen import frozen


class Status(Enum):
    """How a rule or a whole gate was decided. A failure outweighs an undecided rule, that outweighs a pass."""

    PASS = "PASS"
    FAIL = "FAIL"
    UNDECIDED = "UNDECIDED"


class Needs(Enum):
    """The evidence that a kind of rule is judged by."""

    CANDIDATE = "candidate"  # the candidate's figure
    BASELINE = "baseline"  # the baseline's figure too, on the same rows
    ROWS = "rows"  # every row's result of both, too

    @property
    def baseline(self) -> bool:
        """Whether a baseline has to be scored."""
        return self is not Needs.CANDIDATE


@frozen
class Judgement:
    """Whether a rule holds: of the figure that was judged (`0.981`) a predicate is true (`is at least 0.95`)."""

    holds: bool
    figure: str
    predicate: str


@frozen
class Undecided:
    """A rule that cannot be judged on this evidence, and why, as one clause."""

    reason: str
