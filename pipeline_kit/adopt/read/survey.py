"""The facts of a repository from which a descriptor is proposed."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline_kit.adopt.read.datasets import FoundData, Pointer, find_data, find_pointers
from pipeline_kit.adopt.read.dvc_file import DvcStage, read_dvc
from pipeline_kit.adopt.read.makefile import Target, read_makefile
from pipeline_kit.adopt.read.metadata import Metadata, packages, read_metadata
from pipeline_kit.adopt.read.python_source import Role, Script, read_script
from pipeline_kit.adopt.read.requirements import RequirementFile, find_requirements
from pipeline_kit.adopt.read.tree import Tree, line_of
from pipeline_kit.catalog import Servers
from pipeline_kit.contract.ci_file import CiFile, Place
from pipeline_kit.extensions import NO_PLUGINS, Plugins
from pipeline_kit.render.server import Server
from pipeline_kit.servers import SERVERS

MOST_SOURCES = 600
_TEST_FILE = re.compile(r"test_.*\.py|.*_test\.py")
_SIGNS = (".py", ".ipynb", ".dvc")
_SIGN_FILES = ("pyproject.toml", "setup.cfg", "Pipfile", "dvc.yaml")


@dataclass(frozen=True, slots=True)
class LintConfig:
    """A linter that is configured: its command, and where."""

    words: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the proposal is made from."""

    tree: Tree
    metadata: Metadata
    packages: tuple[str, ...]
    requirements: tuple[RequirementFile, ...]
    scripts: Mapping[str, Script]
    unread: tuple[str, ...]
    tests: tuple[str, ...]
    notebooks: tuple[str, ...]
    containers: tuple[str, ...]
    hydra: tuple[str, ...]
    data: tuple[FoundData, ...]
    pointers: tuple[Pointer, ...]
    targets: Mapping[str, Target]
    dvc: tuple[DvcStage, ...]
    lint: tuple[LintConfig, ...]
    ci_files: Mapping[str, CiFile]
    parts: tuple[str, ...]
    plugins: Plugins = NO_PLUGINS

    @property
    def part_metadata(self) -> tuple[Metadata, ...]:
        """What the parts of a repository of several models say of themselves."""
        return tuple(read_metadata(self.tree, f"{part}/") for part in self.parts)

    @property
    def imports(self) -> frozenset[str]:
        """The modules that are imported and are neither Python's own nor the repository's."""
        names = {PurePosixPath(package).name for package in self.packages}
        names |= {part for name in self.scripts for part in (*PurePosixPath(name).parts[:-1], PurePosixPath(name).stem)}
        scripts = {item for script in self.scripts.values() for item in script.imports}
        return frozenset(script for script in scripts if script not in names and script not in sys.stdlib_module_names)

    def of_role(self, role: Role) -> list[Script]:
        """The runnable scripts of a role, tests left out."""
        return [
            script
            for name, script in self.scripts.items()
            if script.role is role and script.is_runnable and name not in self.tests
        ]


def is_project(names: tuple[str, ...], plugins: Plugins = NO_PLUGINS) -> bool:
    """Whether a directory holds a project that could be adopted: more than a README."""
    paths = (PurePosixPath(name) for name in names)
    sign_files = {*_SIGN_FILES, *(words.file for words in Servers(plugins).values())}
    return any(
        path.suffix in _SIGNS
        or path.name in sign_files
        or re.fullmatch(r"requirements.*\.(?:txt|in|lock)|env(?:ironment)?.*\.ya?ml", path.name) is not None
        for path in paths
    )


