"""What the project says of itself: name, Python, what it needs, and whether it can be installed."""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from packaging.utils import canonicalize_name

from pipeline_kit.adopt.read.requirements import parse
from pipeline_kit.adopt.read.tree import Tree, line_of
from pipeline_kit.contract.ci_file import Place


@dataclass(frozen=True, slots=True)
class Metadata:
    """The facts, each with the place it was found at; `needs` are canonical names of distributions."""

    name: tuple[str, Place] | None = None
    python: tuple[str, Place] | None = None
    installable: Place | None = None
    needs: frozenset[str] = frozenset()
    needs_place: Place | None = None
    extras: tuple[str, ...] = ()
    backend: tuple[str, ...] = ()
    tool: str | None = None  # poetry, uv, pdm, hatch, by its table in pyproject.toml
    tables: Mapping[str, int] = field(default_factory=dict)  # tools configured in pyproject.toml, with their lines


def read_toml(text: str) -> dict[str, Any]:
    """The document, or an empty one where it cannot be read."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return {}


def read_metadata(tree: Tree, folder: str = "") -> Metadata:
    """What pyproject.toml says, and where it says nothing setup.cfg and setup.py."""
    metadata = Metadata()
    for name, reader in (("setup.py", _setup_py), ("setup.cfg", _setup_cfg), ("pyproject.toml", _pyproject)):
        file = f"{folder}{name}"
        if tree.has(file):
            metadata = _over(metadata, reader(file, tree.read(file)))
    return metadata if metadata.python else _over(metadata, Metadata(python=_python_version(tree, folder)))


def _over(lower: Metadata, upper: Metadata) -> Metadata:
    """One over the other, field by field."""
    return Metadata(
        name=upper.name or lower.name,
        python=upper.python or lower.python,
        installable=upper.installable or lower.installable,
        needs=upper.needs | lower.needs,
        needs_place=upper.needs_place or lower.needs_place,
        extras=upper.extras or lower.extras,
        backend=upper.backend or lower.backend,
        tool=upper.tool or lower.tool,
        tables={**lower.tables, **upper.tables},
    )


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str) and value else None


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def names_of(requirements: Iterable[str]) -> frozenset[str]:
    """The canonical names of requirements; other lines are left out."""
    parsed = (parse(requirement) for requirement in requirements)
    return frozenset(canonicalize_name(requirement.name) for requirement in parsed if requirement is not None)


def _pyproject(file: str, text: str) -> Metadata:
    """Of pyproject.toml: PEP 621, PEP 735 groups, poetry's own tables."""
    document = read_toml(text)
    project, tools = _table(document.get("project")), _table(document.get("tool"))
    poetry = _table(tools.get("poetry"))
    groups = [
        text for group in _table(poetry.get("group")).values() for text in _table(_table(group).get("dependencies"))
    ]
    poetry_needs = [*_table(poetry.get("dependencies")), *_table(poetry.get("dev-dependencies")), *groups]
    extras = _table(project.get("optional-dependencies"))
    texts = _texts(project.get("dependencies"))
    for extra in (*extras.values(), *_table(document.get("dependency-groups")).values()):
        texts.extend(_texts(extra))
    name, python = _text(project.get("name")) or _text(poetry.get("name")), _text(project.get("requires-python"))
    python = python or _text(_table(poetry.get("dependencies")).get("python"))
    needs = names_of(texts) | frozenset(
        canonicalize_name(poetry_need) for poetry_need in poetry_needs if poetry_need != "python"
    )
    has_needs = "dependencies" in project or "dependencies" in poetry or bool(texts)
    tool = next((item for item in ("poetry", "uv", "pdm", "hatch") if item in tools), None)
    needle = "dependencies = [" if "dependencies" in project else "dependencies]"
    return Metadata(
        name=(name, Place(file, _line_of_key(text, "name"))) if name else None,
        python=(
            python,
            Place(
                file,
                line_of(text, "requires-python") if project.get("requires-python") else _line_of_key(text, "python"),
            ),
        )
        if python
        else None,
        installable=Place(file, _line_of_key(text, "name")) if name else None,
        needs=needs,
        needs_place=Place(file, line_of(text, needle)) if has_needs else None,
        extras=tuple(str(extra) for extra in extras if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", str(extra))),
        backend=tuple(sorted(names_of(_texts(_table(document.get("build-system")).get("requires"))))),
        tool=tool,
        tables={str(tool): line_of(text, f"[tool.{tool}") for tool in tools},
    )


def _line_of_key(text: str, key: str) -> int:
    """The line that sets a key, or 1."""
    match = re.search(rf"(?m)^\s*{re.escape(key)}\s*=", text)
    return text.count("\n", 0, match.start()) + 1 + match.group().count("\n") if match else 1


def _setup_cfg(file: str, text: str) -> Metadata:
    """Of setup.cfg."""
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read_string(text)
    except configparser.Error:
        return Metadata()
    name = config.get("metadata", "name", fallback="").strip()
    python = config.get("options", "python_requires", fallback="").strip()
    needs = config.get("options", "install_requires", fallback="").splitlines()
    extras = dict(config.items("options.extras_require")) if config.has_section("options.extras_require") else {}
    needs += [line for extra in extras.values() for line in extra.splitlines()]
    is_dynamic = name.startswith(("attr:", "file:"))
    return Metadata(
        name=(name, Place(file, _line_of_key(text, "name"))) if name and not is_dynamic else None,
        python=(python, Place(file, _line_of_key(text, "python_requires"))) if python else None,
        installable=Place(file, _line_of_key(text, "name")) if name else None,
        needs=names_of(needs),
        needs_place=Place(file, _line_of_key(text, "install_requires")) if needs else None,
        extras=tuple(name for name in extras if re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name)),
        tables={name: line_of(text, f"[{name}") for name in config.sections()},
    )


