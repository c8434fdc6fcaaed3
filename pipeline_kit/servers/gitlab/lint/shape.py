"""Which keys a section has, and of what form their values are."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from pipeline_kit.lint.finding import listed, word
from pipeline_kit.servers.gitlab.lint.document import Document
from pipeline_kit.servers.gitlab.lint.keywords import DEFAULT, REPORTS
from pipeline_kit.servers.gitlab.lint.yaml_nodes import Kind, Mapping, Node, Reference, Scalar, Sequence

_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may be; `keys` of a mapping (none: any), `choices` of a text (none: any)."""

    name: str
    text: bool = False
    boolean: bool = False
    items: Shape | None = None
    mapping: bool = False
    keys: MappingOf[str, Shape] | None = None
    choices: tuple[str, ...] = ()


ANY = Shape("anything", text=True, boolean=True, mapping=True)
TEXT = Shape("text", text=True)
BOOLEAN = Shape("true or false", boolean=True)
TEXTS = Shape("a list of texts", items=TEXT)
TEXT_OR_TEXTS = Shape("text or a list of texts", text=True, items=TEXT)
FREE = Shape("a mapping", mapping=True)


def _map(name: str = "a mapping", /, **keys: Shape) -> Shape:
    return Shape(name, mapping=True, keys=keys)


def _one_of(*choices: str) -> Shape:
    return Shape("text", text=True, choices=choices)


_PULL = ("always", "if-not-present", "never")
_PULL_POLICY = Shape("text or a list of texts", text=True, choices=_PULL, items=_one_of(*_PULL))
_IMAGE = {
    "name": TEXT,
    "entrypoint": TEXT_OR_TEXTS,
    "docker": _map(platform=TEXT, user=TEXT),
    "kubernetes": _map(user=TEXT),
    "pull_policy": _PULL_POLICY,
    "ports": ANY,
}
_SERVICE = Shape(
    "text or a mapping",
    text=True,
    mapping=True,
    keys={**_IMAGE, "alias": TEXT, "command": TEXT_OR_TEXTS, "variables": FREE},
)
_ON = ("on_success", "on_failure", "always")
_CACHE_KEYS = {
    "key": Shape(
        "text or a mapping",
        text=True,
        mapping=True,
        keys={"files": TEXTS, "files_commits": TEXTS, "prefix": TEXT},
    ),
    "paths": TEXTS,
    "policy": TEXT,
    "unprotect": BOOLEAN,
    "untracked": BOOLEAN,
    "when": _one_of(*_ON),
    "fallback_keys": TEXTS,
}
_CACHE_ITEM = Shape("a mapping", mapping=True, keys=_CACHE_KEYS)
_CACHE = Shape("a mapping or a list of mappings", mapping=True, keys=_CACHE_KEYS, items=_CACHE_ITEM)
_REPORT_KEYS: dict[str, Shape] = {
    **dict.fromkeys(REPORTS, TEXT_OR_TEXTS),
    "coverage_report": _map(coverage_format=_one_of("cobertura", "jacoco"), path=TEXT),
}
_ARTIFACTS = _map(
    paths=TEXTS,
    exclude=TEXTS,
    expose_as=TEXT,
    name=TEXT,
    untracked=BOOLEAN,
    when=_one_of(*_ON),
    access=_one_of("none", "developer", "maintainer", "all"),
    public=BOOLEAN,
    expire_in=TEXT,
    reports=Shape("a mapping", mapping=True, keys=_REPORT_KEYS),
)
_KUBERNETES = _map(
    agent=TEXT,
    namespace=TEXT,
    flux_resource_path=TEXT,
    managed_resources=FREE,
    dashboard=_map(namespace=TEXT, flux_resource_path=TEXT),
)
_ENVIRONMENT = Shape(
    "text or a mapping",
    text=True,
    mapping=True,
    keys={
        "name": TEXT,
        "url": TEXT,
        "on_stop": TEXT,
        "action": _one_of("start", "prepare", "stop", "verify", "access"),
        "auto_stop_in": TEXT,
        "kubernetes": _KUBERNETES,
        "deployment_tier": TEXT,
    },
)
_RELEASE = _map(
    tag_name=TEXT, tag_message=TEXT, description=TEXT, name=TEXT, ref=TEXT, milestones=TEXT_OR_TEXTS, released_at=TEXT,
    assets=_map(links=Shape("a list of mappings", items=FREE)),
)  # fmt: skip
_FORWARD = _map(yaml_variables=BOOLEAN, pipeline_variables=BOOLEAN)
_TRIGGER = Shape(
    "text or a mapping",
    text=True,
    mapping=True,
    keys={
        "project": TEXT,
        "branch": TEXT,
        "strategy": _one_of("depend", "mirror"),
        "inputs": FREE,
        "forward": _FORWARD,
        "include": ANY,
    },
)
_POLICY = Shape(
    "a list of texts or a mapping",
    items=TEXT,
    mapping=True,
    keys={"refs": TEXT_OR_TEXTS, "variables": TEXTS, "changes": TEXTS, "kubernetes": _one_of("active")},
)
_INHERIT_LIST = Shape("text", text=True, choices=tuple(sorted(DEFAULT)))
_INHERIT = _map(
    default=Shape("true, false or a list of texts", boolean=True, items=_INHERIT_LIST),
    variables=Shape("true, false or a list of texts", boolean=True, items=TEXT),
)
_ALLOW_FAILURE = Shape("true, false or a mapping", boolean=True, mapping=True, keys={"exit_codes": TEXT_OR_TEXTS})
_AUTO_CANCEL = _map(
    on_new_commit=_one_of("conservative", "interruptible", "none"),
    on_job_failure=_one_of("all", "none"),
)
_PAGES = Shape(
    "true, false or a mapping",
    boolean=True,
    mapping=True,
    keys={"path_prefix": TEXT, "expire_in": TEXT, "publish": TEXT},
)
_PATHS = {"paths": TEXTS, "compare_to": TEXT, "regexp": TEXT}
_CHANGES = Shape("a list of texts or a mapping", items=TEXT, mapping=True, keys=_PATHS)
_EXISTS = Shape(
    "a list of texts or a mapping", text=True, items=TEXT, mapping=True, keys={**_PATHS, "project": TEXT, "ref": TEXT}
)
RULE = _map(
    **{
        "if": TEXT,
        "changes": _CHANGES,
        "exists": _EXISTS,
        "variables": FREE,
        "when": TEXT,
        "start_in": TEXT,
        "allow_failure": BOOLEAN,
        "needs": ANY,
        "interruptible": BOOLEAN,
    }
)
WORKFLOW_RULE = _map(
    **{
        "if": TEXT, "changes": _CHANGES, "exists": _EXISTS, "variables": FREE, "when": TEXT,
        "auto_cancel": _AUTO_CANCEL,
    }
)  # fmt: skip
WORKFLOW = _map(name=TEXT, auto_cancel=_AUTO_CANCEL, rules=Shape("a list of rules", items=ANY))
NEED = _map(
    job=TEXT,
    artifacts=BOOLEAN,
    optional=BOOLEAN,
    pipeline=TEXT,
    project=TEXT,
    ref=TEXT,
    parallel=_map(matrix=Shape("a list of mappings", items=FREE)),
)
_SHARED: dict[str, Shape] = {
    "image": Shape("text or a mapping", text=True, mapping=True, keys=_IMAGE),
    "services": Shape("a list of texts and mappings", items=_SERVICE),
    "cache": _CACHE,
    "artifacts": _ARTIFACTS,
    "tags": TEXTS,
    "interruptible": BOOLEAN,
    "hooks": _map(pre_get_sources_script=ANY),
    "id_tokens": FREE,
    "identity": TEXT,
}
JOB_VALUES: dict[str, Shape] = {
    **_SHARED,
    "allow_failure": _ALLOW_FAILURE,
    "stage": TEXT,
    "extends": TEXT_OR_TEXTS,
    "resource_group": TEXT,
    "environment": _ENVIRONMENT,
    "release": _RELEASE,
    "trigger": _TRIGGER,
    "only": _POLICY,
    "except": _POLICY,
    "inherit": _INHERIT,
    "dependencies": TEXTS,
    "needs": Shape("a list of jobs", items=ANY, mapping=True),
    "secrets": FREE,
    "pages": _PAGES,
    "publish": TEXT,
    "manual_confirmation": TEXT,
}
DEFAULT_VALUES: dict[str, Shape] = {**_SHARED, **dict.fromkeys(DEFAULT - set(_SHARED), ANY)}
ROOT_VALUES: dict[str, Shape] = {key: _SHARED[key] for key in ("image", "services", "cache")}


