"""What a `.gitlab-ci.yml` on disk means, job by job.

It may have been edited by hand or come from elsewhere: what is not understood is left out and never an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline_kit.descriptor.model import EventKind
from pipeline_kit.render.job_facts import JobFacts
from pipeline_kit.render.words import KIND_WORDS


def gitlab_facts(text: str) -> dict[str, JobFacts]:
    """The jobs of a `.gitlab-ci.yml`."""
    import yaml

    try:
        file = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    if not isinstance(file, dict):
        return {}
    everything = rule_words(mapping(file.get("workflow")).get("rules"), set())
    return {
        str(name): gitlab_job(entry, everything)
        for name, entry in file.items()
        if isinstance(entry, dict) and "script" in entry
    }


def gitlab_job(entry: Mapping[object, object], everything: set[str]) -> JobFacts:
    """One job's entry; `everything` is what the workflow starts on."""
    rules = [rule for rule in sequence(entry.get("rules")) if isinstance(rule, dict)]
    environment = entry.get("environment")
    return JobFacts(
        needs={str(mapping(need).get("job", need)) for need in sequence(entry.get("needs"))},
        starts=rule_words(rules, everything),
        secrets=set(re.findall(r"PIPELINE_KIT_SECRET_\w+", " ".join(map(str, mapping(entry.get("variables")))))),
        manual="manual" in [entry.get("when"), *(rule.get("when") for rule in rules)],
        interruptible=entry.get("interruptible") is not False,
        timeout=str(entry.get("timeout", "")),
        image=str(entry.get("image", "")),
        runner=", ".join(map(str, sequence(entry.get("tags")))),
        lock=str(entry.get("resource_group", "")),
        environment=str(mapping(environment).get("name", environment or "")),
    )


def rule_words(rules: object, everything: set[str]) -> set[str]:
    """The events of a list of rules, as text; a rule without a condition matches every event."""
    names: set[str] = set()
    for rule in sequence(rules):
        if not isinstance(rule, dict) or rule.get("when") == "never":
            continue
        words = condition_words(str(rule.get("if", "")))
        changed = mapping(rule.get("changes")).get("paths", rule.get("changes"))
        narrowed = f" that change {', '.join(map(folder_words, sequence(changed)))}" if changed else ""
        names |= {words + narrowed} if words else everything
    return names


def folder_words(glob: object) -> str:
    """A glob of `changes` as the descriptor has it: GitLab needs `src/**/*` for all within a folder."""
    return str(glob).removesuffix("/*") if str(glob).endswith("/**/*") else str(glob)


def condition_words(condition: str) -> str:
    """A rule's condition as text, if the kit wrote it; else unchanged."""
    name = re.search(r'\$(?:CI_COMMIT_\w+|PIPELINE_KIT_SCHEDULE) (?:== "(.*)"|=~ /(.*)/)$', condition)
    chosen = (name[1] or f"like {name[2]}") if name else ""
    if "merge_request_event" in condition:
        inside = " from the project itself" if "SOURCE_PROJECT_ID" in condition else ""
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


def mapping(value: object) -> Mapping[object, object]:
    """The value where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[object]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
