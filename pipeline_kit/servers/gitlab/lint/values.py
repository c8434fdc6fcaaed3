"""Single values of a job: scripts, durations, `when`, `retry`, `parallel`, variables, coverage."""

from __future__ import annotations

import re

from pipeline_kit.lint.finding import word
from pipeline_kit.servers.gitlab.lint import keywords
from pipeline_kit.servers.gitlab.lint.document import Document, Job
from pipeline_kit.servers.gitlab.lint.duration import WEEK, seconds
from pipeline_kit.servers.gitlab.lint.yaml_nodes import Kind, Mapping, Node, Reference, Scalar, Sequence, flat

MOST_PARALLEL = 200
MOST_RETRIES = 2
_VARIABLE_KEYS = ("value", "description", "options", "expand")


def check_script(document: Document, node: Node | None, key: Scalar, name: str, *, required: bool) -> None:
    """A script is text or a list of texts; where it is `required`, it holds at least one."""
    if isinstance(node, Reference):
        return
    items = flat(node)
    texts = [item for item in items if not (isinstance(item, Scalar) and item.absent)]
    if required and not texts:
        document.findings.add("GL012", key.line, key.column, f"{word(key.text)} of {word(name)} is empty")
    if required and not isinstance(node, Sequence) and isinstance(node, Scalar) and not node.text.strip():
        document.findings.add("GL012", key.line, key.column, f"{word(key.text)} of {word(name)} is empty")
    for text in texts:
        if isinstance(text, Mapping):
            first = next(iter(text.entries), "")
            message = f"this line of {word(key.text)} is a mapping with the key {word(first)}, not text"
            document.findings.add("GL013", text.line, text.column, message)


def check_duration(
    document: Document, node: Node | None, name: str, *, never: bool = False, limit: bool = False
) -> None:
    """A duration is text that says one; `never` is one too where artifacts expire."""
    if not isinstance(node, Scalar) or node.absent or "$" in node.text or (never and node.text == "never"):
        return
    result = seconds(node.text)
    if result is None:
        message = f"{word(name)} is {word(node.text)}, which is not a duration"
        document.findings.add("GL050", node.line, node.column, message)
    elif node.kind in (Kind.INTEGER, Kind.FLOAT):
        message = f"{word(name)} is the number {node.text}, and GitLab wants text with a unit"
        document.findings.add(
            "GL050", node.line, node.column, message, f"write `{node.text} seconds`, or the unit you mean"
        )
    elif limit and result > WEEK:
        document.findings.add(
            "GL050", node.line, node.column, f"{word(name)} is more than a week", "GitLab waits a week at most"
        )


def check_when(document: Document, node: Node | None, name: str, allowed: tuple[str, ...]) -> None:
    """A `when` is one of the words that are allowed at its place."""
    if isinstance(node, Scalar) and not node.absent and not node.dynamic and node.text not in allowed:
        findings = document.findings
        hint = "`never` belongs in `rules`" if node.text == "never" else None
        hint = hint or findings.near(node.text, allowed, f"allowed: {', '.join(allowed)}")
        findings.add("GL041", node.line, node.column, f"{word(name)} is {word(node.text)}", hint)


def check_delay(document: Document, config: Mapping, where: Scalar | Mapping, name: str) -> None:
    """`start_in` and `when: delayed` belong together."""
    when, start = config.text("when"), config.get("start_in")
    delayed = when is not None and when.text == "delayed"
    check_duration(document, document.follow(start), f"{name}:start_in", limit=True)
    if delayed and start is None and when is not None:
        document.findings.add(
            "GL051", when.line, when.column, f"{word(name)} is delayed, and no `start_in` says how long"
        )
    elif start is not None and not delayed and (when is not None or "when" not in config.entries):
        key = config.entries["start_in"].key
        message = f"{word(name)} has `start_in` without `when: delayed`"
        document.findings.add("GL051", key.line, key.column, message)


def check_retry(document: Document, node: Node | None, name: str) -> None:
    """`retry` is a number up to 2, or a mapping of max, when and exit_codes."""
    node = document.follow(node)
    add = document.findings.add
    if isinstance(node, Scalar):
        _retry_count(document, node, f"{name}:retry")
    elif isinstance(node, Mapping):
        for key, entry in node.entries.items():
            if key == "max" and isinstance(entry.value, Scalar):
                unquoted = Scalar(entry.value.line, entry.value.column, entry.value.text)  # GitLab takes "2" there
                _retry_count(document, unquoted, f"{name}:retry:max")
            elif key not in ("max", "when", "exit_codes"):
                add(
                    "GL052",
                    entry.key.line,
                    entry.key.column,
                    f"{word(name + ':retry')} has no key {word(key)}",
                    "it may hold max, when and exit_codes",
                )
        for reason in document.items(node.get("when")):
            if isinstance(reason, Scalar) and not reason.dynamic and reason.text not in keywords.RETRY_WHEN:
                hint = document.findings.near(reason.text, sorted(keywords.RETRY_WHEN), "see the page of `retry:when`")
                add(
                    "GL052",
                    reason.line,
                    reason.column,
                    f"{word(name + ':retry:when')} has {word(reason.text)}, which GitLab does not know",
                    hint,
                )
    elif node is not None:
        add("GL052", node.line, node.column, f"{word(name + ':retry')} must be a number or a mapping")


