"""Pickles that run code when they are loaded, by picklescan, also where joblib has compressed them."""

from __future__ import annotations

import bz2
import io
import logging
import lzma
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from pipeline_kit.errors import ModelError
from pipeline_kit.images.names import MODEL
from pipeline_kit.scan.finding import Finding, find
from pipeline_kit.scan.secrets import is_published

SUFFIXES = re.compile(
    r".*\.(?:pkl|pickle|p|pk|pt|pth|ckpt|bin|joblib|jl|npy|npz|dat|data|dill|cloudpickle|mdl|model|sav|zip|mar|pt2)",
    re.IGNORECASE,
)
SURELY = re.compile(r".*\.(?:pkl|pickle|pt|pth|ckpt|joblib|dill|cloudpickle)", re.IGNORECASE)
SAFE = re.compile(r".*\.(?:safetensors|onnx|json|csv|txt|py|so|gguf|md)", re.IGNORECASE)
MAGIC = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
LARGEST = 512 << 20
"""Bytes, inflated; a larger pickle is a finding, because it is not checked."""
BENIGN = re.compile(
    r"(?:numpy|_codecs|collections|copyreg|torch|__builtin__|builtins|sklearn|joblib|scipy|pandas|datetime|decimal)(?:\..*)?"
)
BENIGN_NAMES = {
    "_reconstruct", "ndarray", "dtype", "scalar", "_frombuffer", "encode", "OrderedDict", "defaultdict", "Counter",
    "set", "frozenset", "dict", "list", "tuple", "bytearray", "complex", "slice", "range", "object",
    "_reconstructor", "int",
    "float", "str", "bytes", "NumpyArrayWrapper", "_rebuild_tensor_v2", "_rebuild_parameter", "Size", "device",
    "datetime", "date", "timedelta", "Decimal",
}  # fmt: skip
"""Globals that hold data: what numpy arrays, tensors and plain containers are pickled as."""


def may_be_pickle(path: str, head: bytes) -> bool:
    """Whether a file should be looked at: by its name, its first bytes, or because it is the model."""
    if SAFE.fullmatch(path):
        return False
    return bool(SUFFIXES.fullmatch(path)) or head.startswith(MAGIC) or path.startswith(f"{MODEL}/")


def check_pickle(path: str, file: IO[bytes], size: int) -> Iterator[Finding]:
    """The findings of one file, which is read through and never loaded."""
    if size > LARGEST:
        if SURELY.fullmatch(path):
            yield find("unsafe_pickle", path, f"a pickle of {size} bytes, more than are looked through")
        return
    try:
        result = scanned(path, inflated(file))
    except ModelError as error:
        yield find("unsafe_pickle", path, error.message)
        return
    except Exception as error:  # whatever hostile bytes make the scanner raise; nothing has been loaded
        if SURELY.fullmatch(path):
            yield find("suspicious_pickle", path, f"it cannot be looked through: {type(error).__name__}")
        return
    dangerous = [item for item in result.globals if item.safety.value == "dangerous"]
    if dangerous:
        yield find("unsafe_pickle", path, f"loading it calls {_listed(dangerous)}")
        return
    odd = [item for item in result.globals if item.safety.value == "suspicious" and not holds_data(item)]
    if odd and not is_published(path):  # a package may keep its own objects
        yield find("suspicious_pickle", path, f"loading it imports {_listed(odd)}")


def scanned(path: str, file: IO[bytes]) -> Any:
    """Picklescan's result; it writes what it finds to a logger, which is kept quiet meanwhile."""
    from picklescan.scanner import scan_bytes

    log = logging.getLogger("picklescan")
    before, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numpy, on the headers of old arrays
            return scan_bytes(file, path, f".{path.rpartition('.')[2]}".lower())
    finally:
        log.disabled = before


def inflated(file: IO[bytes]) -> IO[bytes]:
    """The content with joblib's compression taken off. Raises ModelError where it inflates beyond what is looked at."""
    head = file.read(6)
    file.seek(0)
    if head.startswith(b"PK\x03\x04"):
        _refuse_large_archive(file)
        return file
    if head.startswith(b"\x1f\x8b"):
        return _bounded(file, zlib.decompressobj(wbits=31))
    if head[:1] == b"\x78" and len(head) > 1 and int.from_bytes(head[:2], "big") % 31 == 0:
        return _bounded(file, zlib.decompressobj())
    if head.startswith(b"BZh"):
        return _bounded(file, bz2.BZ2Decompressor())
    if head.startswith(b"\xfd7zXZ"):
        return _bounded(file, lzma.LZMADecompressor())
    return file


def holds_data(found: Any) -> bool:
    """Whether a global that picklescan does not know is what data is pickled as."""
    name = str(found.name)
    tensors = found.module == "torch" and (name.endswith("Storage") or name in ("float32", "float16", "int64"))
    return tensors or (name in BENIGN_NAMES and BENIGN.fullmatch(str(found.module)) is not None)


def _refuse_large_archive(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(
                entry.file_size for entry in archive.infolist() if not entry.filename.startswith("archive/data/")
            )
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        size = 0
    finally:
        file.seek(0)
    if size > LARGEST:
        raise ModelError(f"an archive that inflates to {size} bytes, more than are looked through")


def _bounded(file: IO[bytes], inflater: Any) -> IO[bytes]:
    target = io.BytesIO()
    while piece := file.read(1 << 20):
        target.write(inflater.decompress(piece, LARGEST + 1 - target.tell()))
        if target.tell() > LARGEST:
            raise ModelError(f"it inflates to more than {LARGEST} bytes, which is not checked")
    target.seek(0)
    return target


def _listed(found: list[Any]) -> str:
    names = sorted({f"{item.module}.{item.name}" for item in found})
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more
