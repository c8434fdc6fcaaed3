"""What kinds of rule with one number have in common: its field, its check, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline_kit.descriptor.parameter import Kind, Parameter, Value
from pipeline_kit.errors import UsageError
from pipeline_kit.gates.judgement import Judgement, Needs, Undecided
from pipeline_kit.gates.wording import is_finite

if TYPE_CHECKING:
    from pipeline_kit.gates.rule import RuleEvidence, RuleRecord


class LimitKind:
    """A kind of rule whose one field, of the kind's own name, is a number; a subclass says how it judges.

    An absolute limit is one of the metric's own values, so it must be in its range.
    """

    def __init__(self, name: str, about: str, *, needs: Needs = Needs.CANDIDATE, absolute: bool = False) -> None:
        self.name = name
        self.needs = needs
        self.absolute = absolute
        self.parameters = (Parameter(name, Kind.NUMBER, about),)

    def parse(self, record: RuleRecord) -> float | None:
        """The limit, or None where the record has none. Raises UsageError where it is not finite or not in range."""
        limit = record.values.get(self.name)
        if limit is None:
            return None
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not is_finite(limit):
            raise UsageError(f"{record.name} on {record.metric}: {self.name} is {limit!r}, not a finite number")
        if self.absolute and record.known and not record.known.holds(limit):
            range_text = record.known.range_text()
            raise UsageError(f"{record.name}: {self.name} is {limit:g}, but {record.metric} is {range_text}")
        return float(limit)

    def written(self, limit: float) -> Mapping[str, Value]:
        """The limit under the kind's name."""
        return {self.name: limit}

    def title(self, limit: float) -> str:
        """The kind's name and the limit: `min 0.8`."""
        return f"{self.name} {limit:g}"

    def judge(self, limit: float, evidence: RuleEvidence) -> Judgement | Undecided:
        """Whether the rule holds, where the limit is a finite number."""
        if not is_finite(limit):
            return Undecided(f"the rule's limit is {limit!r}")
        return self.compare(limit, evidence)

    def compare(self, limit: float, evidence: RuleEvidence) -> Judgement | Undecided:
        """Whether the rule holds with this finite limit."""
        raise NotImplementedError
