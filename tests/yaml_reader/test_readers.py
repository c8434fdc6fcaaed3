"""Every reader of YAML in the kit is given the same hostile texts; each refuses them in its own way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.deploy.targets.kubernetes.yaml_objects import documents as kubernetes_documents
from pipeline_kit.descriptor.problem import Problems
from pipeline_kit.descriptor.yaml_tree import read_tree
from pipeline_kit.errors import KitError
from pipeline_kit.scan.located import documents as scanned_documents
from pipeline_kit.servers.gitlab.lint.yaml_read import YamlFile
from pipeline_kit.yaml.errors import YamlError
from pipeline_kit.yaml.nodes import Mapping, Scalar
from pipeline_kit.yaml.plain import read_plain_yaml
from pipeline_kit.yaml.reader import Limits, last_document, read_documents
from pipeline_kit.yaml.walk import root_of

SMALL = Limits(characters=10_000, levels=8, values=100)


def descriptor(text: str) -> bool:
    problems = Problems()
    read_tree(text.encode(errors="surrogatepass"), "f.yml", problems)
    return bool(problems)


def plain(text: str) -> bool:
    try:
        read_plain_yaml(Path("stage.yml"), text.encode(errors="surrogatepass"))
    except KitError:
        return True
    return False


def kubernetes(text: str) -> bool:
    try:
        return not list(kubernetes_documents("f.yml", text))
    except KitError:
        return True


def linter(text: str) -> bool:
    reports: list[str] = []
    file = YamlFile(text, lambda *report: reports.append(report[0]))
    return "syntax" in reports or not file.documents


READERS: dict[str, Callable[[str], bool]] = {
    "descriptor": descriptor,
    "stage.yml and server.yml": plain,
    "Kubernetes manifests": kubernetes,
    "scanned manifests": lambda text: not scanned_documents(text),
    "linter": linter,
    "files of other programs": lambda text: root_of(text) is None,
    "CI file of GitLab": lambda text: last_document(text, SMALL) is None,
}
"""Each gives whether it refused the text."""

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]\n" for number in range(1, 9)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{number}: &a{number} [*a{number - 1}]\n" for number in range(1, 90))
HOSTILE = {
    "aliases that name a billion values": BOMB,
    "the same, in mappings": "a0: &a0 {x: 1}\n"
    + "".join(
        f"a{number}: &a{number} {{{', '.join(f'k{key}: *a{number - 1}' for key in range(10))}}}\n"
        for number in range(1, 9)
    ),
    "the same, with merge keys": "a0: &a0 {x: [1, 2]}\n"
    + "".join(
        f"a{number}: &a{number} {{<<: [{', '.join([f'*a{number - 1}'] * 10)}], k: [*a{number - 1}]}}\n"
        for number in range(1, 12)
    ),
    "many documents that are each just small enough": (BOMB.partition("a4")[0] + "---\n") * 100,
    "aliases that nest": CHAIN,
    "an alias inside its own value": "a: &a [*a]\n",
    "an alias as a key of its own value": "a: &a {? *a : 1}\n",
    "an alias without an anchor": "a: *b\n",
    "an alias of another document": "a: &b 1\n---\na: *b\n",
    "brackets": "a: " + "[" * 100_000,
    "braces": "a: " + "{b: " * 100_000,
    "dashes": "- " * 5_000 + "a",
    "brackets as keys": "? " * 5_000 + "a",
    "nothing": "",
    "only a comment": "# nothing\n",
    "a NUL": "a: b\0\n",
    "a control character": "a: \x07b\n",
    "half a surrogate pair": "a: \ud800\n",
    "a tab as indentation": "a:\n\tb: 1\n",
    "an open quote": 'a: "b\n',
    "an open bracket": "a: [b\n",
    "two keys in a line": "a: b: c\n",
    "no YAML at all": "}{",
    "an unknown directive's tag": "%TAG ! tag:x\n",
    "a bad escape": 'a: "\\q"\n',
    "an escape of half a surrogate pair": 'a: "\\ud800"\n',
    "an escape beyond Unicode": 'a: "\\UFFFFFFFF"\n',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_is_refused_by_every_reader(kind: str) -> None:
    """None of them ends with anything but its own error, and none takes the text for a value."""
    refused = {name: reader(HOSTILE[kind]) for name, reader in READERS.items()}
    assert refused == dict.fromkeys(READERS, True)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: [1, 2\n", (2, 1), "not valid YAML: did not find expected ',' or ']'"),
        ("ä: b\nc: \x07\n", (2, 4), "not valid YAML: it has the character U+0007"),
        ("a: ok\nb: \ud800\n", (2, 4), "not valid YAML: it has the character U+D800"),
        ("a:\n\tb: 1\n", (2, 1), "a tab indents this line, which YAML forbids"),
        ("a: 1\nb: *c\n", (2, 4), "the alias *c has no anchor before it"),
        ("a: &c [*c]\n", (1, 8), "the alias *c is inside its own value"),
        ("a: [[[[[[[[1]]]]]]]]\n", (1, 11), "values are nested deeper than 8 levels"),
        ("a: &x [[[[[[[1]]]]]]]\nb: [*x]\n", (2, 5), "values are nested deeper than 8 levels"),
        (f"a: [{'1, ' * 99}]\n", (1, 302), "the file holds more than 100 values"),
        ("x" * 10_001, (1, 1), "the text is larger than 10000 characters"),
    ],
)
def test_an_error_has_a_place_and_a_next_step(text: str, place: tuple[int, int], message: str) -> None:
    """Lines and columns count from 1, and a limit is reported where it is crossed."""
    with pytest.raises(YamlError) as raised:
        read_documents(text, SMALL)
    error = raised.value
    assert ((error.line, error.column), error.message) == (place, message)
    assert error.hint


def test_a_second_document_is_refused_where_one_is_allowed() -> None:
    """A file with any number of documents is the default."""
    text = "a: 1\n---\nb: 2\n"
    assert len(read_documents(text, SMALL)) == 2
    with pytest.raises(YamlError, match=r"2:1: a second document begins here"):
        read_documents(text, Limits(characters=100, levels=8, values=100, documents=1))


def test_nodes_are_what_is_written() -> None:
    """Tags, quotes, duplicate keys and merge keys are for the caller to judge; an alias is the anchor's node."""
    (root,) = read_documents("a: &x !t [1]\na: '1'\n<<: {b: *x}\n*k : 1\n".replace("'1'", "&k '1'"), SMALL)
    assert isinstance(root, Mapping)
    keys = [entry.key.text for entry in root.entries if isinstance(entry.key, Scalar)]
    assert keys == ["a", "a", "<<", "1"]
    first, second, merge, last = root.entries
    assert first.value.tag == "!t"
    assert isinstance(second.value, Scalar)
    assert (second.value.style, second.value.plain) == ("'", False)
    assert isinstance(merge.value, Mapping)
    assert merge.value.entries[0].value is first.value
    assert (last.key_alias, last.key) == ((4, 1), second.value)
    assert first.key_alias is None
