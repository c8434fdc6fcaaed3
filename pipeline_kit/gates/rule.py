"""What a kind of rule is, the record that it parses, and the evidence that it judges by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pipeline_kit.descriptor.parameter import Parameter, Value
from pipeline_kit.frozen import frozen
from pipeline_kit.gates.judgement import Judgement, Needs, Undecided

if TYPE_CHECKING:
    from pipeline_kit.gates.metric import Metric
    from pipeline_kit.gates.row_results import PairedRows


@frozen
class RuleRecord:
    """One record of the gate's `rules`: what messages call it, its metric (`known` if the table has it), its values."""

    name: str
    metric: str
    known: Metric | None
    values: Mapping[str, Value] = field(default_factory=dict)


@frozen
class RuleEvidence:
    """What a rule is judged by, on one dataset or one value of a slice; every figure is finite and in its range."""

    metric: str
    known: Metric | None
    candidate: float
    compared: float | None = None
    paired: PairedRows | None = None

    @property
    def baseline(self) -> float:
        """The baseline's figure. Raises TypeError for a kind that does not say that it needs one."""
        if self.compared is None:
            raise TypeError("this kind of rule does not need a baseline: let it say Needs.BASELINE")
        return self.compared

    @property
    def rows(self) -> PairedRows:
        """Each row's results of both models. Raises TypeError for a kind that does not say that it needs them."""
        if self.paired is None:
            raise TypeError("this kind of rule does not need rows: let it say Needs.ROWS")
        return self.paired


Terms = TypeVar("Terms")


class RuleKind(Protocol[Terms]):
    """A kind of rule. `Terms` is the frozen value that one rule of it is parsed to, such as its limit. Pure."""

    @property
    def name(self) -> str:
        """The kind's name in the table, in `verdict.json` and in messages."""

    @property
    def needs(self) -> Needs:
        """The evidence that it is judged by."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its fields in a rule's record in the descriptor."""

    def parse(self, record: RuleRecord) -> Terms | None:
        """The terms of the record's rule of this kind; None where it has none. Raises UsageError on wrong ones."""

    def written(self, terms: Terms) -> Mapping[str, Value]:
        """The fields as the descriptor has them, for JSON."""

    def title(self, terms: Terms) -> str:
        """The terms in the name of a test case: `min 0.8`."""

    def judge(self, terms: Terms, evidence: RuleEvidence) -> Judgement | Undecided:
        """Whether the rule holds. An exception, or anything else that is returned, leaves it undecided."""


@frozen
class Rule:
    """One rule on one metric: on one dataset or on every, overall or in every value of a slice column."""

    metric: str
    kind: RuleKind[Any]
    terms: Any
    dataset: str | None = None
    slice: str | None = None

    def value(self) -> Value:
        """The rule as the descriptor writes it."""
        written: dict[str, Value] = {"metric": self.metric, **self.kind.written(self.terms)}
        if self.dataset is not None:
            written["dataset"] = self.dataset
        if self.slice is not None:
            written["slice"] = self.slice
        return written

    @property
    def title(self) -> str:
        """The rule in the name of a test case: `f1 min 0.8`."""
        return f"{self.metric} {self.kind.title(self.terms)}"
