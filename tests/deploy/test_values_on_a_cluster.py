"""Values are data on the way to Kubernetes too: a process in a real pod reads each variable as it was written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pipeline_kit.adapters.kubernetes.cluster import KubernetesCluster
from pipeline_kit.contract.cluster import Kind
from pipeline_kit.deploy.targets.kubernetes.pod_template import pod_template
from tests.conformance.hostile import VALUES
from tests.deploy.releases import workload
from tests.deploy.waiting import until

POD = Kind("v1", "Pod")
SAY = """
import json, os
print(json.dumps({name: value for name, value in os.environ.items() if name.startswith("HOSTILE_")}))
"""


def saying(namespace: str, image: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """A pod of the kit's template that prints its variables and ends."""
    spec = pod_template(workload(namespace=namespace, image=image, variables=variables))["spec"]
    container = {**spec["containers"][0], "command": ["python3", "-c", SAY], "resources": {}}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        del container[probe]
    changed = {"serviceAccountName": "default", "restartPolicy": "Never", "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "hostile"}, "spec": {**spec, **changed}}


@pytest.mark.cluster
@pytest.mark.registry
@pytest.mark.engine
def test_variables_reach_the_process_in_a_pod(
    cluster: KubernetesCluster, namespace: str, images: Mapping[str, str], count: Callable[[str, int], None]
) -> None:
    """Quotes, dollars, backticks, line ends and all: Kubernetes expands nothing in them."""
    variables = {f"HOSTILE_{number}": value for number, value in enumerate(VALUES)}
    cluster.apply(saying(namespace, images["v1"], variables), namespace=namespace)

    def written() -> bool:
        return bool(cluster.logs(namespace, "hostile", "serve", previous=False, lines=1))

    until(written, "the pod has said what it was given")
    lines = cluster.logs(namespace, "hostile", "serve", previous=False, lines=1)
    cluster.delete(POD, "hostile", namespace)
    assert json.loads(lines[0]) == variables
    count("hostile values read back from a pod", len(variables))
