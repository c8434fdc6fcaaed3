"""Where the project's environment comes from: a lock file that is there, one that can be drafted, or a command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from pipeline_kit.adopt.infer import lock_draft
from pipeline_kit.adopt.read.metadata import Metadata
from pipeline_kit.adopt.read.requirements import RequirementFile, parse
from pipeline_kit.adopt.read.tree import Tree
from pipeline_kit.contract.ci_file import Place
from pipeline_kit.contract.wording import some
from pipeline_kit.yaml.walk import child, items, root_of, text

LOCK = "requirements.lock"
INPUT = "requirements.in"
CI_INPUT = "requirements-ci.in"
_EXPORTS = {
    "uv.lock": ("uv export --frozen --all-groups --all-extras --no-emit-project --output-file requirements.lock",),
    "poetry.lock": ("poetry self add poetry-plugin-export", "poetry export --with dev --output requirements.lock"),
    "pdm.lock": ("pdm export --format requirements --output requirements.lock",),
    "Pipfile.lock": ("pipenv requirements --dev --hash > requirements.lock",),
}
_CONDA_NAMES = {
    "pytorch": "torch", "pytorch-cpu": "torch", "pytorch-gpu": "torch", "tensorflow-gpu": "tensorflow",
    "opencv": "opencv-python", "py-opencv": "opencv-python", "matplotlib-base": "matplotlib", "pytables": "tables",
    "msgpack-python": "msgpack", "py-xgboost": "xgboost", "ruamel_yaml": "ruamel.yaml", "seaborn-base": "seaborn",
    "python-graphviz": "graphviz",
}  # fmt: skip
_CONDA_ONLY = re.compile(
    r"python|pip|setuptools|wheel|cudatoolkit.*|cuda.*|cudnn|nccl|mkl.*|libblas.*|gcc.*|gxx.*|compilers|make|cmake|git"
    r"|nodejs|openjdk|pytorch-cuda|_openmp_mutex|libgcc.*|libstdcxx.*|ca-certificates|openssl|sqlite|zlib|xz|tk"
    r"|readline|ncurses"
)
_MODULES = {
    "sklearn": "scikit-learn", "cv2": "opencv-python", "PIL": "pillow", "yaml": "pyyaml", "skimage": "scikit-image",
    "bs4": "beautifulsoup4", "dateutil": "python-dateutil", "dotenv": "python-dotenv", "git": "gitpython",
    "pytorch_lightning": "pytorch-lightning", "hydra": "hydra-core", "umap": "umap-learn", "Bio": "biopython",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LockPlan:
    """The lock file that the descriptor names, why, how to make it, and files that are proposed for it.

    `names` are the distributions it holds or will hold; `complete` means that nothing can be added to them.
    """

    lock: str
    why: str
    place: Place | None = None
    commands: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    complete: bool = False
    notes: tuple[str, ...] = ()


def plan_lock(
    tree: Tree,
    metadata: Metadata,
    found: Sequence[RequirementFile],
    parts: Sequence[Metadata],
    *,
    imports: Iterable[str],
    wanted: Sequence[str],
) -> LockPlan:
    """The plan for that repository; `wanted` are the tools that its jobs run, such as pytest.

    `parts` are the metadata of a repository's models, where it holds several.
    """
    pinned = _pinned(found, wanted)
    if pinned is not None:
        return pinned
    for file, export in _EXPORTS.items():
        if tree.has(file):
            return _of_tool(tree, file, export)
    conda = next((name for name in tree.names if _is_conda(name)), None)
    sources = [file for file in found if file.names or file.includes]
    if not sources and not metadata.needs_place and conda:
        return _of_conda(tree, conda, wanted)
    if sources or metadata.needs_place or parts:
        return _compiled([metadata, *parts], sources, wanted)
    return _of_imports(imports, wanted)


def conda_python(tree: Tree) -> tuple[str, Place] | None:
    """The Python that an environment.yml asks for."""
    for file in tree.names:
        if _is_conda(file):
            for name, version, number in _conda_packages(tree, file)[0]:
                if name == "python" and (match := re.match(r"3\.[0-9]+", version.lstrip("=<>~ "))):
                    operator = ">=" if version.startswith(">") else ""
                    return operator + match.group(), Place(file, number)
    return None


def _pinned(found: Sequence[RequirementFile], wanted: Sequence[str]) -> LockPlan | None:
    """A requirements file that pins all it names: one with hashes first, then one with the tools."""
    locks = [file for file in found if file.is_lock and "/" not in file.file.removeprefix("requirements/")]
    others = {name for file in found if not file.is_lock for name in file.names}
    locks.sort(
        key=lambda each: (not each.hashed, -len(set(wanted) & set(each.names)), "lock" not in each.file, each.file)
    )
    for lock in locks:
        missing = [name for name in wanted if name not in lock.names]
        if missing and others & set(missing) and not lock.hashed:
            continue  # another file, which is not a lock, has them: both are compiled together
        how = "with hashes" if lock.hashed else "without hashes"
        notes = []
        if not lock.hashed:
            notes.append(
                f"{lock.file} has no hashes, and may lack what its distributions need themselves; "
                f"`pip-compile --generate-hashes --output-file {LOCK} {shlex.quote(lock.file)}` makes a whole lock"
            )
        why = f"every requirement in it is pinned, {how}"
        return LockPlan(
            lock.file, why, Place(lock.file), names=frozenset(lock.names), complete=True, notes=tuple(notes)
        )
    return None


def _of_tool(tree: Tree, file: str, export: tuple[str, ...]) -> LockPlan:
    """The plan where another tool keeps a lock file."""
    drafted = lock_draft.draft(file, tree.read(file, 8 << 20))
    if drafted is not None:
        names = lock_draft.pinned_names(drafted)
        return LockPlan(LOCK, f"drafted from {file}", Place(file), (), {LOCK: drafted}, names, complete=True)
    read = {str(canonicalize_name(entry)) for entry in re.findall(r'(?m)^name = "([^"]+)"', tree.read(file))}
    why = f"{file} holds the versions, but only its own tool can export them"
    return LockPlan(LOCK, why, Place(file), export, names=frozenset(read), complete=True)


def _compiled(found: Sequence[Metadata], sources: Sequence[RequirementFile], wanted: Sequence[str]) -> LockPlan:
    """The plan for requirements without a lock; metadata are used if no such file is beside them."""
    names = {name for source in sources for name in source.names} | {
        name for metadata in found for name in metadata.needs
    }
    included = {name for source in sources for name in source.includes}
    inputs = [source.file for source in sources if source.file not in included]
    extras: list[str] = []
    for metadata in found:
        if metadata.needs_place and not any(_beside(metadata.needs_place.file, source.file) for source in sources):
            inputs.append(metadata.needs_place.file)
            extras += [word for extra in metadata.extras for word in ("--extra", extra)]
    place = (
        Place(inputs[0])
        if sources
        else next((metadata.needs_place for metadata in found if metadata.needs_place), None)
    )
    why = f"to be made from {some(inputs)}"
    return _with_tools(LockPlan(LOCK, why, place, names=frozenset(names)), inputs, extras, wanted)


def _beside(file: str, other: str) -> bool:
    """Whether the other file is in the same folder, or below it in a folder for requirements."""
    folder, lies = PurePosixPath(file).parent, PurePosixPath(other).parent
    return lies == folder or (lies.parent == folder and lies.name in ("requirements", "reqs", "deps"))


def _with_tools(plan: LockPlan, inputs: Sequence[str], extras: Sequence[str], wanted: Sequence[str]) -> LockPlan:
    """The plan with its command, and with a file that names the tools which nothing else does."""
    missing = [name for name in wanted if name not in plan.names]
    files = dict(plan.files)
    if missing:
        files[CI_INPUT] = "# What the jobs run beside the project's own requirements.\n" + "".join(
            f"{item}\n" for item in missing
        )
    words = [
        "pip-compile",
        "--generate-hashes",
        "--output-file",
        LOCK,
        *extras,
        *inputs,
        *([CI_INPUT] if missing else []),
    ]
    return LockPlan(
        plan.lock,
        plan.why,
        plan.place,
        ("pip install pip-tools", shlex.join(words)),
        files,
        plan.names | set(missing),
        notes=plan.notes,
    )


def _is_conda(name: str) -> bool:
    path = PurePosixPath(name)
    return (
        "/" not in name and re.fullmatch(r"(?:conda-?)?env(?:ironment)?(?:[._-][\w-]+)?\.ya?ml", path.name) is not None
    )


def _conda_packages(tree: Tree, file: str) -> tuple[list[tuple[str, str, int]], list[tuple[str, int]]]:
    """Conda's packages as name, version and line; and the lines for pip."""
    packages: list[tuple[str, str, int]] = []
    for_pip: list[tuple[str, int]] = []
    for item in items(child(root_of(tree.read(file)), "dependencies")):
        word = text(item)
        if word is None:
            for_pip.extend((text(entry) or "", entry.line) for entry in items(child(item, "pip")))
            continue
        name, version = _parted(word.strip())
        if name:
            packages.append((name.lower(), version, item.line))
    return packages, for_pip


