"""What the tests of images share: a real registry."""

from tests.images.registry import registry

__all__ = ["registry"]
