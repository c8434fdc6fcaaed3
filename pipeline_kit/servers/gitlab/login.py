"""The login at GitLab's own registry, which GitLab hands to every job.

Source: https://docs.gitlab.com/ci/variables/predefined_variables/
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.login import Login

JOB_TOKEN_USER = "gitlab-ci-token"


def registry_login(host: str, variables: Mapping[str, str]) -> Login | None:
    """The job's login where the host is `CI_REGISTRY`: its user and password, else its token."""
    registry, user, password, token = (
        variables.get(name) for name in ("CI_REGISTRY", "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD", "CI_JOB_TOKEN")
    )
    if registry != host:
        return None
    if user and password:
        return Login(user, password)
    return Login(JOB_TOKEN_USER, token) if token else None
