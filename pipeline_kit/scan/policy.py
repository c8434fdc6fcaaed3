"""What a finding does to the release: it blocks, is reported, or is allowed by the descriptor with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pipeline_kit.scan.finding import BLOCKING, EVERYWHERE, Finding
from pipeline_kit.scan.image import BASE


@dataclass(frozen=True, slots=True)
class Allow:
    """An exception: findings of a rule in paths and of subjects that match, with the reason. `*` crosses folders."""

    rule: str
    path: str
    reason: str
    subject: str = "*"

    def covers(self, finding: Finding) -> bool:
        """Whether it is meant for that finding."""
        matches = fnmatchcase(finding.path, self.path) and fnmatchcase(finding.subject, self.subject)
        return finding.rule == self.rule and matches


@dataclass(frozen=True, slots=True)
class Policy:
    """The descriptor's word: rules that block, exceptions, and whether the base's files count like the team's."""

    block: frozenset[str] = frozenset(BLOCKING)
    allow: tuple[Allow, ...] = ()
    base: bool = False

    def blocks(self, finding: Finding) -> bool:
        """Whether a finding that nothing allows stops the release."""
        theirs = finding.owner == BASE and finding.rule not in EVERYWHERE and not self.base
        return finding.rule in self.block and not theirs


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, whether it stops the release, and the reason why it is allowed, where it is."""

    finding: Finding
    blocks: bool
    allowed: str | None = None


def judge(findings: Iterable[Finding], policy: Policy) -> tuple[Judged, ...]:
    """Each finding with what the policy says of it."""
    judged = []
    for finding in findings:
        reason = next((allow.reason for allow in policy.allow if allow.covers(finding)), None)
        judged.append(Judged(finding, reason is None and policy.blocks(finding), reason))
    return tuple(judged)


def unused(findings: Sequence[Finding], policy: Policy) -> tuple[Allow, ...]:
    """The exceptions that cover nothing any more."""
    return tuple(allow for allow in policy.allow if not any(allow.covers(finding) for finding in findings))
