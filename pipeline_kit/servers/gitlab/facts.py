"""What a `.gitlab-ci.yml` on disk means, job by job.

It may have been edited by hand or come from elsewhere: what is not understood is left out and never an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline_kit.descriptor.model import EventKind
from pipeline_kit.render.event_words import INSIDE, KIND_WORDS, named_event
from pipeline_kit.render.job_facts import JobFacts
from pipeline_kit.render.words import SCHEDULE_VARIABLE
from pipeline_kit.servers.gitlab.expression import conjunction
from pipeline_kit.servers.gitlab.globs import folder_words
from pipeline_kit.yaml.nodes import Mapping, Node
from pipeline_kit.yaml.reader import Limits, last_document
from pipeline_kit.yaml.walk import child, entries, items, text, texts

SAME_PROJECT = ("$CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "==")
NAMED_BY = {
    ("push", "$CI_COMMIT_BRANCH"): EventKind.PUSH,
    ("push", "$CI_COMMIT_TAG"): EventKind.TAG,
    ("schedule", f"${SCHEDULE_VARIABLE}"): EventKind.SCHEDULE,
}
"""The kind of event whose name a variable holds, by the pipeline's source and the variable."""
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


def condition_words(condition: str) -> str:
    """The event that a condition starts on, where it consists of the comparisons that the kit writes; else itself."""
    terms = conjunction(condition)
    if terms is None:
        return condition
    source, started = terms.pop(("$CI_PIPELINE_SOURCE", "=="), ""), terms.pop(("$CI_PIPELINE_SOURCE", "=~"), "")
    if started == "^(web|api)$" and not terms:
        return KIND_WORDS[EventKind.MANUAL]
    if source == "merge_request_event":
        inside = {SAME_PROJECT: "$CI_MERGE_REQUEST_PROJECT_ID"}
        if terms not in ({}, inside):
            return condition
        return KIND_WORDS[EventKind.MERGE_REQUEST] + (INSIDE if terms else "")
    for (variable, operator), name in terms.items():
        kind = NAMED_BY.get((source, variable))
        if kind is None or len(terms) > 1 or operator not in ("", "==", "=~"):
            return condition
        return named_event(kind, name, exactly=operator == "==")
    return KIND_WORDS[EventKind.SCHEDULE] if source == "schedule" else condition
