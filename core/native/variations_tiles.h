// Variations that look up a pattern of tiles or cells: Truchet tiles, Voronoi crackle, Glynn's ring.
#pragma once
#include "simplex_noise.h"
#include "variation_math.h"

namespace bloom::BLOOM_ISA {

constexpr Parameter truchet_parameters[] = {{"Truchet_extended", {1, 0, 1}, {0, 1}},
                                            {"Truchet_exponent", 2, {0.1, 2}, ParameterKind::real_nonzero, {0.001, 2}},
                                            {"Truchet_arc_width", 0.5, {0.001, 1}, ParameterKind::real_nonzero, {0.001, 1}},
                                            {"Truchet_rotation", 0, {-kHalfTurn, kHalfTurn}},
                                            {"Truchet_size", 1, {0.1, 4}, ParameterKind::real, {0.001, kUnlimited.high}},
                                            {"Truchet_seed", 50, {0, 100}}};

// Derived: the tile's scale, half the width of an arc, the seed without its sign.
inline void prepare_truchet(double w, Dialect dialect, double* p) {
  double n = p[1];
  p[6] = (::cos(p[3]) + ::sin(p[3])) / (w == 0 ? 1e-300 : w);
  p[7] = 0.5 * (::pow(2.0, 1.0 / n) - 1.0) * (dialect == Dialect::ember_1_0_0_14 ? p[2] : fmin(n, 1.0));
  p[8] = fmin(::fabs(p[5]), 1e9);
}

// Which of a tile's two drawings a cell shows; doubles, because the pseudo-random sequence needs their digits.
inline bool truchet_turned(double x, double y, double seed, bool extended) {
  if (seed == 0 || seed == 1) return extended ? seed == 1 : seed < 1;
  if (extended) {
    double steps = ::fabs(x + y + x * y);
    if (!(steps < 1e9)) return false;
    uint64_t q = uint64_t(seed) + uint64_t(steps);
    for (int i = steps < 20 ? int(steps) : 20; i > 0; --i) q = (q * 32747u + 12345u) % 65535u;
    return q % 2 == 1;
  }
  double scale = ::sqrt(1.5 * seed) / (2 * seed), i = scale * x, j = scale * y;
  double q = ::fmod((i + j + i * j + seed) * scale * 0.5 * 32747 + 12345, 65535.0);
  return ::fmod(q, 2.0) < 1;
}

template <class T>
void truchet(const Call<T>& c, Point<T>& sum) {
  T n = c.p[1], size = c.p[4], scale = c.p[6], half_width = c.p[7], seed = c.p[8];
  bool extended = c.p[0] != 0;
  Vec<T> x = c.in.x, y = c.in.y, u = x * scale, v = y * scale, s = u - floor(u), t = v - floor(v);
  Mask<T> turned;
  Vec<T> column = rounded<T>(x), row = rounded<T>(y);
  for (int lane = 0; lane < kLanes; ++lane) turned[lane] = truchet_turned(column[lane], row[lane], seed, extended) ? -1 : 0;
  Vec<T> p1 = select<T>(turned, s, T(1) - s), p2 = T(1) - p1;
  auto norm = [&](Vec<T> a, Vec<T> b) {
    if (n == 2) return sqrt(a * a + b * b);
    return power_of<T>(power_of<T>(a, n) + power_of<T>(b, n), T(1) / n);
  };
  Mask<T> first = abs(norm(p1, t) - T(0.5)) < half_width, second = abs(norm(p2, T(1) - t) - T(0.5)) < half_width;
  Vec<T> times = select<T>(first, T(1), T(0)) + select<T>(second, T(1), T(0));
  // No weight factor. The whole numbers are joined first: s + floor(x) would lose the digits of a small u.
  add_flat(sum, times * size * (u - (floor(u) - floor(x))), times * size * (v - (floor(v) - floor(y))));
}

constexpr Parameter glynnsim2_parameters[] = {{"GlynnSim2_radius", 1, {0, 2}, ParameterKind::real, kNotNegative},
                                              {"GlynnSim2_thickness", 0.1, {0, 1}, ParameterKind::real, {0, 1}},
                                              {"GlynnSim2_contrast", 0.5, {0, 1}, ParameterKind::real, {0, 1}},
                                              {"GlynnSim2_pow", 1.5, {0, 4}},
                                              {"GlynnSim2_Phi1", 0, {0, 360}},
                                              {"GlynnSim2_Phi2", 360, {0, 360}}};

// Derived: the ring's outer radius, how far in it reaches, the exponent without its sign, where the ring begins, its angle.
inline void prepare_glynnsim2(double, Dialect, double* p) {
  double radius = p[0], thickness = p[1], outer = radius + thickness, degree = kPi<double> / 180;
  p[6] = outer, p[7] = thickness * (2 * radius + thickness) / (outer == 0 ? kSmallest : outer);
  p[8] = ::fabs(p[3]), p[9] = p[4] * degree, p[10] = (p[5] - p[4]) * degree;
}

template <class T>
void glynnsim2(const Call<T>& c, Point<T>& sum) {
  T radius = c.p[0], contrast = c.p[2];
  Vec<T> r = c.radius(), u = c.uniform(), s, k;
  Mask<T> inside = r < radius;
  Vec<T> rho = c.w * (c.p[6] - c.p[7] * u);
  sincos(c.p[9] + c.p[10] * c.uniform(), s, k);
  Vec<T> alpha = radius / c.nonzero(r);
  Vec<T> pull = select<T>(u > contrast * power_of<T>(alpha, c.p[8]), c.w, c.w * alpha * alpha);
  add_flat(sum, select<T>(inside, rho * k, pull * c.in.x), select<T>(inside, rho * s, pull * c.in.y));
}

constexpr Parameter crackle_parameters[] = {{"crackle_cellsize", 1, {0.05, 2}, ParameterKind::real, {0.0001, kUnlimited.high}},
                                            {"crackle_power", 0.2, {0, 2}},
                                            {"crackle_distort", 0, {0, 1}},
                                            {"crackle_scale", 1, {0, 2}},
                                            {"crackle_z", 0, {0, 4}}};

template <class T>
void crackle(const Call<T>& c, Point<T>& sum) {
  T half = T(0.5) * c.p[0], power = c.p[1], distort = c.p[2], scale = c.p[3], layer = T(2.5) * c.p[4];
  Vec<T> b = T(0.5) * (c.uniform() + c.uniform()) + T(0.25) * (c.uniform() - T(0.5)), ux, uy;
  c.direction(ux, uy);
  ux *= b, uy *= b;
  auto centre = [&](Vec<T> i, Vec<T> j, Vec<T>& x, Vec<T>& y) {
    x = i, y = j;
    if (distort != 0) {
      x += distort * simplex_noise<T>(T(2.5) * i, T(2.5) * j, Vec<T>(layer));
      y += distort * simplex_noise<T>(T(2.5) * j + T(30.2), T(2.5) * i - T(12.1), Vec<T>(layer + T(19.8)));
    }
    x *= half, y *= half;
  };
  Vec<T> i = floor(ux / half), j = floor(uy / half), best = T(1e30), bi = i, bj = j, px = T(0), py = T(0);
  for (int di = -1; di <= 1; ++di)
    for (int dj = -1; dj <= 1; ++dj) {
      Vec<T> x, y;
      centre(i + T(di), j + T(dj), x, y);
      Vec<T> d = square<T>(x - ux) + square<T>(y - uy);
      Mask<T> nearer = d < best;
      best = select<T>(nearer, d, best), bi = select<T>(nearer, i + T(di), bi), bj = select<T>(nearer, j + T(dj), bj);
      px = select<T>(nearer, x, px), py = select<T>(nearer, y, py);
    }
  Vec<T> voronoi = T(-1e30);
  for (int di = -1; di <= 1; ++di)
    for (int dj = -1; dj <= 1; ++dj) {
      if (di == 0 && dj == 0) continue;
      Vec<T> x, y;
      centre(bi + T(di), bj + T(dj), x, y);
      x -= px, y -= py;
      voronoi = max(voronoi, T(2) * ((ux - px) * x + (uy - py) * y) / c.nonzero(x * x + y * y));
    }
  Vec<T> r = power_of<T>(abs(voronoi), power) * scale / c.nonzero(voronoi);
  add_flat(sum, c.w * (px + (ux - px) * r), c.w * (py + (uy - py) * r));
}

}  // namespace bloom::BLOOM_ISA
