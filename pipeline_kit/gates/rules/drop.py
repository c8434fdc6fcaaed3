"""The rules `max_drop` and `max_relative_drop`: the metric is not much worse than the baseline's.

A drop is a worsening, in the direction that is worse for the metric. It is counted exactly in decimal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.gates.judgement import Judgement, Needs, Undecided
from pipeline_kit.gates.limit import LimitKind
from pipeline_kit.gates.wording import exact, share, shown

if TYPE_CHECKING:
    from pipeline_kit.gates.rule import RuleEvidence


class Drop(LimitKind):
    """Holds where the candidate is worse by the limit or less: in the metric's unit, or as a share of the baseline's.

    A negative limit demands that it is better.
    """

    def __init__(self, name: str, about: str, *, relative: bool) -> None:
        super().__init__(name, about, needs=Needs.BASELINE)
        self.relative = relative

    def compare(self, limit: float, evidence: RuleEvidence) -> Judgement | Undecided:
        """Compares the drop from the baseline's figure with the limit."""
        if evidence.known is None:
            return Undecided("the kit does not know which way it is better, so a drop has no meaning")
        value, before = evidence.candidate, evidence.baseline
        if self.relative and before == 0:
            return Undecided("the baseline's is 0, and nothing is a share of 0")
        drop = exact(before) - exact(value)
        if evidence.known.lower_is_better:
            drop = -drop
        if self.relative:
            drop /= abs(exact(before))
        holds = drop <= exact(limit)
        predicate = self._predicate(holds, limit, float(drop), f"the baseline's {shown(before, value)}")
        return Judgement(holds, shown(value, before), predicate)

    def _predicate(self, holds: bool, limit: float, drop: float, theirs: str) -> str:
        amount = share if self.relative else shown
        most = amount(abs(limit))
        if limit < 0:
            return f"is {'' if holds else 'not '}at least {most} better than {theirs}"
        if holds:
            return f"is within {most} of {theirs}" if limit else f"is not worse than {theirs}"
        return f"is {amount(drop)} worse than {theirs}, more than {most}"


MAX_DROP = Drop("max_drop", "How much worse than the baseline it may be, in the metric's own unit.", relative=False)
MAX_RELATIVE_DROP = Drop(
    "max_relative_drop", "How much worse it may be, as a share of the baseline's value.", relative=True
)