def _retry_count(document: Document, node: Scalar, name: str) -> None:
    if node.absent or node.dynamic:
        return
    if not (node.kind is Kind.INTEGER and node.text.isdigit() and int(node.text[:9]) <= MOST_RETRIES):
        document.findings.add(
            "GL052", node.line, node.column, f"{word(name)} is {word(node.text)}, and must be 0, 1 or 2"
        )


def check_parallel(document: Document, node: Node | None, name: str) -> int:
    """Checks `parallel`, and counts the jobs that it makes (1 where that is not known)."""
    node = document.follow(node)
    if isinstance(node, Scalar) and not node.dynamic and not node.absent:
        if node.kind is Kind.INTEGER and node.text.isdigit() and 1 <= int(node.text[:9]) <= MOST_PARALLEL:
            return int(node.text)
        document.findings.add(
            "GL053",
            node.line,
            node.column,
            f"{word(name + ':parallel')} is {word(node.text)}, and must be 1 to {MOST_PARALLEL}",
        )
    elif isinstance(node, Mapping):
        return _matrix(document, node, f"{name}:parallel")
    return 1


def _matrix(document: Document, node: Mapping, name: str) -> int:
    add = document.findings.add
    for key, entry in node.entries.items():
        if key != "matrix":
            add(
                "GL053",
                entry.key.line,
                entry.key.column,
                f"{word(name)} has no key {word(key)}",
                "it holds `matrix` alone",
            )
    matrix = document.follow(node.get("matrix"))
    if matrix is None:
        return 1
    if not isinstance(matrix, Sequence):
        if not isinstance(matrix, Scalar) or not matrix.dynamic:
            add("GL053", matrix.line, matrix.column, f"{word(name + ':matrix')} must be a list of mappings")
        return 1
    total = 0
    for item in document.items(matrix):
        cells = 1
        if isinstance(item, Mapping):
            for entry in item.entries.values():
                cells = min(cells * max(1, len(document.items(entry.value))), 1_000_000)
        elif isinstance(item, Scalar) and not item.dynamic and not item.absent:
            add("GL053", item.line, item.column, f"{word(name + ':matrix')} must be a list of mappings")
        total += cells
    if total > MOST_PARALLEL:
        add(
            "GL053",
            matrix.line,
            matrix.column,
            f"{word(name + ':matrix')} makes {total} jobs, and {MOST_PARALLEL} is the most",
        )
    return max(total, 1)


def check_variables(document: Document, node: Node | None, name: str) -> None:
    """Each variable is one text; unquoted words that YAML converts are reported."""
    node = document.follow(node)
    if not isinstance(node, Mapping):
        return
    for key, entry in node.entries.items():
        value = document.follow(entry.value)
        path = f"{name}:{key}"
        if isinstance(value, Mapping):
            for inner, item in value.entries.items():
                if inner not in _VARIABLE_KEYS:
                    message = f"{word(path)} has no key {word(inner)}"
                    document.findings.add(
                        "GL056", item.key.line, item.key.column, message, f"it may hold: {', '.join(_VARIABLE_KEYS)}"
                    )
            value = document.follow(value.get("value"))
        if isinstance(value, Sequence):
            document.findings.add("GL056", value.line, value.column, f"{word(path)} is a list, and must be one text")
        elif isinstance(value, Scalar):
            check_coercion(document, value, path)


def check_coercion(document: Document, value: Scalar, path: str) -> None:
    """Reports values that the job sees otherwise than they are written."""
    if not value.plain or value.dynamic:
        return
    seen = _coerced(value)
    if seen is not None and seen != value.text:
        rule = "GL054" if value.kind is Kind.BOOLEAN else "GL055"
        message = f"{word(path)} is written {word(value.text)}, and the job sees `{seen}`"
        document.findings.add(rule, value.line, value.column, message, f'quote it: "{value.text}"')


def _coerced(value: Scalar) -> str | None:
    """What Ruby's YAML makes of a plain scalar, where that is certain."""
    text, kind = value.text, value.kind
    if kind is Kind.BOOLEAN and text.lower() in ("yes", "on"):
        return "true"
    if kind is Kind.BOOLEAN and text.lower() in ("no", "off"):
        return "false"
    if kind is Kind.FLOAT and re.fullmatch(r"\d{1,6}\.\d{1,6}", text):
        return str(float(text))
    if kind is Kind.INTEGER and re.fullmatch(r"0[0-7]{1,15}", text):
        return str(int(text, 8))
    if kind is Kind.INTEGER and re.fullmatch(r"[1-9]\d*(_\d+)+", text):
        return text.replace("_", "")
    return None


def check_coverage(document: Document, job: Job) -> None:
    """`coverage` is a regular expression between slashes."""
    node = job.config.text("coverage")
    if node is not None and not re.fullmatch(r"/.+/[a-z]*", node.text.strip(), re.DOTALL):
        document.findings.add("GL057", node.line, node.column, f"{word(job.name + ':coverage')} is {word(node.text)}")
