"""The findings as a document that people and later jobs read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.scan.policy import Allow, Judged

VERSION = 1


def findings_document(
    subject: Mapping[str, Value], checked: Mapping[str, Value], judged: Sequence[Judged], stale: Sequence[Allow]
) -> str:
    """The text of findings.json: what was scanned, what was looked at and what not, every finding, the counts."""
    document: Mapping[str, Value] = {
        "version": VERSION,
        "subject": subject,
        "checked": checked,
        "findings": [record(finding) for finding in judged],
        "counts": {
            "blocking": sum(finding.blocks for finding in judged),
            "allowed": sum(finding.allowed is not None for finding in judged),
            "by_rule": dict(sorted(Counter(finding.finding.rule for finding in judged).items())),
            "by_severity": dict(sorted(Counter(finding.finding.severity.value for finding in judged).items())),
        },
        "allowed_without_need": [{"rule": allow.rule, "path": allow.path, "subject": allow.subject} for allow in stale],
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def record(judged: Judged) -> Value:
    """One finding as JSON has it."""
    finding = judged.finding
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "path": finding.path,
        "line": finding.line,
        "subject": finding.subject,
        "message": finding.message,
        "hint": finding.hint,
        "owner": finding.owner or "own",
        "blocks": judged.blocks,
        "allowed": judged.allowed,
    }
