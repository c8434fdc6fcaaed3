"""A new project as files: what `pipeline-kit init` writes. Reads the kit's templates and nothing else."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from pipeline_kit import __version__
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import NO_PLUGINS, Plugins
from pipeline_kit.render.templating import fill

NAME = re.compile(r"[a-z](?:[a-z0-9_-]{0,39}[a-z0-9])?")
FOLDERS = ("baseline", "build", "data", "dist", "main", "results", "src", "test", "tests")
TOOLS = ("coverage", "pip", "pluggy", "pytest", "ruff", "setuptools", "wheel")
LIBRARIES = ("joblib", "lightning", "numpy", "pytorch_lightning", "safetensors", "scipy", "sklearn", "threadpoolctl")
OF_SERVING = ("anyio", "click", "h11", "idna", "prometheus_client", "starlette", "uvicorn")
TAKEN = frozenset((*FOLDERS, *TOOLS, *LIBRARIES, *OF_SERVING, "torch", "torchmetrics", "yaml"))
"""Import names that a project's package may not have: its own folders, and what its lock file installs."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of new project: its name on the command line, what it is, and the template folders it is made of."""

    name: str
    help: str
    folders: tuple[str, ...]


_PROFILES = (
    Profile(
        "tabular", "a scikit-learn classifier on a table, the iris data to begin with", ("served", "projects/tabular")
    ),
    Profile(
        "lightning",
        "a PyTorch Lightning network on images, handwritten digits to begin with",
        ("served", "projects/lightning"),
    ),
    Profile("bare", "a Python package with tests and lint, without a model", ("projects/bare",)),
)


def profiles() -> tuple[Profile, ...]:
    """The profiles, the usual one first."""
    return _PROFILES


def scaffold(
    profile: str,
    name: str,
    ci_files: Sequence[str] = (),
    plugins: Plugins = NO_PLUGINS,
    kit_lock: str | None = None,
) -> Mapping[str, str]:
    """The new project's files: relative path to text, in the order of the paths.

    `name` is the distribution's; its package has underscores for dashes. The README names the `ci_files`, which
    rendering writes; the descriptor names the `plugins`, and `kit_lock`, the file that pins them. Raises UsageError for
    a profile or name that cannot be.
    """
    known = {profile.name: profile for profile in _PROFILES}
    if profile not in known:
        raise UsageError(f"unknown profile {profile!r}", hint=f"one of: {', '.join(known)}")
    package = package_name(name)
    values = {
        "name": name.replace("_", "-"),
        "package": package,
        "kit_version": __version__,
        "ci_files": ci_files,
        "plugins": plugins.packages,
        "kit_lock": kit_lock,
    }
    templates = resources.files("pipeline_kit.templates")
    files = {
        _target(path, package): fill(f"{folder}/{path}", **values)
        for folder in known[profile].folders
        for path in _walk(templates.joinpath(*folder.split("/")))
    }
    return dict(sorted(files.items()))


def package_name(name: str) -> str:
    """The importable name of a project's package. Raises UsageError with a valid suggestion if it has none."""
    if not NAME.fullmatch(name):
        message = f"{name[:60]!r} is not a valid project name"
        rule = "lower-case letters, digits, - and _, beginning with a letter, at most 41 characters"
        raise UsageError(message, hint=f"{rule}; for example {suggested_name(name)}")
    package = name.replace("-", "_")
    if keyword.iskeyword(package) or keyword.issoftkeyword(package):
        raise UsageError(f"{name!r} is a word of Python's own", hint=f"for example {package}_project")
    if package in sys.stdlib_module_names or package in TAKEN:
        hint = f"importing it would find the other one; for example {package}_project"
        raise UsageError(f"{name!r} is the name of a module or folder that the project has already", hint=hint)
    return package


def suggested_name(text: str) -> str:
    """The nearest name that a project may have, such as for the name of a folder."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    name = words.lstrip("0123456789-")[:41].rstrip("-")
    if not name:
        return "my-project"
    package = name.replace("-", "_")
    taken = keyword.iskeyword(package) or keyword.issoftkeyword(package) or package in TAKEN | sys.stdlib_module_names
    return f"{name[:33]}-project" if taken else name


def _walk(folder: Traversable, before: str = "") -> Iterator[str]:
    """The templates in a folder, as relative paths."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{before}{entry.name}/")
        elif entry.name.endswith(".j2"):
            yield before + entry.name


def _target(template: str, package: str) -> str:
    """The path of a template's text: `dot_name` becomes `.name`, the folder `package` the project's package."""
    parts = template.removesuffix(".j2").split("/")
    parts = [f".{part.removeprefix('dot_')}" if part.startswith("dot_") else part for part in parts]
    return "/".join([*(package if part == "package" else part for part in parts[:-1]), parts[-1]])