def survey(tree: Tree, plugins: Plugins = NO_PLUGINS) -> Facts:
    """The facts of a repository."""
    sources = list(tree.ending(".py"))[:MOST_SOURCES]
    read = {name: read_script(name, tree.read(name)) for name in sources}
    scripts = {name: script for name, script in read.items() if script is not None}
    tests = tuple(name for name in scripts if _is_test(name, tree))
    pointers = find_pointers(tree)
    makefile = next((name for name in ("Makefile", "makefile", "GNUmakefile") if tree.has(name)), None)
    return Facts(
        tree=tree,
        metadata=read_metadata(tree),
        packages=packages(tree),
        requirements=find_requirements(tree),
        scripts=scripts,
        unread=tuple(name for name, script in read.items() if script is None),
        tests=tests,
        notebooks=tuple(tree.ending(".ipynb")),
        containers=tuple(name for name in tree.names if PurePosixPath(name).name.startswith("Dockerfile")),
        hydra=tuple(name for name in scripts if scripts[name].hydra_line is not None),
        data=find_data(tree, [script for name, script in scripts.items() if name not in tests], pointers),
        pointers=pointers,
        targets=read_makefile(tree.read(makefile)) if makefile else {},
        dvc=read_dvc(tree.read("dvc.yaml")) if tree.has("dvc.yaml") else (),
        lint=_lint_configs(tree),
        ci_files=_ci_files(tree, SERVERS.all(plugins)),
        parts=_parts(tree, scripts, tests),
        plugins=plugins,
    )


def _ci_files(tree: Tree, servers: Mapping[str, Server]) -> dict[str, CiFile]:
    """The CI files that are here and can be read, by server."""
    here = {name: server for name, server in servers.items() if tree.has(server.words.file)}
    files = {name: server.read(tree.read(server.words.file)) for name, server in here.items()}
    return {name: file for name, file in files.items() if file is not None}


def _is_test(name: str, tree: Tree) -> bool:
    """Whether pytest would find a test in a file: by its name, and by what it defines."""
    if not _TEST_FILE.fullmatch(PurePosixPath(name).name):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = ast.parse(tree.read(name))
    defined = [
        node.name
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    return any(text.startswith(("test", "Test")) for text in defined)


def _parts(tree: Tree, scripts: Mapping[str, Script], tests: tuple[str, ...]) -> tuple[str, ...]:
    """The folders of a repository of several models: each with requirements of its own and a training; or none."""
    trains = [
        name
        for name, script in scripts.items()
        if script.role is Role.TRAIN and script.is_runnable and name not in tests
    ]
    parts = []
    for name in tree.names:
        path = PurePosixPath(name)
        says_needs = path.name in ("pyproject.toml", "setup.py") or re.fullmatch(r"requirements.*\.(txt|in)", path.name)
        folder = path.parent.as_posix()
        if (
            says_needs
            and folder != "."
            and folder.count("/") < 2
            and any(train.startswith(f"{folder}/") for train in trains)
        ):
            parts.append(folder)
    folders = list(dict.fromkeys(parts))
    folders = [folder for folder in folders if not any(folder.startswith(f"{other}/") for other in folders)]
    return tuple(folders) if len(folders) > 1 else ()


def _lint_configs(tree: Tree) -> tuple[LintConfig, ...]:
    """The linters that have a configuration, or a hook of pre-commit."""
    lint_configs: dict[str, LintConfig] = {}
    pyproject = tree.read("pyproject.toml") if tree.has("pyproject.toml") else ""
    known = {"ruff": ("ruff", "check", "."), "black": ("black", "--check", "."), "flake8": ("flake8",)}
    for tool, words in known.items():
        if re.search(rf"(?m)^\[tool\.{tool}[.\]]", pyproject):
            lint_configs.setdefault(
                tool, LintConfig(words, Place("pyproject.toml", line_of(pyproject, f"[tool.{tool}")))
            )
    for file in ("ruff.toml", ".ruff.toml"):
        if tree.has(file):
            lint_configs.setdefault("ruff", LintConfig(known["ruff"], Place(file)))
    for file in (".flake8", "setup.cfg", "tox.ini"):
        text = tree.read(file) if tree.has(file) else ""
        if "[flake8]" in text:
            lint_configs.setdefault("flake8", LintConfig(known["flake8"], Place(file, line_of(text, "[flake8]"))))
    hooks = tree.read(".pre-commit-config.yaml") if tree.has(".pre-commit-config.yaml") else ""
    for tool, words in known.items():
        if match := re.search(rf"(?m)^\s*-\s*id:\s*{tool}\s*$", hooks):
            line = hooks.count("\n", 0, match.start()) + 1 + match.group().count("\n")
            lint_configs.setdefault(tool, LintConfig(words, Place(".pre-commit-config.yaml", line)))
    return tuple(lint_configs.values())
