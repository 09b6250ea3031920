// Hyperbolic motions of space, and functions of the quaternion x + yi + zj.
#pragma once
#include "variation_math.h"

namespace bloom::BLOOM_ISA {

// Derived at p[to]: the distance of the tiling's centre, for p sides and q of them around a corner.
inline double tile_distance(double p, double q) {
  double a = ::cos(2 * kPi<double> / p), b = ::cos(2 * kPi<double> / q), v = (1 - a) / (a + b);
  return v > 0 ? 1 / ::sqrt(1 + v) : 1;
}

// The inversion about the centre (cx, cy), of distance r, with q the squared length of the point.
template <class T>
inline void hyperbolic_inversion(const Call<T>& c, Vec<T> cx, Vec<T> cy, T r, Vec<T> q, Point<T>& sum) {
  Vec<T> x = c.in.x, y = c.in.y, difference = cx * cx - cy * cy;
  Vec<T> k = c.w / c.nonzero(r * r * q + T(2) * (cx * x - cy * y) + T(1));
  add(sum, k * (x * (T(1) + difference) - cx * (T(2) * cy * y - q - T(1))), k * (y * (T(1) - difference) - cy * (T(2) * cx * x + q + T(1))),
      k * c.in.z * (T(1) - r * r));
}

constexpr Range kTileSides{3, 2147483647};
constexpr Parameter hypertile3d_parameters[] = {{"hypertile3D_p", 3, {3, 12}, ParameterKind::integer, kTileSides},
                                                {"hypertile3D_q", 7, {3, 12}, ParameterKind::integer, kTileSides},
                                                {"hypertile3D_n", 0, {0, 12}, ParameterKind::integer}};

// Derived: the centre's distance and place.
inline void prepare_hypertile3d(double, Dialect, double* p) {
  double angle = 2 * kPi<double> * p[2] / p[0];
  p[3] = tile_distance(p[0], p[1]), p[4] = p[3] * ::cos(angle), p[5] = p[3] * ::sin(angle);
}

template <class T>
void hypertile3d(const Call<T>& c, Point<T>& sum) {
  // Ember takes z where its square is meant.
  hyperbolic_inversion<T>(c, Vec<T>(c.p[4]), Vec<T>(c.p[5]), c.p[3], c.square_radius() + c.in.z, sum);
}

constexpr Parameter hypertile3d1_parameters[] = {{"hypertile3D1_p", 3, {3, 12}, ParameterKind::integer, kTileSides},
                                                 {"hypertile3D1_q", 7, {3, 12}, ParameterKind::integer, kTileSides}};

// Derived: the centre's distance, the angle between tiles.
inline void prepare_hypertile3d1(double, Dialect, double* p) { p[2] = tile_distance(p[0], p[1]), p[3] = 2 * kPi<double> / p[0]; }

template <class T>
void hypertile3d1(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  sincos(c.branch(c.p[0]) * c.p[3], s, k);
  hyperbolic_inversion<T>(c, c.p[2] * k, c.p[2] * s, c.p[2], c.square_length(), sum);
}

constexpr Parameter hypertile3d2_parameters[] = {{"hypertile3D2_p", 3, {3, 12}, ParameterKind::integer, kTileSides},
                                                 {"hypertile3D2_q", 7, {3, 12}, ParameterKind::integer, kTileSides}};
constexpr auto prepare_hypertile3d2 = prepare_hypertile3d1;

template <class T>
void hypertile3d2(const Call<T>& c, Point<T>& sum) {
  T r = c.p[2];
  Vec<T> q = c.square_length(), k = c.w / c.nonzero(r * r * q + T(2) * r * c.in.x + T(1));
  Vec<T> x = k * (c.in.x * (T(1) + r * r) + r * (q + T(1))), y = k * c.in.y * (T(1) - r * r);
  turn<T>(x, y, -c.branch(c.p[0]) * c.p[3]);
  add(sum, x, y, k * c.in.z * (T(1) - r * r));
}

constexpr Parameter poincare3d_parameters[] = {{"poincare3D_r", 0, {-1, 1}}, {"poincare3D_a", 0, {-2, 2}}, {"poincare3D_b", 0, {-2, 2}}};

// Derived: the centre, the square of its distance.
inline void prepare_poincare3d(double, Dialect, double* p) {
  double r = p[0], a = p[1] * kPi<double> / 2, b = p[2] * kPi<double> / 2;
  p[3] = -r * ::cos(a) * ::cos(b), p[4] = r * ::sin(a) * ::cos(b), p[5] = -r * ::sin(b);
  p[6] = p[3] * p[3] + p[4] * p[4] + p[5] * p[5];
}

template <class T>
void poincare3d(const Call<T>& c, Point<T>& sum) {
  T square = c.p[6];
  Vec<T> q = c.square_length(), s = T(2) * (c.p[3] * c.in.x + c.p[4] * c.in.y + c.p[5] * c.in.z), k = c.w / c.nonzero(square * q - s + T(1));
  auto along = [&](Vec<T> v, T centre) { return k * (v * (T(1) - square) + centre * (s - q - T(1))); };
  add(sum, along(c.in.x, c.p[3]), along(c.in.y, c.p[4]), along(c.in.z, c.p[5]));
}

template <class T>
void sinq(const Call<T>& c, Point<T>& sum) {
  Vec<T> v = sqrt(c.in.y * c.in.y + c.in.z * c.in.z), s, k, sh, ch;
  sincos(c.in.x, s, k);
  sinhcosh<T>(v, sh, ch);
  Vec<T> side = c.w * k * sh / c.nonzero(v);
  add(sum, c.w * s * ch, side * c.in.y, side * c.in.z);
}

template <class T>
void cosq(const Call<T>& c, Point<T>& sum) {
  Vec<T> v = sqrt(c.in.y * c.in.y + c.in.z * c.in.z), s, k, sh, ch;
  sincos(c.in.x, s, k);
  sinhcosh<T>(v, sh, ch);
  Vec<T> side = -c.w * s * sh / c.nonzero(v);
  add(sum, c.w * k * ch, side * c.in.y, side * c.in.z);
}

// Ember's is the sine times the cosine, not over it, and over the squared length: so is this.
template <class T>
void tanq(const Call<T>& c, Point<T>& sum) {
  Vec<T> q = c.in.y * c.in.y + c.in.z * c.in.z, v = sqrt(q), s, k, sh, ch;
  sincos(c.in.x, s, k);
  sinhcosh<T>(v, sh, ch);
  Vec<T> scale = c.w / c.nonzero(c.in.x * c.in.x + q), side = scale * sh * ch / c.nonzero(v);
  add(sum, scale * s * k, side * c.in.y, side * c.in.z);
}

constexpr Parameter mobiq_parameters[] = {{"mobiq_at", 1, {-2, 2}},
                                          {"mobiq_ax", 0, {-2, 2}},
                                          {"mobiq_ay", 0, {-2, 2}},
                                          {"mobiq_az", 0, {-2, 2}},
                                          {"mobiq_bt", 0, {-2, 2}},
                                          {"mobiq_bx", 0, {-2, 2}},
                                          {"mobiq_by", 0, {-2, 2}},
                                          {"mobiq_bz", 0, {-2, 2}},
                                          {"mobiq_ct", 0, {-2, 2}},
                                          {"mobiq_cx", 0, {-2, 2}},
                                          {"mobiq_cy", 0, {-2, 2}},
                                          {"mobiq_cz", 0, {-2, 2}},
                                          {"mobiq_dt", 1, {-2, 2}},
                                          {"mobiq_dx", 0, {-2, 2}},
                                          {"mobiq_dy", 0, {-2, 2}},
                                          {"mobiq_dz", 0, {-2, 2}}};

template <class T>
struct Quaternion {
  Vec<T> t, x, y, z;
};

// (a q + b) (c q + d)^-1
template <class T>
void mobiq(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x, y = c.in.y, z = c.in.z;
  auto linear = [&](const T* a) {
    const T* b = a + 4;
    return Quaternion<T>{a[0] * x - a[1] * y - a[2] * z + b[0], a[0] * y + a[1] * x - a[3] * z + b[1], a[0] * z + a[2] * x + a[3] * y + b[2],
                         a[1] * z - a[2] * y + a[3] * x + b[3]};
  };
  Quaternion<T> n = linear(c.p), d = linear(c.p + 8);
  Vec<T> k = c.w / c.nonzero(d.t * d.t + d.x * d.x + d.y * d.y + d.z * d.z);
  add(sum, k * (n.t * d.t + n.x * d.x + n.y * d.y + n.z * d.z), k * (n.x * d.t - n.t * d.x - n.y * d.z + n.z * d.y),
      k * (n.y * d.t - n.t * d.y - n.z * d.x + n.x * d.z));
}

}  // namespace bloom::BLOOM_ISA
