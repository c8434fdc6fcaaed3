"""All checks of a `.gitlab-ci.yml`, in their order."""

from __future__ import annotations

from pipeline_kit.lint.finding import Findings, word
from pipeline_kit.servers.gitlab.expression import ConditionError
from pipeline_kit.servers.gitlab.lint import keywords, shape
from pipeline_kit.servers.gitlab.lint.condition import judge
from pipeline_kit.servers.gitlab.lint.document import Document, Job
from pipeline_kit.servers.gitlab.lint.graph import Graph
from pipeline_kit.servers.gitlab.lint.rules import RULES
from pipeline_kit.servers.gitlab.lint.values import (
    check_coercion,
    check_coverage,
    check_delay,
    check_duration,
    check_parallel,
    check_retry,
    check_script,
    check_variables,
    check_when,
)
from pipeline_kit.servers.gitlab.lint.yaml_nodes import Mapping, Node, Reference, Scalar, Sequence, flat
from pipeline_kit.servers.gitlab.lint.yaml_read import YamlFile

_SCRIPTS = ("script", "before_script", "after_script")
_UNCONDITIONAL = {"when", "start_in", "allow_failure", "variables", "needs", "interruptible", "auto_cancel"}
_SYNTAX = {"syntax": "GL002", "root": "GL003", "duplicate": "GL019"}


def lint_gitlab(text: str, *, fragment: bool = False) -> Findings:
    """What is wrong in the text; a `fragment` is a file that another one includes."""
    findings = Findings(RULES, once_a_place=True)
    add = findings.add
    file = YamlFile(text, lambda what, line, column, said, hint: add(_SYNTAX[what], line, column, said, hint))
    documents = [document for document in file.documents if not (isinstance(document, Scalar) and document.absent)]
    if len(documents) > 1 and isinstance(documents[0], Mapping) and "spec" in documents[0].entries:
        documents = documents[1:]  # the first document says which inputs there are
    if not documents:
        if not len(findings) and not fragment:
            add("GL010", 1, 1, "the file is empty")
        return findings
    root = documents[0]
    if not isinstance(root, Mapping):
        add("GL004", root.line, root.column, "the file must hold a mapping of keywords and jobs")
        return findings
    include = root.entries.get("include")
    if include is not None:
        add(
            "GL001",
            include.key.line,
            include.key.column,
            "`include` is not followed: a name that the other files may define is not reported",
        )
    elif fragment:
        add("GL001", 1, 1, "the file is read as one that others include: a name that they may define is not reported")
    document = Document(root, include is not None or fragment, findings, fragment)
    _Checks(document, file.references).run()
    return findings


