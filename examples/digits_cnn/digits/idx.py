"""The IDX format of MNIST: http://yann.lecun.com/exdb/mnist/ describes it."""

import gzip
import math
from pathlib import Path

import numpy as np

UNSIGNED_BYTE = 0x08


def find_idx(folder: Path, name: str) -> Path:
    """The file of that name in the folder, plain or gzipped. Raises FileNotFoundError naming what was looked for."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"neither {name} nor {name}.gz is in {folder}")


def read_idx(path: Path) -> np.ndarray:
    """The array of an IDX file of unsigned bytes. Raises ValueError if it is not one, or truncated."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTE:
        raise ValueError(f"{path.name} is not an IDX file of unsigned bytes")
    start = 4 + 4 * content[3]
    shape = tuple(int.from_bytes(content[place : place + 4], "big") for place in range(4, start, 4))
    if len(content) - start != math.prod(shape):
        raise ValueError(f"{path.name} holds {len(content) - start} bytes, its header says {math.prod(shape)}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
