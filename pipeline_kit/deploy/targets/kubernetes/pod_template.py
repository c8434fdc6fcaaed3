"""The pod of the kit's Deployment: one container that may do nothing but serve."""

from __future__ import annotations

from typing import Any

from pipeline_kit.deploy.targets.kubernetes.labels import labels, notes, object_name, selector_labels
from pipeline_kit.deploy.workload import CONTAINER, Workload
from pipeline_kit.images.names import USER

PORT_NAME = "http"
READY_PATH = "/readyz"
ALIVE_PATH = "/healthz"
START_SECONDS = 600
"""How long a model may take to load: the container is started anew when it is over."""
START_PERIOD = 2


def pod_template(workload: Workload) -> dict[str, Any]:
    """The template of the pods."""
    return {
        "metadata": {"labels": labels(workload), "annotations": notes(workload)},
        "spec": {
            "serviceAccountName": object_name(workload.release),
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,  # variables named after other services are not the image's
            "terminationGracePeriodSeconds": workload.grace_seconds,
            "securityContext": pod_security(),
            "topologySpreadConstraints": [spread(workload)],
            **pull_secrets(workload),
            "containers": [container(workload)],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        },
    }


def pull_secrets(workload: Workload) -> dict[str, Any]:
    """The pull secret for the registry, if one is configured."""
    return {"imagePullSecrets": [{"name": workload.pull_secret}]} if workload.pull_secret else {}


def pod_security() -> dict[str, Any]:
    """The user of the image, and no way to be root."""
    user, group = map(int, USER.split(":"))
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": group,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def spread(workload: Workload) -> dict[str, Any]:
    """Pods go to different nodes where there are several with room."""
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector_labels(workload)},
    }


def container(workload: Workload) -> dict[str, Any]:
    """The container that serves."""
    return {
        "name": CONTAINER,
        "image": workload.image,
        "ports": [{"name": PORT_NAME, "containerPort": workload.port, "protocol": "TCP"}],
        "env": variables(workload),
        "resources": {"requests": resources(workload), "limits": resources(workload)},
        "startupProbe": probe(READY_PATH, START_PERIOD, START_SECONDS // START_PERIOD, 2),
        "readinessProbe": probe(READY_PATH, 5, 2, 2),
        "livenessProbe": probe(ALIVE_PATH, 10, 6, 5),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }


def variables(workload: Workload) -> list[dict[str, str]]:
    """The container's variables by name; the port wins over one of the project's.

    Kubernetes reads `$(NAME)` in a value as another variable, and `$$` as `$`: doubled, each dollar stays one.
    """
    values = {**workload.variables, "PORT": str(workload.port)}
    return [{"name": name, "value": values[name].replace("$", "$$")} for name in sorted(values)]


def resources(workload: Workload) -> dict[str, str]:
    """What a pod asks for, and may use at most: the same, so that no neighbour takes it."""
    asked = {"cpu": workload.cpu, "memory": workload.memory}
    return {**asked, workload.gpu_resource: str(workload.gpu)} if workload.gpu else asked


def probe(path: str, period: int, failures: int, timeout: int) -> dict[str, Any]:
    """An HTTP probe."""
    return {
        "httpGet": {"path": path, "port": PORT_NAME, "scheme": "HTTP"},
        "periodSeconds": period,
        "failureThreshold": failures,
        "timeoutSeconds": timeout,
    }
