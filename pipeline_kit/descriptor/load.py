"""Reads a project's `pipeline-kit.yml`, with the organisation's file beside it, into a Descriptor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from pipeline_kit import __version__
from pipeline_kit.descriptor import layers
from pipeline_kit.descriptor.check import check
from pipeline_kit.descriptor.grammar import GRAMMARS
from pipeline_kit.descriptor.model import Descriptor, Position
from pipeline_kit.descriptor.organisation import DESCRIPTOR, VENDORED, check_vendored
from pipeline_kit.descriptor.problem import DescriptorError, Problem, Problems, shown
from pipeline_kit.descriptor.tree import MapNode, ScalarNode, words
from pipeline_kit.descriptor.vocabulary import Vocabulary
from pipeline_kit.descriptor.yaml_tree import LARGEST_FILE, read_tree
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import Plugins, normalised
from pipeline_kit.frozen import frozen

FORMAT = 1
_MISNAMED = ("pipeline-kit.yaml", "pipeline_kit.yml", "pipeline_kit.yaml", ".pipeline-kit.yml")


@frozen
class Layers:
    """The merged tree, each value of which knows the file it came from, and what the organisation locked."""

    root: MapNode
    locked: Mapping[tuple[str, ...], Position] = field(default_factory=dict)


def load_descriptor(directory: Path, vocabulary: Vocabulary) -> Descriptor:
    """The descriptor of the project in a directory, by the words that the kit and its `plugins` know.

    Raises DescriptorError with every problem there is.
    """
    problems = Problems()
    root = read_layers(directory, problems).root
    return check(root, vocabulary.with_plugins(plugins_of(root, vocabulary, problems)), problems)


def plugins_of(root: MapNode, vocabulary: Vocabulary, problems: Problems) -> Plugins:
    """The packages that the tree names under `plugins`, without those that cannot be used: they are reported."""
    usable = Plugins()
    for package, place in words(root.get("plugins")):
        spellings = {normalised(name): name for name in usable.packages}
        other = spellings.get(normalised(package), package)
        if other != package:
            problems.add(place, f"plugins names {shown(package)} twice: it is {shown(other)} too", "remove one of them")
        elif GRAMMARS["distribution"].complaint(package) is None and package not in usable.packages:
            try:
                vocabulary.with_plugins(more := Plugins((*usable.packages, package)))
                usable = more
            except UsageError as error:
                problems.add(place, error.message, error.hint)
    return usable


def organisation_source(directory: Path) -> str:
    """Where the descriptor says that the organisation's file is kept, whether or not it has been vendored.

    Raises DescriptorError where it says nothing.
    """
    problems = Problems()
    root = read_tree(_content(directory), DESCRIPTOR, problems)
    problems.stop()
    node = root.child("organisation").get("source") if root else None
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value:
        return node.value
    position = root.place("organisation") if root else Position(DESCRIPTOR, 1, 1)
    hint = 'add `organisation: {source: "git+URL@TAG", digest: "sha256:..."}`, with any digest'
    raise DescriptorError([Problem(position, "organisation.source is missing", hint)])


def read_layers(directory: Path, problems: Problems) -> Layers:
    """Both files, merged. Raises DescriptorError where they cannot be read any further."""
    repository = read_tree(_content(directory), DESCRIPTOR, problems)
    _check_version(repository, problems)
    if repository is None:
        raise DescriptorError(problems)
    below = _organisation(directory, repository, problems)
    if "locked" in repository.entries:
        hint = f"it belongs into the organisation's file, {VENDORED}"
        problems.add(repository.place("locked"), "a repository cannot lock keys", hint)
    upper = layers.normal(layers.without(repository, "locked"))
    if below is None:
        return Layers(upper)
    locked = layers.locks(below, problems)
    layers.check_locks(upper, locked, problems)
    if ("plugins",) in locked:  # what is reported must not be imported meanwhile
        upper = layers.without(upper, "plugins")
    return Layers(layers.merge(layers.normal(layers.without(below, "locked", "organisation")), upper), locked)


def _organisation(directory: Path, repository: MapNode, problems: Problems) -> MapNode | None:
    """The vendored file's tree; none where the descriptor builds on no organisation's."""
    content = _read(directory / VENDORED)
    entry = repository.entries.get("organisation")
    if entry is None or not isinstance(entry.node, MapNode):
        if entry is None and content is not None:
            hint = "add `organisation: {source: ..., digest: ...}` to the descriptor, or remove the file"
            problems.add(Position(VENDORED, 1, 1), "the descriptor does not name this organisation's file", hint)
        return None
    is_pinned = check_vendored(entry.node, content, problems)
    if content is None:
        raise DescriptorError(problems)
    root = read_tree(content, VENDORED, problems)
    if root is None:
        raise DescriptorError(problems)
    if is_pinned and "organisation" in root.entries:
        hint = "write out here what it takes from there"
        problems.add(root.place("organisation"), "an organisation's file cannot build on another", hint)
    _check_version(root, problems)
    return root


def _check_version(root: MapNode | None, problems: Problems) -> None:
    """Raises DescriptorError at a format that this kit does not know: nothing else in the file could be judged."""
    node = root.get("version") if root else None
    if not isinstance(node, ScalarNode) or not isinstance(node.value, int) or isinstance(node.value, bool):
        return
    if node.value != FORMAT:
        message = f"version {node.value} of the format is unknown to pipeline-kit {__version__}, which reads {FORMAT}"
        hint = "install the kit that the descriptor names" if node.value > FORMAT else f"write version: {FORMAT}"
        problems.add(node.position, message, hint)
        raise DescriptorError(problems)


def _content(directory: Path) -> bytes:
    content = _read(directory / DESCRIPTOR)
    if content is not None:
        return content
    hint = "begin a project with `pipeline-kit init`, or name its directory with -C"
    misnamed = next((name for name in _MISNAMED if (directory / name).is_file()), None)
    if misnamed:
        hint = f"rename {misnamed} to {DESCRIPTOR}"
    elif not directory.is_dir():
        hint = f"{directory} is not a directory"
    raise DescriptorError([Problem(Position(DESCRIPTOR, 1, 1), f"{DESCRIPTOR} is missing here", hint)])


def _read(path: Path) -> bytes | None:
    """A file's bytes, a little more than the largest allowed at most; None if the file is missing."""
    try:
        if not path.exists():
            return None
        if not path.is_file():
            raise DescriptorError([Problem(Position(path.name, 1, 1), "this is not a regular file", "make it one")])
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or error}"
        raise DescriptorError([Problem(Position(path.name, 1, 1), message, "see its permissions")]) from error
