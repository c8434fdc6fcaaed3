"""The organisation's file: where it comes from, its vendored copy beside the descriptor, and its digest.

A job never fetches it: it reads the committed copy and compares it with the digest in the descriptor.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from pipeline_kit.descriptor.grammar import GRAMMARS, SHA256
from pipeline_kit.descriptor.model import Position
from pipeline_kit.descriptor.problem import DescriptorError, Problem, Problems
from pipeline_kit.descriptor.tree import MapNode, ScalarNode
from pipeline_kit.descriptor.yaml_tree import read_tree
from pipeline_kit.errors import UsageError
from pipeline_kit.frozen import frozen

VENDORED = "pipeline-kit.organisation.yml"
DESCRIPTOR = "pipeline-kit.yml"

_GIT = re.compile(r"git\+(?P<url>[a-z]+://.+)@(?P<tag>[^@#]+)(?:#(?P<file>.+))?")


@frozen
class OrganisationSource:
    """Where the organisation's file is kept: a path (`url` is None), or a file of a git repository at a tag."""

    file: str
    url: str | None = None
    tag: str | None = None


Fetch = Callable[[OrganisationSource], bytes]
"""Reads the file of a source, by a clone at the tag where it is in git."""


def parse_source(source: str) -> OrganisationSource:
    """The parts of `organisation.source`. Raises UsageError where it has another form."""
    complaint = GRAMMARS["source"].complaint(source)
    if complaint:
        raise UsageError(f"the organisation's source {source} {complaint[0]}", hint=complaint[1])
    match = _GIT.fullmatch(source)
    if match is None:
        return OrganisationSource(source)
    return OrganisationSource(match["file"] or VENDORED, match["url"], match["tag"])


def vendor(source: str, fetch: Fetch) -> tuple[str, str]:
    """The organisation's file as text and its digest, fetched and read once.

    Raises UsageError for a source of another form, and DescriptorError for a file that is not one of an organisation.
    """
    content = fetch(parse_source(source))
    problems = Problems()
    read_tree(content, VENDORED, problems)
    problems.stop()
    return content.decode(), digest_of(content)


def pinned(descriptor: bytes, digest: str) -> bytes:
    """The descriptor's text with another `organisation.digest`, and not a byte more changed.

    Raises DescriptorError where the descriptor has no such key to change.
    """
    problems = Problems()
    root = read_tree(descriptor, DESCRIPTOR, problems)
    problems.stop()
    organisation = root.child("organisation") if root else MapNode(Position(DESCRIPTOR, 1, 1))
    node = organisation.get("digest")
    if not isinstance(node, ScalarNode) or not node.written or "\n" in node.written:
        hint = 'add `organisation: {source: ..., digest: "sha256:..."}`, with any digest'
        raise DescriptorError([Problem(organisation.position, "organisation.digest is missing", hint)])
    lines = descriptor.decode().splitlines(keepends=True)
    line, start = lines[node.position.line - 1], node.position.column - 1
    lines[node.position.line - 1] = line[:start] + line[start:].replace(node.written, digest, 1)
    return "".join(lines).encode()


def digest_of(content: bytes) -> str:
    """The digest of a file's bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def check_vendored(organisation: MapNode, content: bytes | None, problems: Problems) -> bool:
    """Whether the vendored copy is there and is the one that the descriptor names; reports why not."""
    hint = "run `pipeline-kit organisation update`, and commit both files"
    if content is None:
        problems.add(organisation.position, f"the organisation's file {VENDORED} is missing", hint)
        return False
    node = organisation.get("digest")
    if not isinstance(node, ScalarNode) or not re.fullmatch(SHA256, node.written):
        return True  # the check of the section reports it
    if node.value != digest_of(content):
        problems.add(node.position, f"{VENDORED} is not the file of this digest: it has {digest_of(content)}", hint)
        return False
    return True
