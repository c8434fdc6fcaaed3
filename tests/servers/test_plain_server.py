"""The least that a CI server needs: `server.yml`, a template and its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pipeline_kit.contract.login import Login, no_login
from pipeline_kit.descriptor.model import Descriptor, Kit
from pipeline_kit.errors import UsageError
from pipeline_kit.plan.model import Plan
from pipeline_kit.render.plain_server import PlainServer
from pipeline_kit.render.project import render_for
from pipeline_kit.servers import SERVERS
from pipeline_kit.servers.login import server_login
from tests.render.plans import descriptor, job, plan

HOST = "registry.example"
LOGIN = {"CI_REGISTRY": HOST, "CI_REGISTRY_USER": "ci", "CI_REGISTRY_PASSWORD": "hidden"}


class Smallest(PlainServer):
    """A server that can do nothing but run jobs."""

    template_file = "jobs.txt.j2"

    def values(self, plan: Plan, descriptor: Descriptor, extras: Sequence[str]) -> Mapping[str, object]:
        return {"jobs": [each.name for each in plan.jobs]}


@pytest.fixture
def server(tmp_path: Path) -> Smallest:
    """The server in a folder of its own."""
    (tmp_path / "server.yml").write_text('title: Smallest\nfile: jobs.txt\ncomment: ";"\n')
    (tmp_path / "jobs.txt.j2").write_text("{% for job in jobs %}\n{{ job }}\n{% endfor %}\n")
    return Smallest("smallest", tmp_path)


def test_it_renders_and_has_an_honest_answer_to_everything_else(server: Smallest) -> None:
    """No rule, no job read, no comment, no login, no order added; a client is refused."""
    made = plan(job("a"), job("b", "a", level=1))
    project = render_for(made, descriptor(), [server])
    header, advice, *body = project.files["jobs.txt"].splitlines()
    assert header.startswith("; Rendered by pipeline-kit")
    assert advice.startswith("; Do not edit")
    assert body == ["a", "b"]
    assert (project.barriers, list(server.lint("jobs.txt", "a")), server.lint_rules()) == ((), [], ())
    assert (server.read("a"), server.facts("a"), server.comment("text", {}, "TOKEN")) == (None, {}, False)
    assert server.registry_login(HOST, LOGIN) is None
    with pytest.raises(UsageError, match="Smallest: the kit has no client of its API"):
        server.client({}, 1)


def test_what_concerns_all_servers_is_said_of_those_that_there_are(server: Smallest) -> None:
    """One is called by its title, two are both, more are all."""
    made, settings = plan(job("a")), []
    built_in = list(SERVERS.all().values())
    for servers in ([server], built_in, [*built_in, server]):
        project = render_for(made, descriptor(kit=Kit("0.1.0")), servers)
        settings.append(project.settings_needed[-1].partition(":")[0])
    assert settings == ["Smallest", "both", "all"]


def test_a_login_comes_from_the_server_that_has_one() -> None:
    """For the host of its own registry, and without a server for none."""
    assert server_login()(HOST, LOGIN) == Login("ci", "hidden")
    assert server_login()("other.example", LOGIN) is None
    assert no_login(HOST, LOGIN) is None
