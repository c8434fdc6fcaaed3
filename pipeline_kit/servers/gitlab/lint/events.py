"""Which events certainly start a job, and which certainly do not."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from pipeline_kit.servers.gitlab.expression import ConditionError
from pipeline_kit.servers.gitlab.lint.condition import Named, Truth, Unknown, Value, judge
from pipeline_kit.servers.gitlab.lint.document import Document, Job
from pipeline_kit.servers.gitlab.lint.keywords import ONLY_REFS
from pipeline_kit.servers.gitlab.lint.yaml_nodes import Mapping, Node, Scalar, flat

_DEFAULT = Named("default")
_OTHER = Named("other", "a-branch-of-its-own")
_SOME = Unknown(filled=True)
_NO_MERGE_REQUEST: dict[str, Value] = {
    f"CI_MERGE_REQUEST_{name}": None
    for name in (
        "ID", "IID", "EVENT_TYPE", "LABELS", "SOURCE_BRANCH_NAME", "SOURCE_BRANCH_SHA", "SOURCE_PROJECT_ID", "TITLE",
        "SOURCE_PROJECT_PATH", "TARGET_BRANCH_NAME", "PROJECT_ID", "PROJECT_PATH", "DRAFT", "REF_PATH", "DIFF_BASE_SHA",
    )
}  # fmt: skip
_COMMON: dict[str, Value] = {"CI": "true", "GITLAB_CI": "true", "CI_DEFAULT_BRANCH": _DEFAULT, "CI_PROJECT_ID": _SOME}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that starts a pipeline: how a message names it, its `only` keywords, and what its variables are."""

    name: str
    refs: frozenset[str]
    branch: Named | None
    variables: MappingOf[str, Value]


def _event(name: str, source: str, refs: str, branch: Named | None, **more: Value) -> Event:
    variables = {**_COMMON, "CI_PIPELINE_SOURCE": source, "CI_COMMIT_BRANCH": branch, "CI_COMMIT_TAG": None}
    if branch is not None:
        variables["CI_COMMIT_REF_NAME"] = branch
    if source != "merge_request_event":
        variables |= _NO_MERGE_REQUEST
    return Event(name, frozenset(refs.split()), branch, variables | more)


EVENTS = (
    _event("a push to the default branch", "push", "branches pushes", _DEFAULT),
    _event("a push to another branch", "push", "branches pushes", _OTHER, CI_OPEN_MERGE_REQUESTS=None),
    _event("a tag", "push", "tags pushes", None, CI_COMMIT_TAG=_SOME, CI_OPEN_MERGE_REQUESTS=None),
    _event(
        "a merge request", "merge_request_event", "merge_requests", None,
        CI_MERGE_REQUEST_ID=_SOME, CI_MERGE_REQUEST_IID=_SOME, CI_OPEN_MERGE_REQUESTS=_SOME,
    ),
    _event("a schedule", "schedule", "branches schedules", _DEFAULT),
    _event("a pipeline started by hand", "web", "branches web", _DEFAULT),
)  # fmt: skip


class Starts:
    """Answers whether an event starts a job; UNKNOWN wherever that is not certain."""

    def __init__(self, document: Document) -> None:
        self._document = document
        workflow = document.root.get("workflow")
        self._workflow = workflow.get("rules") if isinstance(workflow, Mapping) else None
        self._known: dict[tuple[str, str], Truth] = {}
        self._judged: dict[tuple[str, str], Truth] = {}

    def pipeline(self, event: Event) -> Truth:
        """Whether the event makes a pipeline, as far as the workflow's rules say."""
        if self._workflow is None:
            return Truth.UNKNOWN if self._document.open else Truth.YES
        return self._rules(self._workflow, event)

    def job(self, job: Job, event: Event) -> Truth:
        """Whether a pipeline of the event has the job."""
        key = (job.name, event.name)
        if key not in self._known:
            self._known[key] = self._job(job, event)
        return self._known[key]

    def _job(self, job: Job, event: Event) -> Truth:
        config = job.config
        if not job.complete or config.get("inputs") is not None:
            return Truth.UNKNOWN
        if "rules" in config.entries:
            return self._rules(config.get("rules"), event)
        if self._document.open:
            return Truth.UNKNOWN  # another file may give it rules
        only, without = config.get("only"), config.get("except")
        if only is None and without is None and self._workflow is not None:
            return Truth.YES
        starts = self._policy(only, event) if only is not None else _either(bool(event.refs & {"branches", "tags"}))
        stops = self._policy(without, event) if without is not None else Truth.NO
        if starts is Truth.NO or stops is Truth.YES:
            return Truth.NO
        return Truth.UNKNOWN if Truth.UNKNOWN in (starts, stops) else Truth.YES

    def _rules(self, node: Node | None, event: Event) -> Truth:
        """The first rule that matches decides; a rule that may match leaves both ways open."""
        ends: set[Truth] = set()
        node = self._document.follow(node)
        if node is None or not flat(node):
            return Truth.UNKNOWN
        for item in flat(node):
            rule = self._document.follow(item)
            for inner in flat(rule) if rule is not None else [None]:
                matches = self._matches(inner, event)
                if matches is not Truth.NO:
                    ends.add(_outcome(inner))
                if matches is Truth.YES:
                    return ends.pop() if len(ends) == 1 else Truth.UNKNOWN
        ends.add(Truth.NO)
        return ends.pop() if len(ends) == 1 else Truth.UNKNOWN

    def _matches(self, rule: Node | None, event: Event) -> Truth:
        if not isinstance(rule, Mapping):
            return Truth.UNKNOWN
        yes = Truth.YES
        condition = rule.entries.get("if")
        if condition is not None:
            if not isinstance(condition.value, Scalar):
                return Truth.UNKNOWN
            yes = self._judge(condition.value.text, event)
        narrowed = rule.get("changes") is not None or rule.get("exists") is not None
        return Truth.UNKNOWN if narrowed and yes is Truth.YES else yes

    def _judge(self, condition: str, event: Event) -> Truth:
        key = (condition, event.name)
        if key not in self._judged:
            try:
                self._judged[key] = judge(condition, event.variables)
            except ConditionError:
                self._judged[key] = Truth.UNKNOWN
        return self._judged[key]

    def _policy(self, node: Node, event: Event) -> Truth:
        """Whether an `only` or `except` matches."""
        narrowed = False
        if isinstance(node, Mapping):
            narrowed = any(node.get(key) is not None for key in ("variables", "changes", "kubernetes"))
            refs = node.get("refs")
            if refs is None:
                return Truth.UNKNOWN
            node = refs
        truths = [self._ref(item, event) for item in self._document.items(node)]
        if not truths or Truth.YES in truths:
            return Truth.UNKNOWN if narrowed or not truths else Truth.YES
        return Truth.UNKNOWN if Truth.UNKNOWN in truths else Truth.NO

    def _ref(self, node: Node, event: Event) -> Truth:
        if not isinstance(node, Scalar) or "@" in node.text or "$" in node.text or node.text.startswith("/"):
            return Truth.UNKNOWN
        if node.text in ONLY_REFS:
            return _either(node.text in event.refs)
        return Truth.NO if event.branch == _OTHER else Truth.UNKNOWN


def _either(yes: bool) -> Truth:
    return Truth.YES if yes else Truth.NO


def _outcome(rule: Node | None) -> Truth:
    when = rule.get("when") if isinstance(rule, Mapping) else None
    if rule is None or (when is not None and not (isinstance(when, Scalar) and not when.dynamic)):
        return Truth.UNKNOWN
    return Truth.NO if isinstance(when, Scalar) and when.text == "never" else Truth.YES
