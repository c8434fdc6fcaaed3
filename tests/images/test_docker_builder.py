"""The builder `docker`: the content and labels of the other one, by the kit's Dockerfile or the project's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.adapters.docker.engine import DockerEngine
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.errors import ModelError, ProjectError, UsageError
from pipeline_kit.images.oci.files import image_files
from pipeline_kit.images.oci.source import LayoutBlobs
from tests.images.building import Wheelhouse, build, built, image_context, make_package, tiny_wheel
from tests.images.engines import EngineWorld, absent, containers, ran, without_engine
from tests.images.registry import Registry
from tests.images.test_docker_engine import refusal, running

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.skipif(bool(absent()), reason=absent())]
OWN = """\
ARG BASE
FROM ${BASE}
LABEL dev.pipeline-kit.model.digest=sha256:mine org.example.team=ml
COPY --chown=10001:10001 code /app/code
COPY model /app/model
COPY config /app/config
COPY wheelhouse /wheels
COPY wheelhouse/tiny-1.0-py3-none-any.whl /app/packages/tiny.zip
ENV PYTHONPATH=/app/packages/tiny.zip:/app/code PIPELINE_KIT_APP=/app
USER 10001
WORKDIR /app/code
ENTRYPOINT ["python3", "-m", "model.serving"]
"""
CHANGED = """\
ARG BASE
FROM ${BASE} AS changed
COPY code /app/code
COPY model /app/model
COPY config /app/config
STEP
FROM scratch
COPY --from=changed /app /app
"""
"""Without the base, an image is soon written."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A package, a base in a real registry, and the engine that builds from them."""

    folder: Path
    world: EngineWorld
    base: str

    @property
    def package(self) -> Path:
        """The package's file."""
        return self.folder / "package.tar"

    def job(self, name: str = "job", dockerfile: str | None = None, **settings: Any) -> StageContext:
        """A job of the builder `docker`, with the text of the project's Dockerfile where it has one."""
        given = {"builder": "docker", "base": self.base, **settings}
        if dockerfile is not None:
            given["dockerfile"] = "Dockerfile"
        context = image_context(self.folder / name, self.package, self.world, **given)
        if dockerfile is not None:
            (context.workspace / "Dockerfile").write_text(dockerfile)
        return context


@pytest.fixture
def shop(tmp_path: Path, registry: Registry, base_image: str) -> Shop:
    make_package(tmp_path / "package.tar")
    return Shop(tmp_path, EngineWorld(tmp_path / "world", host=registry.host), base_image)


def app_files(blobs: LayoutBlobs, image: Image, *folders: str) -> dict[str, tuple[str, int, int]]:
    """Digest, mode and owner of the files in folders of the image."""
    found = {}
    for file in image_files(image, blobs):
        if file.kind == "file" and file.path.startswith(folders):
            found[file.path] = (digest_bytes(file.read(file.size)), file.mode & 0o7777, file.uid)
    return found


def test_both_builders_make_the_same_image_but_for_its_layers(shop: Shop) -> None:
    """Labels, the files of the application with mode and owner, and how its container runs."""
    made: dict[str, tuple[StageResult, LayoutBlobs, Image]] = {}
    for builder in ("layers", "docker"):
        context = shop.job(builder, builder=builder)
        made[builder] = (build(context), *built(context, shop.world))
    results, images_ = {name: each[0] for name, each in made.items()}, {n: e[2] for n, e in made.items()}
    assert {each.outcome for each in results.values()} == {Outcome.PASSED}
    assert results["docker"].facts["model"] == results["layers"].facts["model"]
    assert results["docker"].facts["package"] == results["layers"].facts["package"]
    assert set(results["docker"].measurements) == set(results["layers"].measurements)
    assert images_["docker"].labels == images_["layers"].labels
    assert "@" not in images_["docker"].labels["org.opencontainers.image.base.name"]
    files = {
        name: app_files(blobs, image, "app/code/", "app/model/", "app/config/", "app/packages/tiny.py")
        for name, (_, blobs, image) in made.items()
    }
    assert files["docker"] == files["layers"] and len(files["docker"]) == 7
    settings = {name: settings_of(image) for name, image in images_.items()}
    assert settings["docker"] == settings["layers"]
    kinds = {name: [each["kind"] for each in layers_of(result)] for name, result in results.items()}
    assert kinds["docker"] == kinds["layers"] == ["base", "dependencies", "code", "model", "config"]


def test_the_kits_dockerfile_needs_no_network_and_installs_first(shop: Shop) -> None:
    """A changed line of code, model or configuration installs nothing again; the engine keeps no image."""
    build(shop.job("first"))
    make_package(shop.package, code={"model/extra.py": str(shop.folder).encode()}, model=str(shop.folder).encode())
    shop.world.lines.clear()
    build(shop.job("second"))
    assert [each.network for each in shop.world.engine().builds] == ["none", "none"]
    install = next(number for number, line in enumerate(shop.world.lines) if '"pip", "install"' in line)
    assert shop.world.lines[install + 1] == " ---> Using cache"
    assert not any("Successfully installed" in line for line in shop.world.lines)
    package_digest = json.loads((shop.folder / "second/out/image.json").read_text())["package"]
    assert (
        ran(
            "docker",
            "images",
            "--quiet",
            "--filter",
            "reference=pipeline-kit/job",
            "--filter",
            f"label=dev.pipeline-kit.package.digest={package_digest}",
        )
        == ""
    )


