"""The names that every image of the kit has: paths inside it, labels, annotations, media types of what is attached."""

from __future__ import annotations

APP = "app"
"""The folder of the application at the image's root; a root on disk has it too, and PIPELINE_KIT_APP names it."""
PACKAGES = f"{APP}/packages"  # the dependencies, on PYTHONPATH
CODE = f"{APP}/code"  # the project's code as the evaluation ran it, on PYTHONPATH and the working directory
MODEL = f"{APP}/model"  # the model, under its own name
CONFIG = f"{APP}/config"
MANIFEST_FILE = f"{CONFIG}/manifest.json"  # of the package, to the byte
INPUTS_FILE = f"{CONFIG}/inputs.json"  # what a request's rows must look like

PORT = 8000
USER = "10001:10001"

LABEL_PREFIX = "dev.pipeline-kit."
LABEL_MODEL_VERSION = "dev.pipeline-kit.model.version"
LABEL_MODEL_DIGEST = "dev.pipeline-kit.model.digest"
LABEL_PACKAGE_DIGEST = "dev.pipeline-kit.package.digest"
LABEL_VERDICT = "dev.pipeline-kit.verdict"
LABEL_COMMIT_TIME = "dev.pipeline-kit.commit.time"  # seconds since 1970
LABEL_REVISION = "org.opencontainers.image.revision"  # the commit
LABEL_TITLE = "org.opencontainers.image.title"  # the project
LABEL_CREATED = "org.opencontainers.image.created"  # of the commit, RFC 3339

LAYER_KEY = "dev.pipeline-kit.layer.key"
"""Annotation of a layer: the digest of all that it is made from, by which an earlier image's layer is found again."""
LAYER_KIND = "dev.pipeline-kit.layer.kind"  # base, dependencies, code, model, config
LAYER_DIFF = "dev.pipeline-kit.layer.diff-id"
"""Annotation in a layout only: the repository that has the blob, where the layout does not hold it."""

STATEMENT_TYPE = "application/vnd.in-toto+json"
ENVELOPE_TYPE = "application/vnd.dsse.envelope.v1+json"
SBOM_TYPE = "application/vnd.cyclonedx+json"
