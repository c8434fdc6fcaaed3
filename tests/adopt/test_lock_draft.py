"""Locks drafted from other tools' lock files: what pip would be given, and where their own tool must do it."""

from __future__ import annotations

import json

import pytest

from pipeline_kit.adopt.infer.lock_draft import HEADER, draft, pinned_names

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def uv(packages: str) -> str:
    return f'version = 1\n\n[[package]]\nname = "own"\nsource = {{ editable = "." }}\n{packages}'


def registry(name: str, more: str = "", version: str = "1.0") -> str:
    head = f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "r" }}\n'
    return f'{head}{more}\nsdist = {{ url = "x", hash = "{A}" }}\nwheels = [{{ url = "y", hash = "{B}" }}]\n'


def test_uv_conditions_are_those_of_every_way_that_leads_there() -> None:
    """Wheels and source archives with their hashes, markers carried along, extras only where they are asked for."""
    tool = (
        '\n[[package]]\nname = "tool"\nversion = "2"\nsource = { registry = "r" }\n'
        f'wheels = [{{ url = "y", hash = "{B}" }}]\n'
        "[package.optional-dependencies]\nfast = [{ name = 'quick' }]\nslow = [{ name = 'never' }]\n"
    )
    text = uv(
        """dependencies = [{ name = "a" }, { name = "win", marker = "sys_platform == 'win32'" }]
[package.dev-dependencies]
dev = [{ name = "tool", extra = ["fast"] }]
"""
        + registry("a", "dependencies = [{ name = 'both' }]")
        + registry("win", "dependencies = [{ name = 'both' }, { name = 'deep', marker = \"python_version < '3.12'\" }]")
        + registry("both")
        + registry("deep")
        + tool
        + registry("quick")
        + registry("never")
    )
    found = draft("uv.lock", text)
    assert found is not None
    assert found.startswith(HEADER + f"a==1.0 \\\n    --hash={A} \\\n    --hash={B}\nboth==1.0 \\\n")
    assert 'deep==1.0 ; python_version < "3.12" and sys_platform == "win32" \\\n' in found
    assert 'win==1.0 ; sys_platform == "win32" \\\n' in found
    assert pinned_names(found) == {"a", "both", "deep", "quick", "tool", "win"}


@pytest.mark.parametrize(
    "packages",
    [
        'dependencies = [{ name = "a" }]\n\n[[package]]\nname = "a"\nversion = "1"\nsource = { git = "x" }\n',
        'dependencies = [{ name = "a", version = "1.0" }, { name = "a", version = "2.0" }]\n'
        + registry("a") + registry("a", version="2.0"),
        'dependencies = [{ name = "a" }]\n' + registry("a").replace(A, "sha256:x").replace(B, "md5:y"),
        'dependencies = [{ name = "a" }]\n' + registry("a", version="1.0 --index-url x"),
        'dependencies = [{ name = "a b" }]\n' + registry("a b"),
        'dependencies = [{ name = "missing" }]\n',
    ],
)  # fmt: skip
def test_what_is_no_plain_pin_is_left_to_its_own_tool(packages: str) -> None:
    """Git, forks, missing hashes, and text that is none of a version: no draft at all rather than half of one."""
    assert draft("uv.lock", uv(packages)) is None


def test_poetry_from_format_2_1_on() -> None:
    """Earlier formats do not keep the conditions of what is needed by way of others."""
    package = (
        '[[package]]\nname = "Numpy"\nversion = "2.0"\ngroups = ["main"]\n'
        f'markers = "python_version >= \'3.10\'"\nfiles = [{{file = "x", hash = "{A}"}}]\n'
    )
    assert draft("poetry.lock", package + '[metadata]\nlock-version = "2.1"\n') == (
        HEADER + f'numpy==2.0 ; python_version >= "3.10" \\\n    --hash={A}\n'
    )
    assert draft("poetry.lock", package + '[metadata]\nlock-version = "2.0"\n') is None


def test_pipfile_takes_what_runs_and_what_develops() -> None:
    """Pipenv keeps a list of hashes and a marker a distribution; one from git has no version."""
    pins = {"default": {"x": {"version": "==1", "hashes": [A]}}, "develop": {"y": {"version": "==2", "hashes": [B]}}}
    assert draft("Pipfile.lock", json.dumps(pins)) == (HEADER + f"x==1 \\\n    --hash={A}\ny==2 \\\n    --hash={B}\n")
    pins["default"]["z"] = {"git": "https://git.example/z", "ref": "abc"}
    assert draft("Pipfile.lock", json.dumps(pins)) is None


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "other.lock"])
@pytest.mark.parametrize("text", ["", "[", "{}", "[]", "[[package]]\nname = 1\n", '{"default": 3}', "package = 1"])
def test_a_damaged_lock_file_gives_no_draft(name: str, text: str) -> None:
    """Whatever stands in it."""
    assert draft(name, text) is None


def test_a_fork_of_uv_is_two_pins_with_their_conditions() -> None:
    """The same distribution in two versions, where a marker says which of them."""
    edges = ", ".join(
        f'{{ name = "a", version = "{version}", marker = "python_full_version {sign} \'3.12\'" }}'
        for version, sign in (("1.0", "<"), ("2.0", ">="))
    )
    found = draft("uv.lock", uv(f"dependencies = [{edges}]\n" + registry("a") + registry("a", version="2.0")))
    assert found is not None
    assert 'a==1.0 ; python_full_version < "3.12" \\\n' in found
    assert 'a==2.0 ; python_full_version >= "3.12" \\\n' in found
