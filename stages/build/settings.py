"""The settings of a job that builds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from pipeline_kit.contract.settings import flag, mapping, text, texts
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.frozen import frozen


@frozen
class Toolchain:
    """What the machine must have: Debian packages by name with a condition on the version, and an accelerator.

    `unlocked` are patterns of distributions that may differ from the lock.
    """

    system_packages: Mapping[str, str] = field(default_factory=dict)
    accelerator: str | None = None  # `cuda` or `cpu`; None where any will do
    unlocked: tuple[str, ...] = ()


@frozen
class Settings:
    """The toolchain to verify, and whether a wheel is built."""

    toolchain: Toolchain
    wheel: bool = True


def settings_of(given: Mapping[str, Value]) -> Settings:
    """The job's settings, parsed."""
    return Settings(toolchain_of(mapping(given, "toolchain")), flag(given, "wheel", default=True))


def toolchain_of(given: Mapping[str, Value]) -> Toolchain:
    """The toolchain."""
    accelerator = text(given, "accelerator")
    return Toolchain(
        system_packages={name: str(condition) for name, condition in mapping(given, "system_packages").items()},
        accelerator=None if accelerator == "any" else accelerator,
        unlocked=texts(given, "unlocked"),
    )
