"""What the tests of images share: a real registry, and the base image in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.examples.conftest import torch_python
from tests.images.engines import forget_base, push_base, require_engine
from tests.images.registry import Registry, registry

__all__ = ["base_image", "registry", "torch_python"]


@pytest.fixture(scope="session")
def base_image(registry: Registry) -> Iterator[str]:
    """A base with Python and pip in the registry, out of the engine."""
    require_engine()
    yield push_base(registry)
    forget_base(registry)
