"""What a CI file on disk means, job by job, as far as its text tells: for a comparison in words.

The files may have been edited by hand or come from elsewhere: what is not understood is left out and never an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline_kit.descriptor.model import EventKind
from pipeline_kit.render.words import KIND_WORDS, duration_words
from pipeline_kit.servers.jenkins.starts import all_starts


@dataclass(slots=True)
class JobFacts:
    """What is known of one job; empty where the file says nothing."""

    needs: set[str] = field(default_factory=set)
    starts: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    manual: bool = False
    interruptible: bool = True
    timeout: str = ""
    image: str = ""
    runner: str = ""
    lock: str = ""
    environment: str = ""


def facts_of(path: str, text: str) -> dict[str, JobFacts]:
    """The jobs of a file by name; none where it is not understood."""
    return jenkins_facts(text) if path.endswith("Jenkinsfile") else gitlab_facts(text)


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
    """What a list of rules starts on, in words; a rule without a condition means everything."""
    found: set[str] = set()
    for rule in sequence(rules):
        if not isinstance(rule, dict) or rule.get("when") == "never":
            continue
        words = condition_words(str(rule.get("if", "")))
        changed = mapping(rule.get("changes")).get("paths", rule.get("changes"))
        narrowed = f" that change {', '.join(map(folder_words, sequence(changed)))}" if changed else ""
        found |= {words + narrowed} if words else everything
    return found


def folder_words(glob: object) -> str:
    """A glob of `changes` as the descriptor has it: GitLab needs `src/**/*` for all within a folder."""
    return str(glob).removesuffix("/*") if str(glob).endswith("/**/*") else str(glob)


def condition_words(condition: str) -> str:
    """A rule's condition in words, where the kit wrote it; else as it stands."""
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


JENKINS_LINES = {
    "needs": re.compile(r"environment name: 'OUTCOME_(\w+)', value: 'passed'"),
    "secrets": re.compile(r"ariable: '(PIPELINE_KIT_SECRET_\w+)'"),
    "image": re.compile(r"image '(.+)'"),
    "runner": re.compile(r"label '(.+)'"),
    "lock": re.compile(r"lock\('(.+)'\)"),
    "timeout": re.compile(r"timeout\(time: (\d+), unit: 'MINUTES'\)"),
}


def jenkins_facts(text: str) -> dict[str, JobFacts]:
    """The stages with an agent of a `Jenkinsfile` as the kit writes them, line by line."""
    found: dict[str, JobFacts] = {}
    blocks: dict[str, str] = {}
    settled = False
    for block in re.split(r"(?m)^ *stage\(", text)[1:]:
        name = re.match(r"'(\w+)'\) \{", block)
        settled = settled or block.startswith("'no return')")
        if name is not None and re.search(r"(?m)^ *agent\b", block):
            blocks[name[1]] = block
            found[name[1]] = jenkins_job(block, settled)
    starts = all_starts(blocks, {name: job.needs for name, job in found.items()})
    for stage, job in found.items():
        job.starts = starts[stage]
    return found


def jenkins_job(block: str, settled: bool) -> JobFacts:
    """One stage's text."""
    values = {key: pattern.findall(block) for key, pattern in JENKINS_LINES.items()}
    minutes = values["timeout"]
    return JobFacts(
        needs={need.lower() for need in values["needs"]},
        secrets=set(values["secrets"]),
        manual=re.search(r"(?m)^ *input \{", block) is not None,
        interruptible=not settled,
        timeout=duration_words(60 * int(minutes[0])) if minutes and len(minutes[0]) < 9 else "",
        image=next(iter(values["image"]), ""),
        runner=next(iter(values["runner"]), ""),
        lock=next(iter(values["lock"]), ""),
    )


def mapping(value: object) -> Mapping[object, object]:
    """The value where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[object]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
