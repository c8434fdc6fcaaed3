"""The settings of a job that scans."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.settings import records, text, texts, whole
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import UsageError
from pipeline_kit.frozen import frozen
from pipeline_kit.scan.finding import RULES
from pipeline_kit.scan.policy import Allow, Policy


@frozen
class Settings:
    """What is scanned, what its findings mean, the database of advisories, and how many commits of the history."""

    policy: Policy
    image: bool = True
    source: bool = False
    advisories: str | None = None
    history: int = 0


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed. Raises UsageError for an exception that names no rule or gives no reason."""
    of = text(given, "of", "image")
    return Settings(
        policy=policy_of(given),
        image=of != "source",
        source=of != "image",
        advisories=text(given, "advisories"),
        history=whole(given, "history", 0),
    )


def policy_of(given: Mapping[str, Value]) -> Policy:
    """The policy. Raises UsageError for an exception that names no rule or gives no reason."""
    default = Policy()
    block = frozenset(texts(given, "block")) if "block" in given else default.block
    allowed = tuple(allow_of(fields) for fields in records(given, "allow"))
    return Policy(block, allowed, text(given, "base") == "block")


def allow_of(fields: Mapping[str, Value]) -> Allow:
    """One exception. Raises UsageError where it names no rule or gives no reason."""
    rule, path, reason = (text(fields, name, "") for name in ("rule", "path", "reason"))
    if rule not in RULES:
        raise UsageError(f"allow: unknown rule {rule!r}", hint=f"expected one of {', '.join(RULES)}")
    if not reason.strip():
        raise UsageError(
            f"allow: the exception for {rule} at {path} has no reason", hint="say why the finding is harmless"
        )
    return Allow(rule, path, reason, text(fields, "subject") or "*")
