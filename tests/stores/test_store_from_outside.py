"""A kind of store that a package adds: one file, found by entry point, and used from the descriptor to the job."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins import install_package, use_plugins
from tests.projects import kit, write_project

pytestmark = pytest.mark.slow

VAULT = '''
"""A store that asks for a token: a directory behind it keeps the objects."""

from pathlib import Path

from pipeline_kit.adapters.stores.directory import DirectoryStore
from pipeline_kit.descriptor.grammar import Grammar
from pipeline_kit.descriptor.parameter import Kind, Parameter
from pipeline_kit.errors import InfrastructureError, UsageError


class Vault:
    """`store: vault://NAME`."""

    grammar = Grammar("vault://[a-z]+", "vault://NAME", "vault://models")
    parameters = (Parameter("room", Kind.STRING, "The room in it.", default="hall", grammar="name"),)

    def open(self, request):
        """The store. Raises UsageError without a token, InfrastructureError where the vault refuses it."""
        tokens = [credential.values[0] for credential in request.credentials]
        if not tokens:
            raise UsageError("the vault needs a token", hint="name its secret under store.secrets")
        if tokens != ["open-sesame"]:
            raise InfrastructureError("the vault refuses the token")
        folder = request.address.removeprefix("vault://")
        return DirectoryStore(request.project / folder / request.settings.get("room", "hall"))


VAULT = Vault()
'''
KEEP = """
from pipeline_kit.contract.result import Outcome, StageResult


def run(context):
    model = context.out / "model.json"
    model.write_text("weights")
    context.store.point("production", context.store.put(model))
    return StageResult(Outcome.PASSED, f"kept {sorted(context.secrets)}")
