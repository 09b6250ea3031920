"""The flame: plain, immutable data, and its one flat form for the native library.

A flame is an iterated function system with a palette and a view, as in Draves and Reckase, "The Fractal Flame
Algorithm" (2003), extended by z as in Apophysis 3D and Ember.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Mapping

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MAX_XFORMS = 128
"""Regular xforms the native library takes; more is refused with a message."""

DIALECTS = ("ember-25", "ember-1.0.0.14", "flam3", "ember-25-compat")
"""Programs whose rules a flame follows where they differ (`epispiral`, `auger`, `Truchet`, missing parameters).

Ember 25 has a switch for flam3's functions: what its programs draw without it is "ember-25", what they draw with it "ember-25-compat". Of the
functions that the switch changes, `cross` and `sec` are told apart here, as the reference renders show them; the other circular and
hyperbolic ones are always flam3's.
"""


class FlameError(ValueError):
    """A flame that cannot be used. The message says what is wrong, where, and what to do."""


def identity() -> FloatArray:
    """Returns the identity affine, float64 (3, 4)."""
    return np.hstack([np.eye(3), np.zeros((3, 1))])


@dataclass(frozen=True)
class Variation:
    """One nonlinear term of an xform: its name, its weight, and the parameters that differ from the defaults."""

    name: str
    weight: float
    parameters: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Xform:
    """One function of the system: pre-affine, sum of weighted variations, post-affine.

    `pre` and `post` are float64 (3, 4): rows x′, y′, z′; columns x, y, z, translation. `weight` ≥ 0 is the relative
    probability, `color` in [0, 1] the palette coordinate it pulls to, `color_speed` in [-1, 1] how strongly, `opacity`
    in [0, 1] the weight of its hits (for a final xform: the probability with which it is applied). `animate` not 0: it turns
    in loops and edges; `motions` are what swings in them (flam3's motion elements).
    """

    variations: tuple[Variation, ...]
    name: str = ""
    weight: float = 1.0
    color: float = 0.0
    color_speed: float = 0.5
    opacity: float = 1.0
    pre: FloatArray = field(default_factory=identity)
    post: FloatArray = field(default_factory=identity)
    animate: float = 1.0
    var_color: float = 1.0
    motions: tuple[Motion, ...] = ()
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


MOTION_FUNCTIONS = ("sin", "triangle", "hill", "saw")


@dataclass(frozen=True)
class Motion:
    """A motion element of an xform: its values swing by those of `amplitude`, an Xform of which only the numbers count.

    `function` is one of MOTION_FUNCTIONS, of `frequency` swings in a loop; `offset` is a share of the loop.
    """

    amplitude: Xform
    function: str = "sin"
    frequency: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Rendering:
    """How the flame's file wants its flat picture made (variations.md §6): what `View` frames, this samples and develops.

    `quality` is in samples per output pixel; `filter` and the estimator's radii in output pixels; `temporal_filter_width` in
    frames. `curves` is float64 (4, 4, 3) or None: overall, red, green, blue; four control points; x, y, weight.
    """

    quality: float = 50.0
    supersample: int = 1
    filter: float = 0.5
    filter_shape: str = "gaussian"
    temporal_samples: int = 1
    temporal_filter_type: str = "box"
    temporal_filter_width: float = 1.0
    temporal_filter_exp: float = 0.0
    estimator_radius: float = 9.0
    estimator_minimum: float = 0.0
    estimator_curve: float = 0.4
    palette_mode: str = "step"
    earlyclip: bool = False
    curves: FloatArray | None = None


@dataclass(frozen=True)
class Key:
    """The flame as a key frame among others: when it stands, and how the way to the next one goes (variations.md §8)."""

    time: float = 0.0
    interpolation: str = "linear"
    interpolation_type: str = "log"
    palette_interpolation: str = "hsv_circular"
    hsv_rgb_palette_blend: float = 0.0


@dataclass(frozen=True)
class View:
    """How the flame's file frames it: Ember's 2D view and 3D camera (variations.md §6 and §7). Angles in radians but `rotate` (degrees)."""

    size: tuple[int, int] = (1280, 800)
    center: tuple[float, float] = (0.0, 0.0)
    scale: float = 240.0
    rotate: float = 0.0
    zoom: float = 0.0
    cam_yaw: float = 0.0
    cam_pitch: float = 0.0
    cam_persp: float = 0.0
    cam_zpos: float = 0.0
    cam_dof: float = 0.0
    blur_curve: float = 0.0
    brightness: float = 4.0
    gamma: float = 4.0
    gamma_threshold: float = 0.01
    vibrancy: float = 1.0
    highlight_power: float = -1.0
    background: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Flame:
    """An IFS with palette and view.

    `palette` is float64 (n, 3), sRGB in [0, 1], n ≥ 2, spread evenly over the palette coordinate [0, 1]. `xaos` is
    float64 (xforms, xforms) or None: entry [i, j] scales the probability of xform j after xform i. `extra` holds what the file
    says beside all this, here and in each xform: attributes that no part of Bloom reads, as they stand there, to be written back;
    `elements` likewise, each the text of an XML element, such as flam3's `<edit>` history.
    """

    xforms: tuple[Xform, ...]
    final: Xform | None = None
    palette: FloatArray = field(default_factory=lambda: np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]))
    xaos: FloatArray | None = None
    name: str = ""
    dialect: str = "ember-25"
    view: View = field(default_factory=View)
    rendering: Rendering = field(default_factory=Rendering)
    key: Key = field(default_factory=Key)
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    elements: tuple[str, ...] = ()

    def xform(self, index: int) -> Xform:
        """Returns regular xform `index`, or the final xform for `index == len(xforms)`. Raises IndexError."""
        if index == len(self.xforms) and self.final is not None:
            return self.final
        return self.xforms[index]

    def with_xform(self, index: int, xform: Xform) -> Flame:
        """Returns this flame with xform `index` replaced; `len(xforms)` is the final xform. Raises IndexError."""
        if index == len(self.xforms) and self.final is not None:
            return replace(self, final=xform)
        if not 0 <= index < len(self.xforms):
            raise IndexError(f"xform {index} of {len(self.xforms)}")
        return replace(self, xforms=(*self.xforms[:index], xform, *self.xforms[index + 1 :]))
