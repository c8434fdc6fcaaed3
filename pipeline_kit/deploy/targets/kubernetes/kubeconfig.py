"""Which kubeconfig a job releases with: the secret of its environment, or the one that this machine has."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.deploy.target import Access, SecretFile
from pipeline_kit.errors import UsageError

HINT = "give the environment the secret, of the type file, that holds the kubeconfig, and name it in `kubeconfig`"


def kubeconfig_of(access: Access) -> Path | None:
    """The file of the secret that the job names, else of its only one of the type file.

    None only where it has no such secret: then KUBECONFIG counts, or the pod that this runs in. Raises UsageError where
    the named secret is not a file of the job, several files are there and no name, or the file is missing.
    """
    files = {secret.name: secret for secret in access.files}
    named = access.named
    if named is not None and named not in files:
        raise UsageError(f"kubeconfig names the secret {named}, which is not a file secret of this job", hint=HINT)
    candidates = [files[named]] if named is not None else list(files.values())
    if len(candidates) > 1:
        names = ", ".join(secret.name for secret in candidates)
        raise UsageError(f"the job has {len(candidates)} secrets that are files, and none is named: {names}", hint=HINT)
    return file_of(candidates[0]) if candidates else None


def file_of(secret: SecretFile) -> Path:
    """The file of a secret. Raises UsageError where it does not exist: another cluster is never taken instead."""
    path = Path(secret.path)
    try:
        exists = path.is_absolute() and path.is_file()
    except (OSError, ValueError):
        exists = False
    if not exists:
        hint = "its variable must hold the absolute path of the kubeconfig"
        raise UsageError(f"secret {secret.name} leads to no file", hint=hint)
    return path
