"""The login that the CI server of a job hands out for its own image registry."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_kit.contract.login import Login, ServerLogin
from pipeline_kit.extensions import NO_PLUGINS, Plugins
from pipeline_kit.servers import SERVERS


def server_login(plugins: Plugins = NO_PLUGINS) -> ServerLogin:
    """What finds the login: the first of the servers that has one for the host. No server is imported before that."""

    def login(host: str, variables: Mapping[str, str]) -> Login | None:
        answers = (server.registry_login(host, variables) for server in SERVERS.all(plugins).values())
        return next((answer for answer in answers if answer is not None), None)

    return login