def _parted(word: str) -> tuple[str, str]:
    """A conda requirement's name and version: `numpy=1.26=py311` is numpy, =1.26."""
    match = re.fullmatch(r"(?:[\w.-]+::)?([\w.-]+)\s*(.*)", word)
    if not match:
        return "", ""
    version = match.group(2).strip()
    if re.fullmatch(r"=[^=]+=[^=]+", version):
        version = version.rpartition("=")[0]
    return match.group(1), version


def _of_conda(tree: Tree, file: str, wanted: Sequence[str]) -> LockPlan:
    """The plan where conda makes the environment: its packages under the names that pip knows."""
    packages, for_pip = _conda_packages(tree, file)
    lines, names, left = [], set(), []
    for name, version, number in packages:
        if _CONDA_ONLY.fullmatch(name):
            if name not in ("python", "pip"):
                left.append(name)
            continue
        known = _CONDA_NAMES.get(name, name)
        requirement = parse(known + _pip_version(version)) or parse(known)
        if requirement is not None:
            lines.append(f"{requirement}  # {Place(file, number)}")
            names.add(canonicalize_name(requirement.name))
    for word, number in for_pip:
        requirement = parse(word)
        if requirement is not None:
            lines.append(f"{requirement}  # {Place(file, number)}")
            names.add(canonicalize_name(requirement.name))
    header = f"# Drafted from {file}: conda's packages under the names that pip knows. Read it before it is locked.\n"
    notes = [f"{file}: {some(left, 6)} are conda's alone: the runner's image must bring them"] if left else []
    draft = {} if tree.has(INPUT) else {INPUT: header + "".join(f"{each}\n" for each in lines)}
    plan = LockPlan(LOCK, f"to be made from {file}", Place(file), (), draft, frozenset(names), notes=tuple(notes))
    return _with_tools(plan, [INPUT], [], wanted)


def _pip_version(version: str) -> str:
    """A conda version as pip writes it: `=1.26` means 1.26.*."""
    version = version.replace(" ", "")
    match = re.fullmatch(r"=?([0-9][\w.]*?)(?:\.\*)?", version)
    if match:
        return f"=={match.group(1)}.*"
    return version if re.fullmatch(r"(?:[<>=!~]=?[0-9][\w.*]*,?)+", version) else ""


def _of_imports(imports: Iterable[str], wanted: Sequence[str]) -> LockPlan:
    """The plan where nothing says what the project needs: what its files import."""
    names = sorted({_MODULES.get(item, item).lower().replace("_", "-") for item in imports})
    header = "# Drafted from the imports: add versions, and what is imported by other names than it is installed by.\n"
    plan = LockPlan(LOCK, "to be made: nothing says what the project needs but its imports", names=frozenset(names))
    missing = [each for each in wanted if each not in names]
    files = {INPUT: header + "".join(f"{name}\n" for name in [*names, *missing])}
    words = ["pip-compile", "--generate-hashes", "--output-file", LOCK, INPUT]
    return LockPlan(
        plan.lock, plan.why, None, ("pip install pip-tools", shlex.join(words)), files, plan.names | set(missing)
    )
