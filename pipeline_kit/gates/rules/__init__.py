"""The rules of a gate: each kind is a `RuleKind` in a file of this folder, or in a package under `plugins`.

Nothing else knows a kind by name. Planning imports every kind for its fields, so they import little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import NO_PLUGINS, Plugins, Table

if TYPE_CHECKING:
    from pipeline_kit.gates.rule import Rule, RuleKind, RuleRecord

COMMON_FIELDS = ("metric", "dataset", "slice")
"""The fields of every rule's record."""

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

    Raises UsageError on a record without a metric or rule, and on terms that the kind refuses or ignores, such as a
    limit that is not finite, or an absolute one outside the metric's range, which could only ever hold or never hold.
    """
    if not isinstance(settings, Sequence) or isinstance(settings, str):
        raise UsageError("the gate's rules are not a list", hint="write them as [{metric: f1, min: 0.9}]")
    kinds = rule_kinds(plugins)
    return tuple(
        rule for number, record in enumerate(settings, 1) for rule in _rules(record, f"rule {number}", kinds, plugins)
    )


def _rules(values: Value, name: str, kinds: Mapping[str, RuleKind[Any]], plugins: Plugins) -> list[Rule]:
    from pipeline_kit.gates.metrics import METRICS, find_metric
    from pipeline_kit.gates.rule import Rule, RuleRecord

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
    _refuse_ignored(record, parsed)
    return rules


def _refuse_ignored(record: RuleRecord, parsed: Sequence[tuple[RuleKind[Any], object]]) -> None:
    """Raises UsageError where a kind made no rule of a field that the record sets: the gate would be weaker."""
    for kind, terms in parsed:
        parameters = (parameter for parameter in kind.parameters if terms is None)
        unused = [field.name for field in parameters if record.values.get(field.name) not in (None, field.default)]
        if unused:
            message = f"{record.name} on {record.metric}: `{unused[0]}` alone makes no rule `{kind.name}`"
            raise UsageError(message, hint="remove it, or add what it belongs to")


def _optional_text(value: Value, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name} is not text")
    return value
