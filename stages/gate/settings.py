"""The gate's settings, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_kit.contract.settings import mapping, text, whole
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.extensions import Plugins
from pipeline_kit.gates.judgement import Needs
from pipeline_kit.gates.rule import Rule
from pipeline_kit.gates.rules import rules_of


@dataclass(frozen=True, slots=True)
class Settings:
    """The rules, where the baseline is from (None where no rule needs one), and how thin evidence may be."""

    rules: tuple[Rule, ...]
    plugins: Plugins
    baseline: str | None
    first_release: bool
    minimum_rows: int

    @property
    def needs_rows(self) -> bool:
        """Whether a rule is judged by each row's results."""
        return any(rule.kind.needs is Needs.ROWS for rule in self.rules)


def settings_of(given: Mapping[str, Value], plugins: Plugins) -> Settings:
    """The settings as one value. Raises UsageError on a rule that is not one."""
    rules = rules_of(given.get("rules"), plugins)
    baseline = mapping(given, "baseline")
    needed = any(rule.kind.needs.baseline for rule in rules)
    reference = text(baseline, "from") if needed else None
    return Settings(
        rules=rules,
        plugins=plugins,
        baseline=reference or None,
        first_release=reference is not None and text(baseline, "first") == "absolute_rules",
        minimum_rows=whole(given, "min_rows") or 1,
    )
