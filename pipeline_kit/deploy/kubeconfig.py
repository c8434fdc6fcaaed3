"""Which kubeconfig a job releases with: the secret of its environment, or the one that this machine has."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.settings import text
from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.errors import UsageError

HINT = "give the environment the secret, of the type file, that holds the kubeconfig, and name it in `kubeconfig`"


def kubeconfig_of(context: StageContext) -> Path | None:
    """The file of the secret that the job names, else of its environment's only one of the type file.

    None where the environment has no such secret: then KUBECONFIG counts, or the pod that this runs in. Raises
    UsageError where the named secret is none of the job's, or there are several and none is named.
    """
    files = {
        name: value for name in secrets_of(context) if (value := context.secrets.get(secret_variable(name))) is not None
    }
    named = text(context.settings, "kubeconfig")
    if named is not None:
        if named not in files:
            raise UsageError(f"kubeconfig names the secret {named}, which the job does not have", hint=HINT)
        return Path(files[named])
    found = [path for value in files.values() if (path := Path(value)).is_absolute() and is_file(path)]
    if len(found) > 1:
        raise UsageError(f"the job has {len(found)} secrets that are files, and none is named", hint=HINT)
    return found[0] if found else None


def secrets_of(context: StageContext) -> tuple[str, ...]:
    """The names of the secrets of the job's environment, and of those that the job itself names."""
    of_environment = context.environment.secrets if context.environment else ()
    named = text(context.settings, "kubeconfig")
    return tuple(dict.fromkeys((*of_environment, *((named,) if named else ()))))


def is_file(path: Path) -> bool:
    """Whether a file is there; a text that is no path is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
