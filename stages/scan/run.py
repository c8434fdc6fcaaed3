"""The scan: one pass over the image, one over the source tree, then the descriptor's word on what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.image_reference import LayoutReference
from pipeline_kit.contract.result import Case, Outcome, Output, StageResult
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import Category, UsageError
from pipeline_kit.scan.finding import RULES, Finding
from pipeline_kit.scan.policy import Judged, judge, unused
from pipeline_kit.scan.report import findings_document

from .settings import Settings, settings_of

if TYPE_CHECKING:
    from pipeline_kit.images.sbom.inventory import Inventory
    from pipeline_kit.scan.content import Seen

UNCHECKED = "not checked: no database of advisories is given"
SHOWN = 20


@dataclass(slots=True)
class Scanned:
    """What all passes found: the findings, what was looked at, of what, and the outputs so far."""

    findings: list[Finding] = field(default_factory=list)
    checked: dict[str, Value] = field(default_factory=dict)
    subject: dict[str, Value] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    files: int = 0
    size: int = 0

    def count(self, what: str, seen: Seen) -> None:
        """Records what one pass looked at."""
        self.files += seen.files
        self.size += seen.size
        self.checked[what] = {"files": seen.files, "bytes": seen.size, "read_in_part": sorted(seen.partly)}


def run(context: StageContext) -> StageResult:
    """Passed without a blocking finding; otherwise failed with the worst one and the counts by rule.

    Raises UsageError for a policy with an unknown rule or without an image to scan, ModelError for an image that
    cannot be read, DataError for an invalid database of advisories.
    """
    settings = settings_of(context.settings)
    scanned = Scanned()
    if settings.image:
        scan_the_image(context, settings, scanned)
    if settings.source:
        scan_the_source(context, settings, scanned)
    judged = judge(scanned.findings, settings.policy)
    stale = unused(scanned.findings, settings.policy)
    for item in stale:
        context.log(f"allow: nothing comes under {item.rule} at {item.path} any more; take the exception out")
    target = context.place("findings", "findings.json")
    target.write_text(findings_document(scanned.subject, scanned.checked, judged, stale), encoding="utf-8")
    scanned.outputs["findings"] = context.left("findings", target)
    show(context, judged)
    return result_of(scanned, judged)


def scan_the_image(context: StageContext, settings: Settings, scanned: Scanned) -> None:
    """Scans the nearest image and writes its SBOM."""
    from pipeline_kit.images.oci.source import open_image
    from pipeline_kit.images.sbom.document import sbom_document
    from pipeline_kit.scan.image import scan_image

    artifact = context.nearest("image")
    if artifact is None:
        hint = "let the job need the image's, or scan the source with `of: source`"
        raise UsageError("no job before this one made an image", hint=hint)
    blobs, image = open_image(LayoutReference(artifact[2]), artifact[2], lambda: context.the_world().registries())
    scan = scan_image(image, blobs)
    target = context.place("sbom", "bom.cdx.json")
    target.write_bytes(sbom_document(image, scan.inventory))
    packages = scan.inventory.packages()
    context.log(f"image {image.digest}: {scan.seen.files} files, {scan.seen.size} bytes, {len(packages)} packages")
    scanned.findings += scan.findings
    scanned.subject["image"] = image.digest
    scanned.count("image", scan.seen)
    scanned.outputs["sbom"] = context.left("sbom", target)
    check_vulnerabilities(context, settings, scanned, scan.inventory)


def check_vulnerabilities(context: StageContext, settings: Settings, scanned: Scanned, inventory: Inventory) -> None:
    """Looks up the packages' advisories. Without a database, records that they were not checked."""
    from dataclasses import replace

    from pipeline_kit.scan.advisories import read_advisories, vulnerabilities

    if settings.advisories is None:
        scanned.checked["vulnerabilities"] = UNCHECKED
        context.log(f"vulnerabilities: {UNCHECKED}")
        return
    database = read_advisories(context.workspace / settings.advisories)
    for finding in vulnerabilities(inventory.packages(), database):
        scanned.findings.append(replace(finding, owner=inventory.owners.get(finding.path, "")))
    scanned.checked["vulnerabilities"] = {
        "advisories": database.count,
        "newest": database.newest,
        "ecosystem": "PyPI",
        "not_checked": "Debian packages",
    }


