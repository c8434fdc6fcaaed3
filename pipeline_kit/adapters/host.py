"""The machine that a job runs on."""

from __future__ import annotations

import subprocess


class ThisHost:
    """System packages from dpkg, the accelerator from nvidia-smi."""

    def system_package(self, name: str) -> str | None:
        """The installed version of a Debian package, None where dpkg or the package is missing."""
        shown = output_of(["dpkg-query", "--show", "--showformat=${db:Status-Status} ${Version}", name])
        status, _, version = (shown or "").partition(" ")
        return version if status == "installed" else None

    def accelerator(self) -> str:
        """`cuda` where an NVIDIA driver lists a device, else `cpu`."""
        return "cuda" if (output_of(["nvidia-smi", "--list-gpus"]) or "").startswith("GPU") else "cpu"


def output_of(command: list[str]) -> str | None:
    """The output of a command, None where it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
