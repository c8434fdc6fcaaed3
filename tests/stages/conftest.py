"""What the tests of stages share: a real registry."""

from tests.images.registry import registry

__all__ = ["registry"]