def scan_the_source(context: StageContext, settings: Settings, scanned: Scanned) -> None:
    """Scans the workspace, and as many commits of the history as the settings ask for and the clone has."""
    from pipeline_kit.scan.tree import scan_history, scan_tree

    tree = scan_tree(context.workspace)
    scanned.findings += tree.findings
    scanned.subject["commit"] = context.git.commit
    scanned.count("source", tree.seen)
    context.log(f"source: {tree.seen.files} files, {tree.seen.size} bytes")
    if not settings.history:
        scanned.checked["history"] = "not checked: history is 0"
        return
    sources = context.the_world().sources()
    commits = sources.commits(settings.history)
    if not commits:
        scanned.checked["history"] = "not checked: the workspace is not a git repository"
        return
    scanned.findings += scan_history(sources.added(settings.history))
    scanned.checked["history"] = {"commits": len(commits), "shallow": sources.shallow()}
    context.log(f"history: {len(commits)} commits")


def show(context: StageContext, judged: Sequence[Judged]) -> None:
    """Logs the findings, those that block first."""
    ordered = sorted(judged, key=lambda each: (not each.blocks, each.allowed is not None, -each.finding.severity.rank))
    for finding in ordered[:SHOWN]:
        context.log(line_of(finding))
    if len(ordered) > SHOWN:
        context.log(f"and {len(ordered) - SHOWN} more, in findings.json")


def line_of(judged: Judged) -> str:
    """A finding as one line."""
    finding = judged.finding
    word = "blocks" if judged.blocks else "allowed" if judged.allowed is not None else "reported"
    return f"{word}: {finding.rule} ({finding.severity.value}): {finding.place}: {finding.message}"


def result_of(scanned: Scanned, judged: Sequence[Judged]) -> StageResult:
    """The job's result: a case for each rule that was looked for."""
    blocking = [finding for finding in judged if finding.blocks]
    measurements: Mapping[str, int] = {
        "files": scanned.files,
        "bytes": scanned.size,
        "findings": len(judged),
        "blocking": len(blocking),
        **{f"severity.{name}": count for name, count in severities(judged).items()},
    }
    facts: Mapping[str, Value] = {**scanned.subject, "checked": scanned.checked}
    cases = cases_of(scanned, judged)
    if blocking:
        first = max(blocking, key=lambda each: each.finding.severity.rank).finding
        counts = Counter(finding.finding.rule for finding in blocking)
        by_rule = ", ".join(f"{count} of {rule}" for rule, count in sorted(counts.items()))
        reason = f"{first.rule} at {first.place}: {first.message}; in all {by_rule}"
        return StageResult(Outcome.FAILED, reason, Category.PROJECT, measurements, scanned.outputs, cases, facts)
    unchecked = "; vulnerabilities not checked" if scanned.checked.get("vulnerabilities") == UNCHECKED else ""
    reported = f"{len(judged)} finding{'' if len(judged) == 1 else 's'} reported" if judged else "nothing found"
    reason = f"nothing that blocks in {scanned.files} files, {reported}{unchecked}"
    return StageResult(Outcome.PASSED, reason, None, measurements, scanned.outputs, cases, facts)


def severities(judged: Sequence[Judged]) -> dict[str, int]:
    """The number of findings of each severity, without those allowed."""
    return dict(
        sorted(Counter(finding.finding.severity.value for finding in judged if finding.allowed is None).items())
    )


def cases_of(scanned: Scanned, judged: Sequence[Judged]) -> tuple[Case, ...]:
    """A JUnit case per rule: failed when a finding blocks, skipped when the rule was not checked."""
    cases = []
    for rule in RULES.values():
        of_rule = [entry for entry in judged if entry.finding.rule == rule.id]
        blocking = [entry for entry in of_rule if entry.blocks]
        detail = "\n".join(line_of(entry) for entry in of_rule)
        failure = f"{blocking[0].finding.place}: {blocking[0].finding.message}" if blocking else None
        skipped = (
            UNCHECKED if rule.id == "vulnerability" and scanned.checked.get("vulnerabilities") == UNCHECKED else None
        )
        cases.append(Case(rule.id, "scan", failure=failure, detail=detail, skipped=skipped))
    return tuple(cases)
