"""The shaders of the live view: points that gather light and density in a float buffer, and what makes a picture of the buffer.

Written for Blender's own shader interface, which translates them for OpenGL, Vulkan and Metal.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import gpu

_POINT_VERTEX = """
void main()
{
  vec4 clip = to_clip * vec4(position, 1.0);
  gl_Position = clip;
  float away = max(clip.w, 0.05 * middle);
  float width = clamp(point_size * middle / away, 1.0, 64.0);
  gl_PointSize = width;
  /* What a point adds to the density per area of the flower, whatever the zoom. The sprite below sums up to 0.2618 of its square. */
  float reach = pixels / away;
  float share = weight * reach * reach * strength / max(1.0, 0.2618 * width * width);
  light = vec4(texture(ramp, vec2(palette * (1.0 - 1.0 / ramp_steps) + 0.5 / ramp_steps, 0.5)).rgb * share, share);
}
"""

_POINT_FRAGMENT = """
void main()
{
  if (gl_FragCoord.z > texelFetch(depth, ivec2(gl_FragCoord.xy), 0).r + in_front) {
    discard;
  }
  vec2 away = gl_PointCoord * 2.0 - 1.0;
  float soft = max(0.0, 1.0 - dot(away, away));
  result = light * (soft * soft);
}
"""

_SCREEN_VERTEX = """
void main()
{
  gl_Position = vec4(corner, 0.0, 1.0);
}
"""

# The logarithm of density is what makes a flame of a cloud: faint petals and bright hearts side by side (Draves and Reckase, 2003).
_DEVELOP = """
vec4 developed(vec4 gathered)
{
  if (gathered.a <= 0.0) {
    return vec4(0.0);
  }
  float glow = pow(log(1.0 + gain * gathered.a * share) * level, contrast);
  return vec4(gathered.rgb / gathered.a * glow, glow);
}
"""

_SHRINK_FRAGMENT = _DEVELOP + """
void main()
{
  ivec2 from = ivec2(gl_FragCoord.xy) * 8;
  vec4 sum = vec4(0.0);
  for (int y = 1; y < 8; y += 2) {
    for (int x = 1; x < 8; x += 2) {
      sum += min(developed(texelFetch(sums, from + ivec2(x, y), 0)), vec4(8.0));
    }
  }
  result = sum / 16.0;
}
"""

_BLUR_FRAGMENT = """
void main()
{
  ivec2 here = ivec2(gl_FragCoord.xy);
  ivec2 end = textureSize(sums, 0) - 1;
  vec4 sum = vec4(0.0);
  float weights = 0.0;
  for (int i = -9; i <= 9; i++) {
    float near = max(0.0, 1.0 - float(i * i) / 100.0);
    float weight = pow(near, 6.0) + 0.15 * near * near;
    vec2 away = vec2(1.0 - upright, upright) * float(i);
    sum += weight * texelFetch(sums, clamp(here + ivec2(away), ivec2(0), end), 0);
    weights += weight;
  }
  result = sum / weights;
}
"""

# A late shoulder keeps petals as saturated as a render has them, and lets hearts go to white. What glows covers what is behind it, so that a
# flower shines on grey too. Colours go out in linear light: the viewport's buffer encodes them itself.
_PICTURE_FRAGMENT = _DEVELOP + """
vec4 halo_at(ivec2 place)
{
  return texelFetch(halo, clamp(place, ivec2(0), textureSize(halo, 0) - 1), 0);
}

vec4 around(vec2 at)
{
  ivec2 low = ivec2(floor(at));
  vec2 part = at - floor(at);
  vec4 below = mix(halo_at(low), halo_at(low + ivec2(1, 0)), part.x);
  vec4 above = mix(halo_at(low + ivec2(0, 1)), halo_at(low + ivec2(1, 1)), part.x);
  return mix(below, above, part.y);
}

void main()
{
  vec4 light = developed(texelFetch(sums, ivec2(gl_FragCoord.xy), 0)) + shine * around(gl_FragCoord.xy / 8.0 - 0.5);
  if (light.a <= 0.001) {
    discard;
  }
  vec3 shown = light.rgb * pow(1.0 + light.rgb * light.rgb * light.rgb, vec3(-1.0 / 3.0));
  result = vec4(shown, 1.0 - exp(-cover * light.a));
}
"""


@cache
def points() -> Any:
    """Returns the shader that draws points. Raises an exception of Blender's where this GPU cannot compile it."""
    between = gpu.types.GPUStageInterfaceInfo("bloom_point")
    between.flat("VEC4", "light")
    info = gpu.types.GPUShaderCreateInfo()
    info.push_constant("MAT4", "to_clip")
    for name in ("middle", "point_size", "pixels", "strength", "ramp_steps", "in_front"):
        info.push_constant("FLOAT", name)
    info.sampler(0, "FLOAT_2D", "ramp")
    info.sampler(1, "FLOAT_2D", "depth")
    info.vertex_in(0, "VEC3", "position")
    info.vertex_in(1, "FLOAT", "palette")
    info.vertex_in(2, "FLOAT", "weight")
    info.vertex_out(between)
    info.fragment_out(0, "VEC4", "result")
    info.vertex_source(_POINT_VERTEX)
    info.fragment_source(_POINT_FRAGMENT)
    return gpu.shader.create_from_info(info)


@cache
def shrink() -> Any:
    """Returns the shader that develops an eighth of the gathered light's size, for the halo."""
    return _on_screen(_SHRINK_FRAGMENT, DEVELOPING)


@cache
def blur() -> Any:
    """Returns the shader that blurs along x (`upright` 0) or y (1)."""
    return _on_screen(_BLUR_FRAGMENT, ("upright",))


@cache
def picture() -> Any:
    """Returns the shader that makes a picture of the gathered light and its halo."""
    return _on_screen(_PICTURE_FRAGMENT, (*DEVELOPING, "shine", "cover"), ("sums", "halo"))


DEVELOPING = ("share", "gain", "level", "contrast")


def _on_screen(fragment: str, constants: tuple[str, ...], samplers: tuple[str, ...] = ("sums",)) -> Any:
    info = gpu.types.GPUShaderCreateInfo()
    for name in constants:
        info.push_constant("FLOAT", name)
    for slot, name in enumerate(samplers):
        info.sampler(slot, "FLOAT_2D", name)
    info.vertex_in(0, "VEC2", "corner")
    info.fragment_out(0, "VEC4", "result")
    info.vertex_source(_SCREEN_VERTEX)
    info.fragment_source(fragment)
    return gpu.shader.create_from_info(info)


def forget() -> None:
    """Lets go of the compiled shaders."""
    for shader in (points, shrink, blur, picture):
        shader.cache_clear()
