"""Where fuzzing begins: `python -m tests.fuzz.seeds FOLDER` writes flames of every kind, as flame buffers and as `.flame` files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bloom_core import designs, native
from bloom_core.flames.flame import DIALECTS, Flame, FloatArray, Variation, Xform, identity
from bloom_core.flames.flame_buffer import pack
from bloom_core.flames.flame_file import read_flames

STAGES = ("", "pre_", "post_")
TOGETHER = 8
"""Variations in one flame, each in an xform of its own: a few dense seeds, of which the kept corpus stays small."""


def flames() -> Iterator[tuple[str, Flame]]:
    """Yields the packaged flowers, every variation in each of its three places, and what else the buffer can say."""
    for name in ("lotus", "peony", "waterlily"):
        design = designs.design(name)
        yield f"{name}_bud", design.bud
        yield f"{name}_open", design.open
    names = [info.name for info in native.variations().values()]
    for number in range(0, len(names), TOGETHER):
        for stage in STAGES:
            xforms = tuple(Xform((Variation(stage + name, 0.7),), pre=moved(0.8, 0.1)) for name in names[number : number + TOGETHER])
            yield f"{stage}variations_{number}", Flame(xforms, dialect=DIALECTS[number // TOGETHER % len(DIALECTS)])
    linear = (Variation("linear", 1.0),)
    corners = tuple(Xform(linear, pre=moved(0.5, x), color=x, opacity=1 - x) for x in (0.0, 0.4, 0.8))
    yield "xaos", Flame(corners, xaos=np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]))
    yield "final", Flame(corners, final=Xform((Variation("spherical", 1.0),), post=moved(-1.0, 0.2), opacity=0.5))
    yield "bare", Flame((Xform(()), Xform((), weight=0.0)))
    yield "escaping", Flame((Xform(linear, pre=moved(1e9, 1e9)),))
    yield "singular", Flame((Xform(linear, pre=np.zeros((3, 4)), post=np.zeros((3, 4))), corners[1]))


def moved(scale: float, by: float) -> FloatArray:
    out = identity() * scale
    out[:, 3] = by
    return out


PALETTE = '<palette count="4" format="RGB">000000 FF0000 00FF00 FFFFFF</palette>'
XFORM = '<xform weight="0.5" color="0.3" linear="1" julian="0.5" julian_power="3" julian_dist="1" coefs="0.5 0 0 0.5 0.1 0.2"/>'

FILES = {
    "palette_hexadecimal": f"<flame>{XFORM}{PALETTE}</flame>",
    "palette_rgba": f'<flame>{XFORM}<palette count="2" format="RGBA">00112233 FFEEDDCC</palette></flame>',
    "palette_colors": f'<flame>{XFORM}<colors count="2" data="0011223300FFEEDD"/></flame>',
    "palette_entries": f'<flame>{XFORM}<color index="0" rgb="0 0 0"/><color index="255" rgb="255 128.5 0"/></flame>',
    "palette_numbered": f'<flame palette="15" hue="0.3">{XFORM}</flame>',
    "palette_blended": f'<flame>{XFORM}<palette index0="3" index1="7" hue0="0.1" hue1="0.9" blend="0.5"/></flame>',
    "flam3_old": '<flame time="0" palette="0" size="10 10" center="0 0" scale="50" zoom="0" oversample="1" filter="1" quality="1" batches="1" '
    'background="0 0 0" brightness="4" gamma="4" vibrancy="1" hue="0.2"><xform weight="0.25" color="1 0" symmetry="0.5" var="0 1 0 0 0.3" '
    'coefs="0.5 0.1 0 0.5 0 0"/><symmetry kind="-3"/><xform weight="1" color="0 0" var1="3" coefs="1 0 0 1 0 0"/></flame>',
    "flam3": f'<pick version="FLAM3-LNX-3.1.1"><flame version="FLAM3-LNX-3.1.1" time="1" size="64 48" center="0.1 -0.2" scale="53.4" rotate="3" '
    f'supersample="2" filter="0.5" filter_shape="gaussian" temporal_filter_type="exp" temporal_filter_width="1" temporal_filter_exp="0.5" '
    f'quality="9" temporal_samples="60" background="0.1 0 0" brightness="4" gamma="4" gamma_threshold="0.01" vibrancy="1" highlight_power="1" '
    f'estimator_radius="9" estimator_minimum="0" estimator_curve="0.4" palette_mode="linear" interpolation="smooth" interpolation_type="log" '
    f'palette_interpolation="sweep">{XFORM}<finalxform color="0" symmetry="1" linear="1" coefs="1 0 0 1 0 0"/>{PALETTE}'
    f'<edit by="me" date="now" action="random"><random/></edit></flame></pick>',
    "ember": f'<Flames name="batch"><flame version="EMBER-1.0.0.14" name="a" plugins="" new_linear="1" cam_yaw="0.1" cam_pitch="0.7" cam_persp="0.2" '
    f'cam_zpos="1" cam_dof="0.1" blur_curve="0.5" curves="0 0 1 0 0 1 1 1 1 1 1 1 0 0 1 0 0 1 1 1 1 1 1 1 0 0 1 0 0 1 1 1 1 1 1 1 0 0 1 0 0 1 1 1 1 '
    f'1 1 1" overall_curve="0 0 0.5 0.2 1 1" red_curve="0 0 1 1">{XFORM}{PALETTE}</flame></Flames>',
    "xaos": f'<flame>{XFORM}<xform weight="1" chaos="1 0.5" opacity="0.5" var_color="0.3" animate="0" pre_blur="0.3" post_curl="0.2" '
    f'post_curl_c1="0.1" post="1 0 0 1 0.1 0" coefs="0 1 1 0 0 0" unknown="7"/>{PALETTE}</flame>',
    "frames": "".join(["<flames>", *(f'<flame time="{time}">{XFORM}{PALETTE}</flame>' for time in range(3)), "</flames>"]),
    "cut": f"<flame>{XFORM}<palette",
    "numbers": '<flame size="-1 99999999" scale="nan" center="1e400 inf"><xform weight="-1" color="7" linear="1e39" coefs="0 0 0 0 0"/></flame>',
    "entities": '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><flame name="&c;"/>',
    "latin": '<?xml version="1.0" encoding="ISO-8859-1"?><flame name="\xe9">' + XFORM + "</flame>",
    "empty": "<flame/>",
}
"""`.flame` files of our own, whole and broken, in the forms that flam3 and Ember have written over the years."""


def write_buffers(folder: Path) -> None:
    """Writes each flame's buffer, 64-bit floats, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, flame in flames():
        (folder / f"seed_{name}").write_bytes(pack(flame).tobytes())


def write_files(folder: Path) -> None:
    """Writes FILES and the packaged flowers into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / f"seed_{name}").write_bytes(text.encode("latin-1"))
    for flower in sorted(Path(designs.__file__).parent.glob("flowers/*.flame")):
        read_flames(flower)  # a seed that is refused would teach nothing
        (folder / f"seed_{flower.stem}").write_bytes(flower.read_bytes())


if __name__ == "__main__":
    write_buffers(Path(sys.argv[1]) / "flame_buffer")
    write_files(Path(sys.argv[1]) / "flame_file")