"""
STAGE_YML = "help: Keeps a model in the store.\nuses_store: true\ncacheable: false\n"
DECLARED = (
    'store: {vault: "vault://models", room: attic, secrets: [vault]}\nsecrets: {vault: {type: text, gitlab: VAULT}}'
)
POINTS = {"pipeline_kit.stores": {"vault": "acme_vault:VAULT"}}
TOKEN = {"PIPELINE_KIT_SECRET_VAULT": "open-sesame"}


@pytest.fixture
def site(tmp_path: Path) -> str:
    """The folder of the installed package, for PYTHONPATH."""
    return str(install_package(tmp_path / "site", "acme-vault", {"acme_vault.py": VAULT}, POINTS))


def project(folder: Path, store: str = DECLARED) -> Path:
    """A project whose job keeps a model in its store."""
    write_project(folder, "  keep: {stage: keep}\n  other: {stage: probe}\n", store)
    stage = folder / ".pipeline-kit" / "stages" / "keep"
    stage.mkdir()
    (stage / "stage.yml").write_text(STAGE_YML)
    (stage / "run.py").write_text(KEEP)
    (folder / "models").mkdir()
    return use_plugins(folder, "acme-vault")


def test_a_job_keeps_a_model_in_a_store_from_outside(tmp_path: Path, site: str) -> None:
    """Its address, settings and secret come from the descriptor; nothing of the kit was touched for it."""
    folder = project(tmp_path / "project")
    done = kit(folder, "run", "keep", PYTHONPATH=site, **TOKEN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "models" / "attic" / "names" / "production").is_file()


def test_the_secret_goes_to_the_jobs_that_use_the_store(tmp_path: Path, site: str) -> None:
    """The rendered file hands it to that job alone, and without it the job does not start."""
    folder = project(tmp_path / "project")
    assert kit(folder, "render", PYTHONPATH=site).returncode == 0
    rendered = (folder / ".gitlab-ci.yml").read_text()
    keep, other = rendered.index("\nkeep:"), rendered.index("\nother:")
    uses = [at for at in range(len(rendered)) if rendered.startswith("PIPELINE_KIT_SECRET_VAULT: $VAULT", at)]
    assert len(uses) == 1
    assert keep < uses[0] and not keep < other < uses[0]
    done = kit(folder, "run", "keep", PYTHONPATH=site)
    assert "secret vault: the variable PIPELINE_KIT_SECRET_VAULT is not set" in done.stdout + done.stderr


def test_a_job_that_does_not_use_the_store_needs_no_token(tmp_path: Path, site: str) -> None:
    """Its store is not even opened: here the vault would refuse to, and a set token would not be masked."""
    folder = project(tmp_path / "project")
    done = kit(folder, "run", "other", PYTHONPATH=site)
    assert done.returncode == 0, done.stdout + done.stderr
    done = kit(folder, "job", "other", PYTHONPATH=site, PIPELINE_KIT_SECRET_VAULT="wrong-token")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("secrets", ("", ""), "the kind of store `secrets` has the key `secrets`, which has another meaning"),
        ("vault", ('"room"', '"secrets"'), "the kind of store `vault` has the key `secrets`, which has another"),
        ("vault", ('"room"', '"directory"'), "the kind of store `vault` has the key `directory`, which has another"),
        ("vault", ('"room"', '"Room"'), "the kind of store `vault` calls a field 'Room'"),
        ("vault", ('grammar="name"', 'grammar="nane"'), "`room` of the kind of store `vault` has the unknown grammar"),
        ("vault", ("parameters = (", "parameters = 3, ("), "the kind of store `vault` has no tuple of Parameter"),
        ("vault", ("vault://[a-z]+", "(?i)vault"), "the kind of store `vault` has no Grammar whose pattern can be"),
        ("vault", ("class Vault", "import sys; sys.exit(0)\nclass Vault"), "cannot be imported from acme_vault:VAULT"),
    ],
)
def test_a_kind_of_store_that_cannot_be_one_is_refused(
    tmp_path: Path, name: str, change: tuple[str, str], message: str
) -> None:
    """By `plan`, with the name that the package gives it."""
    points = {"pipeline_kit.stores": {name: "acme_vault:VAULT"}}
    site = install_package(tmp_path / "site", "acme-vault", {"acme_vault.py": VAULT.replace(*change)}, points)
    planned = kit(project(tmp_path / "project", "store: models"), "plan", PYTHONPATH=str(site))
    assert planned.returncode == 2
    assert message in planned.stderr


def test_a_refused_token_is_a_failure_of_the_infrastructure(tmp_path: Path, site: str) -> None:
    """Exit code 3, as for every store; the token is not shown."""
    folder = project(tmp_path / "project")
    done = kit(folder, "run", "keep", PYTHONPATH=site, PIPELINE_KIT_SECRET_VAULT="wrong-token")
    assert done.returncode == 3
    assert "the vault refuses the token" in done.stdout
    assert "wrong-token" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("store", "message"),
    [
        ("store: s3://ml/fraud", 'no store has the scheme "s3://"; the kinds of store are: directory, vault'),
        ("store: {room: attic}", "store must name one kind of store with its address"),
        ('store: {vault: "vault://a", directory: b}', "store must name one kind of store with its address"),
        ('store: {vault: "vault://a", rom: attic}', "the key `rom` in store is not known"),
        ('store: {vault: "http://a"}', 'store.vault: "http://a" is not vault://NAME'),
        ('store: {vault: "vault://a", secrets: [valt]}', 'store.secrets: no secret is called "valt"'),
        ("store: [a]", "store must be text"),
    ],
)
def test_a_store_that_does_not_exist_is_refused_by_plan(tmp_path: Path, site: str, store: str, message: str) -> None:
    """Before any job runs, at its place."""
    planned = kit(project(tmp_path / "project", store), "plan", PYTHONPATH=site)
    assert planned.returncode == 2
    assert message in planned.stderr


def test_an_address_alone_names_the_kind_by_its_form(tmp_path: Path, site: str) -> None:
    """`store: vault://models` is the vault, with the defaults of its settings; it then lacks its token."""
    folder = project(tmp_path / "project", "store: vault://models")
    assert kit(folder, "plan", PYTHONPATH=site).returncode == 0
    done = kit(folder, "run", "keep", PYTHONPATH=site)
    assert "the vault needs a token" in done.stdout
    config = kit(folder, "config", PYTHONPATH=site)
    assert 'store: "vault://models"' in config.stdout
    assert kit(folder, "schema", PYTHONPATH=site).stdout.count("vault://") > 1
