"""What a `.gitlab-ci.yml` on disk means, job by job.

It may have been edited by hand or come from elsewhere: what is not understood is left out and never an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline_kit.descriptor.model import EventKind
from pipeline_kit.render.job_facts import JobFacts
from pipeline_kit.render.words import KIND_WORDS
from pipeline_kit.yaml.nodes import Mapping, Node
from pipeline_kit.yaml.reader import Limits, last_document
from pipeline_kit.yaml.walk import child, entries, items, text, texts

INSIDE = " from the project itself"
LIMITS = Limits(characters=4_000_000, levels=60, values=1_000_000)
"""GitLab's own limit for a pipeline with its includes is of this order."""


def gitlab_facts(content: str) -> dict[str, JobFacts]:
    """The jobs of a `.gitlab-ci.yml`."""
    root = last_document(content, LIMITS)
    everything = rule_words(items(child(child(root, "workflow"), "rules")), set())
    return {
        name: gitlab_job(entry, everything)
        for name, (_, entry) in entries(root).items()
        if child(entry, "script") is not None
    }


def gitlab_job(job: Node, everything: set[str]) -> JobFacts:
    """One job's entry; `everything` is what the workflow starts on."""
    rules = items(child(job, "rules"))
    environment = child(job, "environment")
    variables = " ".join(name for part in (job, *rules) for name in entries(child(part, "variables")))
    return JobFacts(
        needs={name for need in items(child(job, "needs")) if (name := text(child(need, "job")) or text(need))},
        starts=rule_words(rules, everything),
        secrets=set(re.findall(r"PIPELINE_KIT_SECRET_\w+", variables)),
        manual="manual" in [text_of(job, "when"), *(text_of(rule, "when") for rule in rules)],
        interruptible=text_of(job, "interruptible") != "false",
        timeout=text_of(job, "timeout"),
        image=text_of(job, "image") or text_of(child(job, "image"), "name"),
        runner=", ".join(texts(child(job, "tags"))),
        lock=text_of(job, "resource_group"),
        environment=text(environment) or text_of(environment, "name"),
    )


def rule_words(rules: Sequence[Node], everything: set[str]) -> set[str]:
    """The events of a list of rules, as text; a rule without a condition matches every event."""
    names: set[str] = set()
    for rule in rules:
        if not isinstance(rule, Mapping) or text_of(rule, "when") == "never":
            continue
        words = condition_words(text_of(rule, "if"))
        changes = child(rule, "changes")
        globs = texts(child(changes, "paths") or changes)
        narrowed = f" that change {', '.join(map(folder_words, globs))}" if globs else ""
        names |= {words + narrowed} if words else everything
    return {name for name in names if not (name.endswith(INSIDE) and name.removesuffix(INSIDE) in names)}


def text_of(node: Node | None, name: str) -> str:
    """The text of a key's value; empty if it is missing or not a single value."""
    return text(child(node, name)) or ""


def folder_words(glob: str) -> str:
    """A glob of `changes` as the descriptor has it: GitLab needs `src/**/*` for all within a folder."""
    return glob.removesuffix("/*") if glob.endswith("/**/*") else glob


def condition_words(condition: str) -> str:
    """A rule's condition as text, if the kit wrote it; else unchanged."""
    name = re.search(r'\$(?:CI_COMMIT_\w+|PIPELINE_KIT_SCHEDULE) (?:== "(.*)"|=~ /(.*)/)$', condition)
    chosen = (name[1] or f"like {name[2]}") if name else ""
    if "merge_request_event" in condition:
        inside = INSIDE if "SOURCE_PROJECT_ID" in condition else ""
        return KIND_WORDS[EventKind.MERGE_REQUEST] + inside
    if '"schedule"' in condition:
        return f"the schedule {chosen}" if chosen else KIND_WORDS[EventKind.SCHEDULE]
    if "web|api" in condition:
        return KIND_WORDS[EventKind.MANUAL]
    if '"push"' in condition and "$CI_COMMIT_TAG" in condition:
        return f"tags {chosen}" if chosen else KIND_WORDS[EventKind.TAG]
    if '"push"' in condition and "$CI_COMMIT_BRANCH" in condition:
        return f"pushes to {chosen}" if chosen else KIND_WORDS[EventKind.PUSH]
    return condition
