"""Which kubeconfig a job releases with: the secret of its environment, or the one that this machine has."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.settings import text
from pipeline_kit.descriptor.model import Secret, SecretType
from pipeline_kit.descriptor.secret_variables import secret_variable
from pipeline_kit.errors import UsageError

HINT = "give the environment the secret, of the type file, that holds the kubeconfig, and name it in `kubeconfig`"


def kubeconfig_of(context: StageContext) -> Path | None:
    """The file of the secret that the job names, else of its only one of the type file.

    None only where it has no such secret: then KUBECONFIG counts, or the pod that this runs in. Raises UsageError where
    the named secret is none of the job's files, or there are several and none is named, or the file is not there.
    """
    files = {each.name: each for each in context.declared_secrets if each.type is SecretType.FILE}
    named = text(context.settings, "kubeconfig")
    if named is not None and named not in files:
        raise UsageError(f"kubeconfig names the secret {named}, which is no file of this job", hint=HINT)
    found = [files[named]] if named is not None else list(files.values())
    if len(found) > 1:
        names = ", ".join(each.name for each in found)
        raise UsageError(f"the job has {len(found)} secrets that are files, and none is named: {names}", hint=HINT)
    return file_of(context, found[0]) if found else None


def file_of(context: StageContext, secret: Secret) -> Path:
    """The file of a secret. Raises UsageError where there is none: another cluster is never taken instead."""
    path = Path(context.secrets.get(secret_variable(secret.name), ""))
    try:
        there = path.is_absolute() and path.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        hint = "its variable must hold the absolute path of the kubeconfig"
        raise UsageError(f"secret {secret.name} leads to no file", hint=hint)
    return path
