"""The verdict on a model: a status, one sentence, every rule's result, and a digest of what it was decided from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError
from pipeline_kit.gates.judgement import Status
from pipeline_kit.gates.rule import Rule

__all__ = ["RuleResult", "Status", "Verdict", "VerdictNote", "read_verdict", "sentence"]

VERSION = 1
MOST_CLAUSES = 4


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule on some rows: `subject` is what was judged ("f1 0.981"), `predicate` what holds of it.

    A waived rule was not evaluated: it needs a baseline, none exists yet, and the first release may pass without.
    """

    rule: Rule
    status: Status
    subject: str
    predicate: str
    dataset: str | None = None
    slice_value: str | None = None
    candidate: float | None = None
    baseline: float | None = None
    waived: bool = False

    @property
    def text(self) -> str:
        """The result as a clause: `f1 0.981 is at least 0.95`."""
        return f"{self.subject} {self.predicate}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on the model of digest `model`; `decision` is a person's reason to pass what is undecided."""

    status: Status
    sentence: str
    evidence: str
    model: str
    rules: tuple[RuleResult, ...] = ()
    first_release: bool = False
    decision: str | None = None

    @property
    def passes(self) -> bool:
        """Whether the model may be packaged: it passed, or a person decided an undecided verdict."""
        return self.status is Status.PASS or (self.status is Status.UNDECIDED and self.decision is not None)

    def value(self) -> dict[str, Value]:
        """The verdict as JSON (`verdict.json`, version 1)."""
        return {
            "version": VERSION,
            "status": self.status.value,
            "passes": self.passes,
            "sentence": self.sentence,
            "evidence": self.evidence,
            "model": self.model,
            "first_release": self.first_release,
            "decision": self.decision,
            "rules": [_result_value(rule) for rule in self.rules],
        }


@dataclass(frozen=True, slots=True)
class VerdictNote:
    """What a later job needs of a `verdict.json`: whether the model passes, and which model that is."""

    status: Status
    passes: bool
    sentence: str
    evidence: str
    model: str
    metrics: str | None
    decision: str | None


def read_verdict(text: str, label: str) -> VerdictNote:
    """The note of a `verdict.json`. Raises DataError if it is not one, or contradicts itself."""
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise ValueError(f"its version is {document['version']!r}")
        note = VerdictNote(
            Status(document["status"]),
            document["passes"] is True,
            str(document["sentence"]),
            str(document["evidence"]),
            str(document["model"]),
            document.get("metrics"),
            document.get("decision"),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{label} is not a verdict of version {VERSION}: {error}", hint="run the gate again") from error
    decided = note.status is Status.UNDECIDED and isinstance(note.decision, str) and bool(note.decision.strip())
    if note.passes and note.status is not Status.PASS and not decided:
        raise DataError(f"{label} says that {note.status.value} passes, without a decision")
    return note


def sentence(status: Status, results: Sequence[RuleResult], otherwise: str = "") -> str:
    """One sentence: `PASS: f1 0.981 is at least 0.95, and within 0.01 of the baseline's 0.979.`

    It lists the results with the verdict's own status, for a failure the failed rules; else `otherwise`.
    """
    judged = [result for result in results if result.status is status and not result.waived]
    waived = sum(result.waived for result in results)
    text = _joined(_clauses(judged)) or otherwise
    if waived:
        text += f"; {waived} relative {'rule' if waived == 1 else 'rules'} waived: no baseline yet"
    return f"{status.value}: {text}."


def _clauses(results: Sequence[RuleResult]) -> list[str]:
    """What holds of the same subject in one clause, and what cannot be judged for the same reason in one."""
    predicates: dict[str, list[str]] = {}
    for result in results:
        predicate = predicates.setdefault(result.subject, [])
        if result.predicate not in predicate:
            predicate.append(result.predicate)
    subjects: dict[tuple[str, str], list[str]] = {}
    for subject, predicate in predicates.items():
        same = [
            predicate[0],
            *(text.removeprefix("is ") if predicate[0].startswith("is ") else text for text in predicate[1:]),
        ]
        text = _joined(same, ", and " if len(predicates) == 1 else " and ")
        subjects.setdefault((text, subject if text.startswith("is ") else ""), []).append(subject)
    return _cut([f"{_joined(_cut(names), ' and ')} {text}" for (text, _), names in subjects.items()])


def _cut(parts: list[str]) -> list[str]:
    more = len(parts) - MOST_CLAUSES
    return parts if more <= 1 else [*parts[:MOST_CLAUSES], f"{more} more likewise"]


def _joined(parts: list[str], last: str = ", and ") -> str:
    return last.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _result_value(result: RuleResult) -> Mapping[str, Value]:
    return {
        "rule": result.rule.value(),
        "status": result.status.value,
        "text": result.text,
        "dataset": result.dataset,
        "slice_value": result.slice_value,
        "candidate": result.candidate,
        "baseline": result.baseline,
        "waived": result.waived,
    }
