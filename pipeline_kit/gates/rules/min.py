"""The rule `min`: the metric is at least a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.gates.judgement import Judgement
from pipeline_kit.gates.limit import LimitKind
from pipeline_kit.gates.wording import shown

if TYPE_CHECKING:
    from pipeline_kit.gates.rule import RuleEvidence


class Minimum(LimitKind):
    """Holds where the candidate's figure is the limit or more."""

    def compare(self, limit: float, evidence: RuleEvidence) -> Judgement:
        """Compares the candidate's figure with the limit."""
        holds = evidence.candidate >= limit
        predicate = f"is {'at least' if holds else 'below'} {shown(limit)}"
        return Judgement(holds, shown(evidence.candidate, limit), predicate)


MIN = Minimum("min", "The least value that passes.", absolute=True)