def _setup_py(file: str, text: str) -> Metadata:
    """Of setup.py: the literal arguments of its call of setup(), which is read and not run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Metadata(installable=Place(file))
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _called(node) == "setup":
            given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
            return Metadata(
                name=_literal_place(file, given.get("name")),
                python=_literal_place(file, given.get("python_requires")),
                installable=Place(file, node.lineno),
                needs=names_of(_literals(given.get("install_requires")) + _literals(given.get("extras_require"))),
                needs_place=Place(file, given["install_requires"].lineno) if "install_requires" in given else None,
            )
    return Metadata()


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _literal_place(file: str, node: ast.expr | None) -> tuple[str, Place] | None:
    """A literal text and its place, or None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        return node.value, Place(file, node.lineno)
    return None


def _literals(node: ast.expr | None) -> list[str]:
    """The literal texts in a list, or in the lists of a dictionary."""
    if isinstance(node, ast.List | ast.Tuple):
        return [elt.value for elt in node.elts if isinstance(elt, ast.Constant) and isinstance(elt.value, str)]
    if isinstance(node, ast.Dict):
        return [text for value in node.values for text in _literals(value)]
    return []


def _python_version(tree: Tree, folder: str) -> tuple[str, Place] | None:
    """The version that `.python-version` or `runtime.txt` names."""
    for name in (".python-version", "runtime.txt"):
        text = tree.read(f"{folder}{name}", 200).strip()
        if match := re.match(r"(?:python-)?(3\.[0-9]+)", text):
            return match.group(1), Place(f"{folder}{name}")
    return None


def kit_python(text: str) -> str | None:
    """The descriptor's form of a version or a range: the newest version of a bounded range, else ">=" the lowest."""
    text = text.strip()
    if re.fullmatch(r"=?=?\s*3\.[0-9]+(?:\.[0-9*]+)*", text):
        return f"3.{re.findall('[0-9]+', text)[1]}"
    lowest = [int(entry) for entry in re.findall(r"(?:>=?|\^|~=?)\s*3\.([0-9]+)", text)]
    if not lowest:
        return None
    above = [int(entry) - 1 for entry in re.findall(r"<\s*3\.([0-9]+)", text)]
    above += [int(entry) for entry in re.findall(r"<=\s*3\.([0-9]+)", text)]
    if above and min(above) >= max(lowest):
        return f"3.{min(above)}"
    tilde = re.fullmatch(r"~\s*3\.([0-9]+)(?:\.[0-9]+)?|~=\s*3\.([0-9]+)\.[0-9]+", text)
    return f"3.{max(lowest)}" if tilde else f">=3.{max(lowest)}"


def packages(tree: Tree, folder: str = "") -> tuple[str, ...]:
    """The importable packages: folders with `__init__.py` below `src` or at the top, tests and docs left out."""
    names = set()
    for name in tree.names:
        if not name.startswith(folder) or not name.endswith("/__init__.py"):
            continue
        parts = PurePosixPath(name[len(folder) :]).parts
        parts = parts[1:] if parts[0] == "src" and not tree.has(f"{folder}src/__init__.py") else parts
        if len(parts) == 2 and parts[0] not in ("tests", "test", "docs", "scripts", "notebooks", "examples"):
            names.add(name.removesuffix("/__init__.py"))
    return tuple(sorted(names))
