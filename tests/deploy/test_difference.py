"""What a release changes, field by field, and what it leaves alone."""

from __future__ import annotations

import copy
from typing import Any

from pipeline_kit.deploy.targets.kubernetes.difference import Change, differences
from pipeline_kit.deploy.targets.kubernetes.manifests import kit_manifests
from tests.deploy.releases import IMAGE, OLD_IMAGE, workload

WANTED: Any = kit_manifests(workload())[-1]


def live(**changes: Any) -> Any:
    """The Deployment as a server has it, with what it and others have set."""
    found: Any = copy.deepcopy(kit_manifests(workload(**changes))[-1])
    found["metadata"] |= {"uid": "1", "resourceVersion": "7", "generation": 3, "managedFields": [{"manager": "x"}]}
    found["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "4"
    found["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    found["spec"]["template"]["spec"]["containers"][0]["terminationMessagePath"] = "/dev/termination-log"
    found["status"] = {"replicas": 2}
    return found


def settings(**data: str) -> Any:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data}


def test_what_is_the_same_is_no_change() -> None:
    """What the server and others have set among it."""
    assert differences(live(), WANTED) == ()


def test_a_changed_field_is_told_with_its_path() -> None:
    """Containers and variables by their names."""
    changed = kit_manifests(workload(replicas=3, variables={"MODE": "fast"}))[-1]
    assert differences(live(image=OLD_IMAGE, variables={"MODE": "slow"}), changed) == (
        Change("spec.replicas", 2, 3),
        Change("spec.template.spec.containers[serve].env[MODE].value", "slow", "fast"),
        Change("spec.template.spec.containers[serve].image", OLD_IMAGE, IMAGE),
    )


def test_names_with_dots_are_quoted() -> None:
    """Their dots are no steps of the path."""
    wanted = copy.deepcopy(WANTED)
    wanted["metadata"]["annotations"]["pipeline-kit.dev/kit"] = "0.2.0"
    (change,) = differences(live(), wanted)
    assert change.path == 'metadata.annotations["pipeline-kit.dev/kit"]'


def test_an_object_that_is_new_is_one_change() -> None:
    """With an empty path."""
    assert differences(None, WANTED) == (Change("", None, WANTED),)


def test_amounts_that_mean_the_same_are_no_change() -> None:
    """The server writes them in its own way; elsewhere text is text."""
    assert differences(live(cpu="1000m", memory="1024Mi"), kit_manifests(workload(cpu="1", memory="1Gi"))[-1]) == ()
    assert differences(settings(limits="1000m"), settings(limits="1")) != ()


def test_the_servers_answer_shows_what_goes_away() -> None:
    """A manifest alone does not tell whether a field that it lacks was its own before."""
    now = live(variables={"MODE": "slow"})
    answer = live()
    (change,) = differences(now, answer)
    assert change == Change("spec.template.spec.containers[serve].env[MODE]", {"name": "MODE", "value": "slow"}, None)
    assert differences(now, WANTED) == ()


def test_lists_without_names_are_compared_by_their_places() -> None:
    """And what is behind the last one goes away."""
    before = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"args": ["a", "b"]}}
    after = {**before, "spec": {"args": ["c"]}}
    assert differences(before, after) == (Change("spec.args[0]", "a", "c"), Change("spec.args[1]", "b", None))


def test_types_count() -> None:
    """True is not 1."""
    assert differences(settings(a="1"), {**settings(), "data": {"a": 1}}) == (Change("data.a", "1", 1),)


def test_empty_values_are_no_values() -> None:
    """A server leaves them out."""
    assert differences(settings(), {**settings(), "extra": {}, "more": [], "none": None}) == ()


def test_values_of_secrets_are_never_told() -> None:
    """Neither old nor new ones, nor those of a new Secret."""
    old, new = ({**settings(key=value), "kind": "Secret"} for value in ("b2xk", "bmV3"))
    assert differences(old, new) == (Change("data.key", "(hidden)", "(hidden)"),)
    (change,) = differences(None, new)
    assert change.after["data"] == {"key": "(hidden)"}
    (added,) = differences({**old, "data": {}}, new)
    assert (added.before, added.after) == (None, "(hidden)")