def test_a_base_may_lie_in_a_layout_of_the_project(shop: Shop) -> None:
    """A relative path counts from the workspace; its digest is a label, and the engine does not keep it."""
    context = shop.job(base="oci:base:latest")
    ran("skopeo", "copy", "--src-tls-verify=false", f"docker://{shop.base}", f"oci:{context.workspace}/base:latest")
    build(context)
    labels = built(context, shop.world)[1].labels
    other = shop.job("other", base=f"oci:{context.workspace}/base:latest", builder="layers")
    build(other)
    assert labels == built(other, shop.world)[1].labels
    assert "org.opencontainers.image.base.name" not in labels
    assert len(labels["org.opencontainers.image.base.digest"]) == len("sha256:") + 64


def test_a_project_may_bring_its_own_dockerfile(shop: Shop) -> None:
    """It gets the same context, the base and the engine's network; what the image says of itself is the kit's."""
    context = shop.job(dockerfile=OWN)
    result = build(context)
    blobs, image = built(context, shop.world)
    assert image.labels["org.example.team"] == "ml"
    assert image.labels["dev.pipeline-kit.model.digest"] == result.facts["model"]
    assert shop.world.engine().builds[0].network is None
    assert set(app_files(blobs, image, "wheels/")) == {"wheels/tiny-1.0-py3-none-any.whl"}


@pytest.mark.parametrize(
    "case",
    [
        ("RUN echo 1 >/app/model/model.json", "/app/model/model.json is not what was gated"),
        ("RUN echo 1 >/app/config/manifest.json", "/app/config/manifest.json is not what was gated"),
        ("RUN echo 1 >/app/code/model/serving.py", "/app/code/model/serving.py is not what was gated"),
        ("RUN rm /app/model/model.json", "/app/model/model.json is missing"),
        ("RUN rm -r /app/code/model", "/app/code/model/__init__.py is missing"),
        ("RUN echo 1 >/app/model/other.json", "/app/model/other.json is not of what was gated"),
        ("RUN echo 1 >/app/code/sitecustomize.py", "/app/code/sitecustomize.py is not of what was gated"),
        (
            "RUN mv /app/model/model.json /m && ln -s /m /app/model/model.json",
            "/app/model/model.json is not what was gated",
        ),
    ],
    ids=[
        "another model", "another manifest", "other code", "no model", "no code", "a second model", "more code",
        "a link in the model's place",
    ],
)  # fmt: skip
def test_a_dockerfile_that_changes_what_was_gated_is_refused(
    shop: Shop, case: tuple[str, str], count: Callable[[str, int], None]
) -> None:
    """By the name of what it changed; the engine does not keep the image."""
    step, said = case
    text = CHANGED.replace("STEP", step)
    context = shop.job(dockerfile=text)
    with pytest.raises(ModelError) as error:
        build(context)
    assert error.value.message.startswith(f"the image is not the package: {said}")
    count("Dockerfiles that change what was gated refused by name", 1)


def test_a_step_that_fails_is_told_by_the_job(shop: Shop) -> None:
    """With the last lines of the step; nothing is left of it in the layout's folder."""
    text = OWN.replace("USER 10001\n", "RUN echo looked for it && echo not there && exit 3\n")
    context = shop.job(dockerfile=text)
    with pytest.raises(ProjectError) as error:
        build(context)
    assert "RUN echo looked for it" in error.value.message and "code: 3" in error.value.message
    assert (error.value.hint or "").splitlines() == ["its last lines:", "looked for it", "not there"]
    assert "not there" in shop.world.lines
    assert list(context.out.iterdir()) == []
    assert containers(*running(shop.world.lines)) == []


def test_wheels_that_are_not_for_the_base_fail_as_the_projects(shop: Shop) -> None:
    """Pip takes no other file than the one whose hash is known, and nothing from an index."""
    tiny_wheel(shop.folder / "old", tag="cp27-none-any")
    shop.world.the_wheels = Wheelhouse(shop.folder / "old")
    context = shop.job()
    with pytest.raises(ProjectError) as error:
        build(context)
    assert "pip" in error.value.message and "No matching distribution found for tiny" in (error.value.hint or "")


def layers_of(result: StageResult) -> list[Mapping[str, Any]]:
    """The layers as the job's facts have them."""
    found = result.facts["layers"]
    assert isinstance(found, list)
    return [dict(each) for each in found if isinstance(each, Mapping)]


def settings_of(image: Image) -> dict[str, Any]:
    """How a container of the image runs."""
    found = image.config["config"]
    names = ("Entrypoint", "ExposedPorts", "StopSignal", "User", "WorkingDir")
    return {**{name: found[name] for name in names}, "Env": sorted(found["Env"]), "Cmd": found.get("Cmd")}


def test_the_builder_needs_a_base_and_an_engine(shop: Shop) -> None:
    """Without either it says what would do."""
    with pytest.raises(UsageError, match="needs a base with Python and pip"):
        build(shop.job(base="scratch"))
    nowhere = replace(shop, world=NoEngine(shop.folder / "world", host=shop.world.host))
    context = nowhere.job("none")
    with without_engine():
        said = refusal(lambda: build(context))
    assert said[0].startswith("no Docker engine answers at unix:///none/engine.sock")
    assert "the builder `layers`" in said[1]


class NoEngine(EngineWorld):
    """A world whose engine is not there."""

    def engine(self) -> Any:
        return DockerEngine({"DOCKER_HOST": "unix:///none/engine.sock"}, self.lines.append)
