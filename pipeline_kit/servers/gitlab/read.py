"""An existing `.gitlab-ci.yml`: its jobs with what they extend, and what of them a descriptor cannot hold.

Keys by https://docs.gitlab.com/ci/yaml/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline_kit.contract.ci_file import CiFile, CiJob, Lost, Place, deploy_word
from pipeline_kit.contract.wording import readable, some, word_set
from pipeline_kit.descriptor.server_words import ServerWords
from pipeline_kit.yaml import nodes, walk
from pipeline_kit.yaml.nodes import Node, Scalar
from pipeline_kit.yaml.reader import last_document
from pipeline_kit.yaml.walk import child, entries, flat, items, text, texts

FILE = ".gitlab-ci.yml"
REFERENCE = "!reference"
GLOBAL = word_set(
    "default include stages types variables workflow spec image services cache before_script after_script pages:deploy"
)
DEFAULT_STAGES = (".pre", "build", "test", "deploy", ".post")
DEEPEST = 11  # GitLab's own limit of extends
MOST_JOBS = 60
_LOST = {
    "services": "services {0}: the kit starts no containers beside a job",
    "parallel": "parallel: write `matrix` with parameters, or several jobs",
    "trigger": "trigger: another pipeline is not a job of this one",
    "release": "release: releases come from a job that changes the world",
    "resource_group": "resource_group {0}: write `lock: NAME`",
    "allow_failure": "allow_failure: a failed job of the kit stops what needs it",
    "id_tokens": "id_tokens: declare a secret",
    "secrets": "secrets: declare them in `secrets`, by reference",
    "inherit": "inherit: written out here",
    "after_script": "after_script {0}: a job ends with its command",
    "hooks": "hooks {0}: a job is one command",
    "pages": "pages: a deployment",
}
_EXACT = r"""['"]?([A-Za-z0-9._/-]+)['"]?"""
_CONDITIONS = (
    (re.compile(rf"\$CI_COMMIT_(?:BRANCH|REF_NAME)\s*==\s*{_EXACT}"), "branch:{0}"),
    (re.compile(r"\$CI_COMMIT_BRANCH\s*==\s*\$CI_DEFAULT_BRANCH"), "branch:main"),
    (re.compile(r"\$CI_PIPELINE_SOURCE\s*==\s*['\"]?merge_request_event['\"]?"), "merge_request"),
    (re.compile(r"\$CI_PIPELINE_SOURCE\s*==\s*['\"]?schedule['\"]?"), "schedule"),
    (re.compile(r"\$CI_MERGE_REQUEST_I?ID"), "merge_request"),
    (re.compile(r"\$CI_COMMIT_TAG"), "tag"),
    (re.compile(r"\$CI_COMMIT_BRANCH"), "push"),
)
_ONLY = {
    "merge_requests": "merge_request",
    "tags": "tag",
    "schedules": "schedule",
    "branches": "push",
    "pushes": "push",
    "web": "manual",
}


def read_gitlab(source: str, words: ServerWords) -> CiFile | None:
    """The file's jobs, in the order of its stages; None where it cannot be read as one."""
    root = last_document(source, walk.LIMITS)  # a header with `spec` may come first
    if not isinstance(root, nodes.Mapping):
        return None
    keys = entries(root)
    names = [name for name, (_, node) in keys.items() if name not in GLOBAL and isinstance(node, nodes.Mapping)]
    order = texts(child(root, "stages")) or list(DEFAULT_STAGES)
    lost = _file_lost(root)
    reader = _Reader(root, {name: keys[name] for name in names}, words)
    jobs = [reader.job(name) for name in names if not name.startswith(".")][:MOST_JOBS]
    staged = sorted(jobs, key=lambda pair: order.index(pair[1]) if pair[1] in order else len(order))
    return CiFile(FILE, tuple(_with_needs(staged)), tuple(lost))


def _file_lost(root: Node) -> list[Lost]:
    """Keys at the top of the file that are not carried over."""
    result = []
    for name, (key, node) in entries(root).items():
        place = Place(FILE, key.line)
        if name == "include":
            named = [
                text(item) or ", ".join(f"{k} {text(v[1])}" for k, v in entries(item).items()) for item in items(node)
            ]
            result.append(Lost(place, f"include {some(named)}: what other files define is not read"))
        elif name == "workflow":
            result.append(
                Lost(place, "workflow: the kit starts merge requests, pushes, tags and schedules by `events`")
            )
        elif name in ("services", "after_script"):
            result.append(Lost(place, _LOST[name].format(_shown(node))))
    default = child(root, "default")
    for name, (key, node) in entries(default).items():
        if name in ("services", "after_script"):
            result.append(Lost(Place(FILE, key.line), _LOST[name].format(_shown(node))))
    return result


def _with_needs(staged: Sequence[tuple[CiJob, str, tuple[str, ...] | None]]) -> list[CiJob]:
    """The jobs, those without `needs` of their own after every job of the stage before."""
    needs = []
    groups = list(dict.fromkeys(stage for _, stage, _ in staged))
    for job, stage, own in staged:
        index = groups.index(stage)
        before = tuple(ci_job.name for ci_job, other, _ in staged if index and other == groups[index - 1])
        needs.append(replace(job, needs=before if own is None else own))
    return _ordered(needs)


def _ordered(jobs: Sequence[CiJob]) -> list[CiJob]:
    """The jobs, each after those that it needs; a cycle is cut where it is met."""
    done: dict[str, CiJob] = {}
    by_name = {job.name: job for job in jobs}

    def add(job: CiJob, above: frozenset[str]) -> None:
        for need in job.needs:
            if need in by_name and need not in done and need not in above:
                add(by_name[need], above | {need})
        done.setdefault(job.name, job)

    for job in jobs:
        add(job, frozenset((job.name,)))
    names = list(done)
    return [
        replace(job, needs=tuple(need for need in job.needs if need in names[: names.index(job.name)]))
        for job in done.values()
    ]


class _Reader:
    """Reads jobs, what they extend merged in."""

    def __init__(self, root: Node, jobs: Mapping[str, tuple[Scalar, Node]], words: ServerWords) -> None:
        self.words = words
        self.root = root
        self.jobs = jobs
        self.default = entries(child(root, "default"))
        self.shared = {name: entry for name, entry in entries(root).items() if name in ("image", "before_script")}
        self.variables = _variables(child(root, "variables"))

    def job(self, name: str) -> tuple[CiJob, str, tuple[str, ...] | None]:
        """The job, its stage, and its own `needs` where it has them."""
        key, _ = self.jobs[name]
        keys = self.merged(name, frozenset())
        stage = text(keys["stage"][1]) if "stage" in keys else None
        events, manual, unclear = _events(keys)
        environment = "environment" in keys
        job = CiJob(
            name=name,
            place=Place(FILE, key.line),
            lines=(*self.script("before_script", keys), *self.script("script", keys)),
            image=self.image(keys),
            runner={self.words.name: self.tags(keys)},
            variables={**self.variables, **_variables(keys["variables"][1] if "variables" in keys else None)},
            events=events,
            manual=manual,
            deploys="it has an environment" if environment else deploy_word(name, stage or ""),
            kept_paths=tuple(texts(child(keys["artifacts"][1], "paths"))) if "artifacts" in keys else (),
            lost=(*unclear, *_job_lost(keys)),
        )
        needs = None
        if "needs" in keys:
            needs = tuple(text(child(item, "job")) or text(item) or "" for item in items(keys["needs"][1]))
        return job, stage or "test", needs

    def tags(self, keys: Mapping[str, tuple[Scalar, Node]]) -> list[str]:
        """The job's tags, without those that no descriptor can hold."""
        form = self.words.grammars["gitlab_tag"]
        tags = texts(keys["tags"][1]) if "tags" in keys else []
        return [tag for tag in dict.fromkeys(tags) if not form.complaint(tag)]

    def merged(self, name: str, above: frozenset[str]) -> dict[str, tuple[Scalar, Node]]:
        """A job's keys over those of what it extends."""
        if name not in self.jobs or name in above or len(above) > DEEPEST:
            return {}
        own = entries(self.jobs[name][1])
        result: dict[str, tuple[Scalar, Node]] = {}
        for base in texts(own["extends"][1]) if "extends" in own else []:
            result.update(self.merged(base, above | {name}))
        return {**result, **own}

    def script(self, key: str, keys: Mapping[str, tuple[Scalar, Node]]) -> list[tuple[str, int]]:
        """The lines of a script, references to other jobs' scripts put in."""
        entry = keys.get(key) or (self.default.get(key) or self.shared.get(key) if key == "before_script" else None)
        if entry is None:
            return []
        result: list[tuple[str, int]] = []
        for item in [entry[1]] if entry[1].tag == REFERENCE else items(entry[1]):
            if isinstance(item, nodes.Sequence) and item.tag == REFERENCE:
                names = texts(item)
                if len(names) == 2:
                    result.extend(
                        flat(entries(self.jobs[names[0]][1]).get(names[1], (None, None))[1])
                        if names[0] in self.jobs
                        else []
                    )
            else:
                result.extend(flat(item))
        return result

    def image(self, keys: Mapping[str, tuple[Scalar, Node]]) -> str | None:
        """The job's image, or the file's."""
        entry = keys.get("image") or self.default.get("image") or self.shared.get("image")
        return (text(child(entry[1], "name")) or text(entry[1])) if entry else None


def _variables(node: Node | None) -> dict[str, str]:
    """Variables with plain values."""
    variables = {}
    for name, (_, value) in entries(node).items():
        plain = text(value) if isinstance(value, Scalar) else text(child(value, "value"))
        if plain is not None:
            variables[name] = plain
    return variables


def _events(keys: Mapping[str, tuple[Scalar, Node]]) -> tuple[tuple[str, ...], bool, list[Lost]]:
    """The events that `rules` or `only` mean, whether a person starts it, and what they say beside."""
    manual = "when" in keys and text(keys["when"][1]) == "manual"
    lost: list[Lost] = []
    names: list[str] = []
    if "rules" in keys:
        key, node = keys["rules"]
        for rule in items(node):
            when, condition = text(child(rule, "when")), text(child(rule, "if"))
            manual = manual or when == "manual"
            event = _event(condition or "")
            plain = set(entries(rule)) <= {"if", "when"} and when in (None, "on_success", "always", "manual")
            if event and plain:
                names.append(event)
            else:
                lost.append(Lost(Place(FILE, rule.line), f"rule {_shown(rule)}: write it as `events` or `changes`"))
        if lost:
            names = []
        lost = lost or ([] if names else [Lost(Place(FILE, key.line), "rules without a condition")])
    for name in ("only", "except"):
        if name in keys:
            key, node = keys[name]
            refs = texts(child(node, "refs") if isinstance(node, nodes.Mapping) else node)
            events = [_ONLY.get(ref) or _branch(ref) for ref in refs]
            if name == "only" and refs and all(events) and not (set(entries(node)) - {"refs"}):
                names.extend(str(event) for event in events)
            else:
                lost.append(Lost(Place(FILE, key.line), f"{name} {_shown(node)}: write it as `events` or `changes`"))
    return tuple(dict.fromkeys(names)), manual, lost


def _event(condition: str) -> str | None:
    """The event that a condition of a rule is, or None."""
    for pattern, event in _CONDITIONS:
        match = pattern.fullmatch(condition.strip().strip("'\""))
        match = match or pattern.fullmatch(condition.strip())
        if match:
            return event.format(*match.groups())
    return None


def _branch(ref: str) -> str | None:
    """The event of a branch's plain name, or none for a pattern."""
    return f"branch:{ref}" if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]+)*", ref) else None


def _job_lost(keys: Mapping[str, tuple[Scalar, Node]]) -> list[Lost]:
    """The job's keys that no descriptor holds."""
    lost = []
    for name, (key, node) in keys.items():
        if name == "extends" and not all(isinstance(item, Scalar) for item in items(node)):
            continue
        if name in _LOST and text(node) != "false":
            lost.append(Lost(Place(FILE, key.line), _LOST[name].format(_shown(node))))
    return lost


def _shown(node: Node) -> str:
    """A node's scalars in one line."""
    if isinstance(node, Scalar):
        return readable(node.text, 60)
    if isinstance(node, nodes.Sequence):
        return readable(", ".join(text(entry) or text(child(entry, "name")) or "..." for entry in node.items[:4]), 60)
    return readable(
        ", ".join(f"{name}: {text(value) or '...'}" for name, (_, value) in list(entries(node).items())[:4]), 60
    )