class ShapeCheck:
    """Compares values with shapes, each value once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._seen: set[tuple[int, int]] = set()

    def check(self, node: Node | None, shape: Shape, path: str, depth: int = 0) -> None:
        """Notes what does not fit; `path` names the value in messages."""
        node = self._document.follow(node)
        if node is None or shape is ANY or depth > _DEEPEST or (id(node), id(shape)) in self._seen:
            return
        self._seen.add((id(node), id(shape)))
        if isinstance(node, Mapping):
            self._mapping(node, shape, path, depth)
        elif isinstance(node, Sequence):
            self._sequence(node, shape, path, depth)
        elif isinstance(node, Scalar):
            self._scalar(node, shape, path)

    def _mapping(self, node: Mapping, shape: Shape, path: str, depth: int) -> None:
        if not shape.mapping:
            self._wrong(node, shape, path, "a mapping")
        elif shape.keys is not None:
            for name, entry in node.entries.items():
                known = shape.keys.get(name)
                if known is not None:
                    self.check(entry.value, known, f"{path}:{name}", depth + 1)
                elif "$[[" not in name:
                    self._unknown(entry.key, shape.keys, path)

    def _sequence(self, node: Sequence, shape: Shape, path: str, depth: int) -> None:
        if shape.items is None:
            self._wrong(node, shape, path, "a list")
            return
        for entry in node.items:
            inner = self._document.follow(entry) if isinstance(entry, Reference) else entry
            opened = inner.items if isinstance(inner, Sequence) else (inner,)  # lists in lists are opened
            for item in opened:
                self.check(item, shape.items, path, depth + 1)

    def _scalar(self, node: Scalar, shape: Shape, path: str) -> None:
        if node.absent or node.dynamic:
            return
        if not shape.text and not (shape.boolean and node.kind is Kind.BOOLEAN):
            self._wrong(node, shape, path, "text in quotes" if shape.boolean and not node.plain else word(node.text))
        elif shape.choices and node.text not in shape.choices and "$" not in node.text:
            message = f"{word(path)} is {word(node.text)}, which GitLab does not know"
            findings = self._document.findings
            hint = findings.near(node.text, shape.choices, f"allowed: {', '.join(shape.choices)}")
            findings.add("GL008", node.line, node.column, message, hint)

    def _wrong(self, node: Node, shape: Shape, path: str, found: str) -> None:
        message = f"{word(path)} must be {shape.name}, and is {found}"
        self._document.findings.add("GL007", node.line, node.column, message)

    def _unknown(self, key: Scalar, keys: MappingOf[str, Shape], path: str) -> None:
        findings = self._document.findings
        hint = findings.near(key.text, keys, f"it may hold: {listed(sorted(keys))}")
        findings.add("GL006", key.line, key.column, f"{word(path)} has no key {word(key.text)}", hint)
