"""The rules of a gate: each kind is an object in a file of this folder, or in a package that the descriptor names.

A kind says which fields its rules have in the descriptor, which evidence they need, and judges them. Nothing else
knows a kind by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pipeline_kit.descriptor.parameter import Parameter, Value
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import NO_PLUGINS, Plugins, Table
from pipeline_kit.frozen import frozen
from pipeline_kit.gates.judgement import Judgement, Status, Undecided
from pipeline_kit.gates.metrics import METRICS, Metric, find_metric

if TYPE_CHECKING:
    from pipeline_kit.gates.row_results import PairedRows

__all__ = [
    "RULES", "Judgement", "Needs", "Rule", "RuleEvidence", "RuleKind", "RuleRecord", "Status", "Undecided",
    "rule_kinds", "rules_of",
]  # fmt: skip

COMMON_FIELDS = ("metric", "dataset", "slice")


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


RULES: Table[RuleKind[Any]] = Table(
    "pipeline_kit.rules",
    "rule",
    {
        "min": "pipeline_kit.gates.rules.min:MIN",
        "max": "pipeline_kit.gates.rules.max:MAX",
        "max_drop": "pipeline_kit.gates.rules.drop:MAX_DROP",
        "max_relative_drop": "pipeline_kit.gates.rules.drop:MAX_RELATIVE_DROP",
    },
)


def rule_kinds(plugins: Plugins = NO_PLUGINS) -> dict[str, RuleKind[Any]]:
    """Every kind of rule by name. Raises UsageError where a plugin's has another name, or a field of another kind."""
    kinds = RULES.all(plugins)
    owners = dict.fromkeys(COMMON_FIELDS, "every rule")
    for name, kind in kinds.items():
        if getattr(kind, "name", None) != name:
            place = RULES.values(plugins)[name]
            raise UsageError(f"plugins: {place} is not the rule `{name}`", hint=f"let its name be {name!r}")
        for parameter in kind.parameters:
            if owner := owners.get(parameter.name):
                message = f"plugins: the rule `{name}` has the field `{parameter.name}`, as {owner} has"
                raise UsageError(message, hint="the package must give it another name")
            owners[parameter.name] = f"the rule `{name}`"
    return kinds


def rules_of(settings: Value, plugins: Plugins = NO_PLUGINS) -> tuple[Rule, ...]:
    """The rules in a stage's setting: a list of records, each of a metric and one rule or more.

    Raises UsageError on a record without a metric or rule, and on terms that the kind refuses, such as a limit that
    is not finite, or an absolute one outside the metric's range, which could only ever hold or never hold.
    """
    if not isinstance(settings, Sequence) or isinstance(settings, str):
        raise UsageError("the gate's rules are not a list", hint="write them as [{metric: f1, min: 0.9}]")
    kinds = rule_kinds(plugins)
    return tuple(
        rule for number, record in enumerate(settings, 1) for rule in _rules(record, f"rule {number}", kinds, plugins)
    )


def _rules(values: Value, name: str, kinds: Mapping[str, RuleKind[Any]], plugins: Plugins) -> list[Rule]:
    if not isinstance(values, Mapping):
        raise UsageError(f"{name} is not a mapping", hint="write it as {metric: f1, min: 0.9}")
    metric = values.get("metric")
    if not isinstance(metric, str) or not metric:
        raise UsageError(f"{name} names no metric", hint=f"the metrics are: {', '.join(METRICS.names(plugins))}")
    dataset, column = (_optional_text(values.get(key), f"{name}: {key}") for key in ("dataset", "slice"))
    record = RuleRecord(name, metric, find_metric(metric, plugins), values)
    parsed = [(kind, kind.parse(record)) for kind in kinds.values()]
    rules = [Rule(metric, kind, terms, dataset, column) for kind, terms in parsed if terms is not None]
    if not rules:
        raise UsageError(f"{name} on {metric} bounds nothing", hint=f"give it one of: {', '.join(kinds)}")
    return rules


def _optional_text(value: Value, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name} is not text")
    return value
