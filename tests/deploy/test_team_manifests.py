"""A project's own manifests: what the kit puts in, and what it refuses, by file and line."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.deploy.targets.kubernetes.team_manifests import team_manifests
from pipeline_kit.errors import ProjectError
from tests.deploy.releases import IMAGE, workload

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: scoring
  labels: {team: risk}
spec:
  selector: {matchLabels: {app: scoring}}
  template:
    metadata: {labels: {app: scoring}, annotations: {since: 2026-01-31, port: "80"}}
    spec:
      initContainers:
        - {name: warm, image: IMAGE}
      containers:
        - name: serve
          image: IMAGE
          args: [IMAGE, 1:30, 0x10, yes]
        - {name: proxy, image: proxy.example/envoy:1}
"""
SERVICE = """\
---
# the address
apiVersion: v1
kind: Service
metadata: {name: scoring, namespace: risk}
spec: {selector: {app: scoring}, ports: [{port: 80, targetPort: 8000}]}
---
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: serve, image: IMAGE}]}\n"


def made(*texts: str) -> tuple[Any, ...]:
    return team_manifests([(f"k8s/{number}.yaml", text) for number, text in enumerate(texts)], workload())


def test_the_image_is_put_where_a_container_asks_for_it() -> None:
    """By digest, and nowhere else."""
    pods = made(DEPLOYMENT)[0]["spec"]["template"]["spec"]
    assert [each["image"] for each in pods["containers"]] == [IMAGE, "proxy.example/envoy:1"]
    assert pods["initContainers"][0]["image"] == IMAGE
    assert pods["containers"][0]["args"][0] == "IMAGE"


def test_containers_of_operators_kinds_are_found() -> None:
    """Wherever they have them."""
    text = "apiVersion: ml.example/v1\nkind: Server\nmetadata: {name: a}\nspec: {model: {containers: [{image: IMAGE}]}}"
    assert made(text)[0]["spec"]["model"]["containers"] == [{"image": IMAGE}]


def test_every_object_gets_labels_and_namespace_beside_its_own() -> None:
    """Pods too; their own labels, which selectors mean, stay."""
    deployment, service = made(DEPLOYMENT, SERVICE)
    for each in (deployment, service):
        assert each["metadata"]["namespace"] == "risk"
        assert each["metadata"]["labels"]["pipeline-kit.dev/release"] == "fraud-detection"
    assert deployment["metadata"]["labels"]["team"] == "risk"
    template = deployment["spec"]["template"]["metadata"]
    assert template["labels"]["app"] == "scoring"
    assert template["labels"]["pipeline-kit.dev/model"] == "1f" * 8
    assert template["annotations"]["since"] == "2026-01-31"
    assert service["spec"]["selector"] == {"app": "scoring"}


def test_values_are_what_kubectl_reads() -> None:
    """Dates and times stay text."""
    assert made(DEPLOYMENT)[0]["spec"]["template"]["spec"]["containers"][0]["args"] == ["IMAGE", "1:30", 16, True]


@pytest.mark.parametrize("value", ["&a [*a]", "&a {b: *a}", "[&a [1], &b [*a], &c [*b, &d [*d]]]"])
def test_an_alias_that_holds_itself_is_refused(value: str) -> None:
    """With its place, before anything without an end is built."""
    with pytest.raises(ProjectError, match=r"k8s/0\.yaml:5: the alias \*. is inside its own value"):
        made(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  a: {value}\n")


@pytest.mark.parametrize("number", ["0x" + "f" * 6000, "1" * 20, "-9223372036854775809"])
def test_an_integer_that_kubernetes_has_not_is_refused(number: str) -> None:
    """Kubernetes has 64 bits, and no number is worth a traceback."""
    with pytest.raises(ProjectError, match=r"k8s/0\.yaml:5: .* (is not a number|cannot be read): quote it"):
        made(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  a: {number}\n")


def test_anchors_are_read() -> None:
    """As long as they do not make a small file large."""
    text = DEPLOYMENT.replace("{team: risk}", "&own {team: risk}").replace("{app: scoring}, a", "*own , a")
    assert made(text)[0]["spec"]["template"]["metadata"]["labels"]["team"] == "risk"
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
    )
    with pytest.raises(ProjectError, match=r"k8s/0.yaml:\d+: the file holds more than 100000 values"):
        made(bomb)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n", "k8s/0.yaml:1: a manifest is a mapping"),
        (f"{POD}---\n- a\n", "k8s/0.yaml:6: a manifest is a mapping"),
        (POD.replace("name: a", "name: a..b"), "k8s/0.yaml:3: Pod has no valid metadata.name"),
        (POD.replace("name: a", f"name: {'a' * 254}"), "k8s/0.yaml:3: Pod has no valid metadata.name"),
        ("kind: Pod\n", "k8s/0.yaml:1: apiVersion is missing"),
        ("apiVersion: v1\nkind: 7\n", "k8s/0.yaml:2: kind is none: 7"),
        ("apiVersion: v1\nkind: pod\n", "k8s/0.yaml:2: kind is none: 'pod'"),
        ("apiVersion: ../v1\nkind: Pod\n", "k8s/0.yaml:1: apiVersion is none"),
        ("apiVersion: v1\nkind: Pod\n", "k8s/0.yaml:1: Pod has no valid metadata.name"),
        ("apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: a-\n", "k8s/0.yaml:4: Pod has no valid metadata.name"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: ../x}\n", "k8s/0.yaml:3: Pod has no valid metadata.name"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", "k8s/0.yaml:1: Pod a has no containers with names"),
        (POD.replace("name: serve, ", ""), "k8s/0.yaml:4: Pod a has no containers with names"),
        (POD.replace("{name: a}", "{name: a, labels: {a: 1}}"), "k8s/0.yaml:3: metadata.labels must be text by text"),
        (POD.replace("{name: a}", "{name: a, annotations: []}"), "k8s/0.yaml:3: metadata.annotations must be"),
        (POD.replace("{name: a}", "\n  name: a\n  namespace: other"), "k8s/0.yaml:5: Pod a is of the namespace other"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", "k8s/0.yaml:2: a release holds no Namespace"),
        ("apiVersion: v1\nkind: List\nitems: []\n", "k8s/0.yaml:2: a release holds no List"),
        (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {key: value}\n",
            "k8s/0.yaml:4: Secret a contains values",
        ),
        (f"{POD}---\n{POD}", "k8s/0.yaml:6: Pod a is declared twice"),
        (DEPLOYMENT.replace("  selector", "  replicas: two\n  selector"), "k8s/0.yaml:7: Deployment scoring: replicas"),
        (DEPLOYMENT.replace("image: IMAGE", "image: x:1"), "k8s/0.yaml:1: no container has the image IMAGE"),
        ("a: 1\na: 2\n", "k8s/0.yaml:2: the key 'a' is declared twice"),
        ("a: {<<: {b: 1}}\n", "k8s/0.yaml:1: merge keys"),
        ("a:\n  ? [b]\n  : c\n", "k8s/0.yaml:2: a list or a mapping cannot be a key"),
        ("a: !!python/object/apply:os.system [ls]\n", "k8s/0.yaml:1: the tag"),
        ("a:\n  - !!binary aGk=\n", "k8s/0.yaml:2: the tag 'binary' has no place"),
        ("a: !!set {b}\n", "k8s/0.yaml:1: the tag 'set'"),
        ("a: !!int x\n", "k8s/0.yaml:1: 'x' cannot be read"),
        ("a: .nan\n", "k8s/0.yaml:1: '.nan' is not a number"),
        ("a: 1\n b: 2\n", "k8s/0.yaml:2: not valid YAML"),
        ("a: *nothing\n", "k8s/0.yaml:1: the alias *nothing has no anchor before it"),
        ("a: " + "[" * 100 + "]" * 100, "k8s/0.yaml:1: values are nested deeper than 60 levels"),
        ("a: \x00\n", "k8s/0.yaml:1: not valid YAML"),
        ("", "k8s/0.yaml:1: no container has the image IMAGE"),
    ],
)
def test_what_is_no_manifest_of_the_release_is_refused(text: str, told: str) -> None:
    """By file and line."""
    with pytest.raises(ProjectError) as raised:
        made(text)
    assert raised.value.message.startswith(told)


def test_the_same_object_in_two_files_is_refused() -> None:
    """One of them would win by chance."""
    with pytest.raises(ProjectError, match=r"k8s/1.yaml:1: Pod a is declared twice"):
        made(POD, POD)


def test_a_secret_without_values_is_taken() -> None:
    """An operator fills it in."""
    assert len(made(POD, "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n")) == 2


def test_a_release_without_files_is_refused() -> None:
    """It would remove all there is."""
    with pytest.raises(ProjectError, match="no container has the image IMAGE"):
        made()


@given(
    st.text(max_size=60) | st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=9).map(yaml.dump)
)
def test_any_text_is_refused_with_its_place(text: str) -> None:
    """Nothing but the kit's own error comes out."""
    with pytest.raises(ProjectError, match=r"k8s/0.yaml:\d+: "):
        made(text)
