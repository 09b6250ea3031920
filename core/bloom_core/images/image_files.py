"""Writing pictures: PNG with nothing but numpy (so also within Blender), OpenEXR with the ASWF's own library."""

from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bloom_core.palettes import srgb_to_linear
from bloom_core.whole_file import whole_file

Pixels = NDArray[np.float32]

SUFFIXES = (".png", ".exr")
BITS = (8, 16)

_PNG = b"\x89PNG\r\n\x1a\n"
_UP = 2  # the PNG filter that stores the difference to the row above
_NOTHING: Mapping[str, str] = MappingProxyType({})


class PictureError(ValueError):
    """A picture or film that cannot be written as asked. The message says why and what to do."""


def write_picture(
    path: Path,
    pixels: Pixels,
    *,
    bits: int = 8,
    transparent: bool = False,
    texts: Mapping[str, str] = _NOTHING,
    layers: Mapping[str, Pixels] | None = None,
) -> None:
    """Writes float32 (height, width, 4) pixels as `image.render` returns them; the suffix, .png or .exr, says how. The file appears whole.

    A PNG has `bits` 8 or 16 per channel; an EXR is in linear light, in half floats. Alpha is written where `transparent`:
    straight in a PNG, multiplied into the colours in an EXR, as these formats have it. `texts`, by key, tell about the picture: tEXt chunks (so
    Latin letters only) of a PNG, attributes of an EXR. `layers`: more channels of an EXR, float32 (height, width) by name.
    Raises PictureError, OSError.
    """
    check_place(path, SUFFIXES)
    data = _exr(pixels, transparent, texts, layers) if path.suffix.lower() == ".exr" else png(levels(pixels, bits, transparent), texts)
    with whole_file(path) as file:
        file.write(data)


def check_place(path: Path, suffixes: Sequence[str]) -> None:
    """Raises PictureError where `path` does not end in one of `suffixes`, or its folder is not there: to be asked before the work begins."""
    if path.suffix.lower() not in suffixes:
        raise PictureError(f"{path}: its name must end in {' or '.join(suffixes)}, which says how it is written")
    if not path.absolute().parent.is_dir():
        raise PictureError(f"{path}: there is no folder {path.absolute().parent}; make it first")


def levels(pixels: Pixels, bits: int, transparent: bool) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Returns whole numbers (height, width, 3, or 4 with straight alpha) of `bits` 8 or 16, rounded down as flam3 and Ember do."""
    if bits not in BITS:
        raise PictureError(f"{bits} bits a channel cannot be written; choose 8 or 16")
    shown = np.concatenate([_straight(pixels), pixels[..., 3:]], axis=2) if transparent else pixels[..., :3]
    scaled = np.clip(shown, 0.0, 1.0) * np.float32(2**bits - 1)
    return scaled.astype(np.uint8) if bits == 8 else scaled.astype(np.uint16)


def png(values: NDArray[np.uint8] | NDArray[np.uint16], texts: Mapping[str, str] = _NOTHING) -> bytes:
    """Returns a PNG file (ISO/IEC 15948) of uint8 or uint16 (height, width, 3 or 4): sRGB, or sRGB with alpha; `texts` as in `write_picture`."""
    height, width, channels = values.shape
    big_endian = values.astype(values.dtype.newbyteorder(">"), copy=False)
    rows = np.frombuffer(big_endian.tobytes(), np.uint8).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    filtered[1:, 1:] = rows[1:] - rows[:-1]
    header = struct.pack(">IIBBBBB", width, height, 8 * values.dtype.itemsize, 6 if channels == 4 else 2, 0, 0, 0)
    told = [(b"tEXt", key.encode("latin-1") + b"\0" + text.encode("latin-1")) for key, text in texts.items()]
    chunks = ((b"IHDR", header), (b"sRGB", b"\0"), *told, (b"IDAT", zlib.compress(filtered.tobytes(), 6)), (b"IEND", b""))
    return _PNG + b"".join(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)


def _straight(pixels: Pixels) -> Pixels:
    """Returns the colours (height, width, 3) as they are where nothing shows through."""
    alpha = pixels[..., 3:]
    straight: Pixels = np.divide(pixels[..., :3], alpha, out=np.zeros_like(pixels[..., :3]), where=alpha > 0.0)
    return straight


def _exr(pixels: Pixels, transparent: bool, texts: Mapping[str, str], layers: Mapping[str, Pixels] | None) -> bytes:
    try:
        import OpenEXR
    except ImportError as error:
        raise PictureError("OpenEXR files need a library that is not installed: pip install 'bloom-core[images]'") from error
    if transparent:
        alpha = np.clip(pixels[..., 3:], 0.0, 1.0)
        light = srgb_to_linear(np.clip(_straight(pixels), 0.0, 1.0).astype(np.float64)) * alpha
        channels = {"RGBA": np.concatenate([light, alpha], axis=2).astype(np.float16)}
    else:
        channels = {"RGB": srgb_to_linear(np.clip(pixels[..., :3], 0.0, 1.0).astype(np.float64)).astype(np.float16)}
    channels |= {name: np.ascontiguousarray(layer) for name, layer in (layers or {}).items()}
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, **texts}
    with tempfile.TemporaryDirectory(prefix="bloom-exr-") as folder:
        path = Path(folder) / "picture.exr"
        with OpenEXR.File(header, channels) as file:
            file.write(str(path))
        return path.read_bytes()