class _Checks:
    def __init__(self, document: Document, references: list[Reference]) -> None:
        self._document = document
        self._references = references
        self._add = document.findings.add
        self._shapes = shape.ShapeCheck(document)

    def run(self) -> None:
        """Everything, from the root down."""
        self._root()
        self._reference_targets()
        for job in self._document.visible:
            self._job(job)
        Graph(self._document, self._shapes).check()

    def _root(self) -> None:
        root = self._document.root
        for name, entry in root.entries.items():
            if name in keywords.REMOVED:
                self._removed(entry.key)
            elif name not in keywords.ROOT and not name.startswith("."):
                self._root_key(entry.key, entry.value)
            if name in keywords.NO_JOB_NAMES and isinstance(entry.value, Mapping) and "script" in entry.value.entries:
                message = f"{word(name)} is a keyword of GitLab, not a job"
                self._add("GL009", entry.key.line, entry.key.column, message)
        if not self._document.visible and not self._document.open and root.get("spec") is None:
            self._add("GL010", 1, 1, "no job can run")
        for name, known in shape.ROOT_VALUES.items():
            value = root.get(name)
            if not (isinstance(value, Mapping) and "script" in value.entries):
                self._shapes.check(value, known, name)
        self._scripts(root, "the file")
        check_variables(self._document, root.get("variables"), "variables")
        self._default()
        self._workflow()

    def _root_key(self, key: Scalar, value: Node) -> None:
        findings = self._document.findings
        if isinstance(value, Mapping | Reference) or (isinstance(value, Scalar) and value.dynamic) or "$[[" in key.text:
            return
        if key.text in keywords.JOB:
            hint = f"`{key.text}` belongs in a job or in `default`"
        else:
            hint = findings.near(key.text, sorted(keywords.ROOT), "a job is a mapping with a `script`")
        self._add("GL004", key.line, key.column, f"{word(key.text)} is neither a keyword nor a job", hint)

    def _removed(self, key: Scalar) -> None:
        message = f"{word(key.text)} is gone from GitLab"
        self._add("GL018", key.line, key.column, message, f"write `{keywords.REMOVED[key.text]}`")

    def _default(self) -> None:
        default = self._document.root.get("default")
        if not isinstance(default, Mapping) or "script" in default.entries:
            return
        self._shapes.check(default, shape.Shape("a mapping", mapping=True, keys=shape.DEFAULT_VALUES), "default")
        self._scripts(default, "default")
        check_duration(self._document, default.get("timeout"), "default:timeout")
        check_retry(self._document, default.get("retry"), "default")
        self._artifacts(default, "default")

    def _workflow(self) -> None:
        workflow = self._document.root.get("workflow")
        if isinstance(workflow, Mapping):
            self._shapes.check(workflow, shape.WORKFLOW, "workflow")
            self._rules(workflow.get("rules"), "workflow", shape.WORKFLOW_RULE, keywords.WHEN_WORKFLOW)

    def _reference_targets(self) -> None:
        for reference in self._references:
            if self._document.open or any("$[[" in part for part in reference.path):
                continue
            known = self._document.jobs.get(reference.path[0]) if reference.path else None
            if self._turns_back(reference):
                self._add(
                    "GL017",
                    reference.line,
                    reference.column,
                    f"`!reference [{', '.join(reference.path)}]` refers to itself",
                )
            elif self._document.lookup(reference.path) is None and (known is None or known.complete):
                path = ", ".join(reference.path)
                hint = None
                if known is None and reference.path:
                    hint = self._document.findings.near(
                        reference.path[0], self._document.root.entries, "no job has this name"
                    )
                self._add("GL017", reference.line, reference.column, f"`!reference [{path}]` names nothing", hint)

    def _turns_back(self, reference: Reference) -> bool:
        """Whether what the reference names holds the reference itself."""
        waiting: list[Reference] = [reference]
        seen: set[int] = set()
        while waiting and len(seen) < 1000:
            for node in flat(self._document.lookup(waiting.pop().path)):
                if node is reference:
                    return True
                if isinstance(node, Reference) and id(node) not in seen:
                    seen.add(id(node))
                    waiting.append(node)
        return False

    def _job(self, job: Job) -> None:
        config, document = job.config, self._document
        self._keys(job)
        self._runs(job)
        self._scripts(config, job.name)
        for name, entry in config.entries.items():
            known = shape.JOB_VALUES.get(name)
            if known is not None:
                self._shapes.check(entry.value, known, f"{job.name}:{name}")
        check_when(document, config.get("when"), f"{job.name}:when", keywords.WHEN_JOB)
        check_duration(document, config.get("timeout"), f"{job.name}:timeout")
        check_retry(document, config.get("retry"), job.name)
        self._parallel(job)
        check_variables(document, config.get("variables"), f"{job.name}:variables")
        check_coverage(document, job)
        self._artifacts(config, job.name)
        environment = document.follow(config.get("environment"))
        if isinstance(environment, Mapping):
            check_duration(document, environment.get("auto_stop_in"), f"{job.name}:environment:auto_stop_in")
        self._starts(job)

    def _keys(self, job: Job) -> None:
        findings = self._document.findings
        for name, entry in job.config.entries.items():
            if name in keywords.REMOVED:
                self._removed(entry.key)
            elif name not in keywords.JOB and "$[[" not in name:
                hint = findings.near(name, sorted(keywords.JOB), "no keyword of GitLab resembles it")
                if isinstance(entry.value, Mapping) and {"script", "stage"} & set(entry.value.entries):
                    hint = "is it a job of its own? then it must not be indented"
                message = f"{word(job.name)} has no keyword {word(name)}"
                findings.add("GL005", entry.key.line, entry.key.column, message, hint)

    def _runs(self, job: Job) -> None:
        has = {key for key in ("script", "run", "trigger") if key in job.config.entries}
        bridge = any(isinstance(node, Mapping) and "pipeline" in node.entries for node in flat(job.config.get("needs")))
        if not has and job.complete and not self._document.open and not bridge:
            message = f"{word(job.name)} has no `script`, `run` or `trigger`"
            self._add("GL011", job.key.line, job.key.column, message)
        if "trigger" in has and len(has) > 1:
            key = job.config.entries["trigger"].key
            message = f"{word(job.name)} has `trigger` beside `{sorted(has - {'trigger'})[0]}`"
            self._add("GL014", key.line, key.column, message)
        if {"script", "run"} <= has:
            key = job.config.entries["run"].key
            self._add("GL014", key.line, key.column, f"{word(job.name)} has `run` beside `script`", "keep one of them")

    def _scripts(self, config: Mapping, name: str) -> None:
        for key in _SCRIPTS:
            entry = config.entries.get(key)
            if entry is not None:
                check_script(self._document, entry.value, entry.key, name, required=key == "script")

    def _parallel(self, job: Job) -> None:
        parallel = job.config.get("parallel")
        check_parallel(self._document, parallel, job.name)
        matrix = parallel.get("matrix") if isinstance(parallel, Mapping) else None
        for node in flat(matrix):
            if isinstance(node, Mapping):
                for name, entry in node.entries.items():
                    for value in flat(entry.value):
                        if isinstance(value, Scalar):
                            check_coercion(self._document, value, f"{job.name}:parallel:matrix:{name}")

    def _artifacts(self, config: Mapping, name: str) -> None:
        artifacts = self._document.follow(config.get("artifacts"))
        if isinstance(artifacts, Mapping):
            check_duration(self._document, artifacts.get("expire_in"), f"{name}:artifacts:expire_in", never=True)

    def _starts(self, job: Job) -> None:
        config = job.config
        if config.get("rules") is None:
            check_delay(self._document, config, job.key, job.name)
            return
        for name in ("only", "except", "start_in"):
            if config.get(name) is not None:
                key = config.entries[name].key
                self._add("GL040", key.line, key.column, f"{word(job.name)} has both `rules` and `{name}`")
        self._rules(config.get("rules"), job.name, shape.RULE, keywords.WHEN_RULE)
        manual = config.text("when")
        if config.get("allow_failure") is None and not (manual is not None and manual.text == "manual"):
            self._blocking(job)

    def _blocking(self, job: Job) -> None:
        for item in self._document.items(job.config.get("rules")):
            when = item.text("when") if isinstance(item, Mapping) else None
            if (
                when is not None
                and when.text == "manual"
                and isinstance(item, Mapping)
                and item.get("allow_failure") is None
            ):
                message = (
                    f"{word(job.name)} waits for a person, and the pipeline with it: in `rules`, `when: manual` blocks"
                )
                self._add("GL044", when.line, when.column, message)

    def _rules(self, node: Node | None, name: str, known: shape.Shape, allowed: tuple[str, ...]) -> None:
        node = self._document.follow(node)
        if node is None:
            return
        if not isinstance(node, Sequence):
            if not (isinstance(node, Scalar) and node.dynamic):
                self._add("GL007", node.line, node.column, f"{word(name + ':rules')} must be a list of rules")
            return
        decided: Mapping | None = None
        for item in self._document.items(node):
            if not isinstance(item, Mapping):
                if not (isinstance(item, Scalar) and (item.dynamic or item.absent)):
                    self._add("GL007", item.line, item.column, f"{word(name + ':rules')} must be a list of rules")
                continue
            self._shapes.check(item, known, f"{name}:rules")
            self._rule(item, f"{name}:rules", allowed)
            if decided is not None and decided is not item:
                message = f"this rule is never reached: the one at line {decided.line} has no condition"
                self._add("GL042", item.line, item.column, message)
            elif item.entries and set(item.entries) <= _UNCONDITIONAL:
                decided = item

    def _rule(self, rule: Mapping, name: str, allowed: tuple[str, ...]) -> None:
        check_when(self._document, rule.get("when"), f"{name}:when", allowed)
        check_variables(self._document, rule.get("variables"), f"{name}:variables")
        if "start_in" in rule.entries or (rule.text("when") is not None and allowed is keywords.WHEN_RULE):
            check_delay(self._document, rule, rule, name)
        condition = rule.text("if")
        if condition is not None:
            try:
                judge(condition.text, {})
            except ConditionError as error:
                self._add("GL043", condition.line, condition.column, f"{word(name + ':if')}: {error}")
