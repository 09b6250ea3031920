// Variations of the plane in terms of radius and angle, with parameters.
#pragma once
#include "variation_math.h"

namespace bloom::BLOOM_ISA {

constexpr Parameter blob_parameters[] = {{"blob_low", 0, {0.2, 0.7}}, {"blob_high", 1, {0.8, 1.2}}, {"blob_waves", 1, {2, 6}}};

template <class T>
void blob(const Call<T>& c, Point<T>& sum) {
  T low = c.p[0], half_range = T(0.5) * (c.p[1] - low), waves = c.p[2];
  Vec<T> k = c.w * (low + half_range + half_range * sin(waves * c.theta()));
  add_flat(sum, k * c.in.x, k * c.in.y);
}

constexpr Parameter fan2_parameters[] = {{"fan2_x", {0.70710678118654752, 0}, {-1, 1}}, {"fan2_y", {-0.70710678118654752, 0}, {-1, 1}}};

// Derived: the sector's angle, sine and cosine of its half.
inline void prepare_fan2(double, Dialect dialect, double* p) {
  double square = p[0] * p[0];
  p[2] = kPi<double> * (dialect == Dialect::flam3 ? square + 1e-10 : square == 0 ? kSmallest : square);
  p[3] = ::sin(p[2] / 2), p[4] = ::cos(p[2] / 2);
}

template <class T>
void fan2(const Call<T>& c, Point<T>& sum) {
  T tau = c.p[2];
  Vec<T> x = c.w * c.in.x, y = c.w * c.in.y;
  Mask<T> back = remainder(c.theta() + c.p[1], Vec<T>(tau)) > T(0.5) * tau;
  turn<T>(x, y, select<T>(back, c.p[3], -c.p[3]), Vec<T>(c.p[4]));
  add_with_z(sum, x, y, c);
}

constexpr Parameter rings2_parameters[] = {{"rings2_val", {1, 0}, {0, 2}}};

template <class T>
void rings2(const Call<T>& c, Point<T>& sum) {
  T kappa = c.guard(c.p[0] * c.p[0]), twice = T(2) * kappa;
  Vec<T> r = c.radius();
  Vec<T> k = c.w * (r - twice * trunc((r + kappa) / twice) + r * (T(1) - kappa)) / c.nonzero(r);
  add_with_z(sum, k * c.in.x, k * c.in.y, c);
}

constexpr Parameter ngon_parameters[] = {{"ngon_sides", 5, {3, 12}, ParameterKind::integer_nonzero},
                                         {"ngon_power", 3, {1, 4}},
                                         {"ngon_circle", 1, {0, 3}},
                                         {"ngon_corners", 2, {0, 6}}};

// Derived: a side's angle and its inverse.
inline void prepare_ngon(double, Dialect, double* p) { p[4] = 2 * kPi<double> / p[0], p[5] = p[0] / (2 * kPi<double>); }

template <class T>
void ngon(const Call<T>& c, Point<T>& sum) {
  T half_power = T(0.5) * c.p[1], circle = c.p[2], corners = c.p[3];
  Vec<T> a = c.phi(), to_corner = cos(a - c.p[4] * nearest(a * c.p[5]));
  Vec<T> k = c.w * (corners * (T(1) / c.guard(to_corner) - T(1)) + circle) / c.guard(power_of<T>(c.square_radius(), half_power));
  add_with_z(sum, k * c.in.x, k * c.in.y, c);
}

constexpr Parameter disc2_parameters[] = {{"disc2_rot", 0, {0, 0.5}}, {"disc2_twist", 0, {0, 0.5}}};

// Derived: the frequency, and the offsets along x and y.
inline void prepare_disc2(double, Dialect, double* p) {
  double twist = p[1], turn = 2 * kPi<double>, k = twist > turn ? 1 + twist - turn : twist < -turn ? 1 + twist + turn : 1;
  p[2] = kPi<double> * p[0], p[3] = k * (::cos(twist) - 1), p[4] = k * ::sin(twist);
}

template <class T>
void disc2(const Call<T>& c, Point<T>& sum) {
  Vec<T> a = c.w * kInversePi<T> * c.theta(), s, k;
  sincos(c.p[2] * (c.in.x + c.in.y), s, k);
  add_flat(sum, a * (s + c.p[3]), a * (k + c.p[4]));
}

constexpr Parameter super_shape_parameters[] = {{"super_shape_m", 0, {0, 6}},
                                                {"super_shape_n1", 1, {0.1, 40}},
                                                {"super_shape_n2", 1, {0, 20}},
                                                {"super_shape_n3", 1, {0, 20}},
                                                {"super_shape_rnd", 0, {0, 1}},
                                                {"super_shape_holes", 0, {0, 1}}};

// Derived: the share of chance in the radius, and the outer exponent.
inline void prepare_super_shape(double, Dialect dialect, double* p) {
  p[6] = dialect == Dialect::flam3 ? fmin(fmax(p[4], 0.0), 1.0) : p[4];
  p[7] = -1 / p[1];
}

template <class T>
void super_shape(const Call<T>& c, Point<T>& sum) {
  T quarter = T(0.25) * c.p[0], chance = c.p[6];
  Vec<T> r = c.radius(), s, k, radius = (T(1) - chance) * r - c.p[5];
  if (chance != 0) radius += chance * c.uniform();
  sincos(quarter * c.phi() + T(0.25) * kPi<T>, s, k);
  Vec<T> shape = power_of<T>(power_of<T>(abs(k), c.p[2]) + power_of<T>(abs(s), c.p[3]), c.p[7]);
  Vec<T> scale = c.w * radius * shape / r;
  add_flat(sum, scale * c.in.x, scale * c.in.y);
}

template <class T>
void polar2(const Call<T>& c, Point<T>& sum) {
  T k = c.w * kInversePi<T>;
  add_with_z(sum, k * c.theta(), T(0.5) * k * log(c.square_radius()), c);
}

constexpr Parameter whorl_parameters[] = {{"whorl_inside", {1, 0}, {0, 1}}, {"whorl_outside", {1, 0}, {0, 1}}};

template <class T>
void whorl(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), x = c.w * c.in.x, y = c.w * c.in.y;
  turn<T>(x, y, select<T>(r < c.w, c.p[0], c.p[1]) / c.nonzero(c.w - r));
  add_flat(sum, x, y);
}

constexpr Parameter lazysusan_parameters[] = {{"lazysusan_x", 0, {-2, 2}},
                                              {"lazysusan_y", 0, {-2, 2}},
                                              {"lazysusan_spin", {kHalfTurn, 0}, {-kHalfTurn, kHalfTurn}},
                                              {"lazysusan_space", 0, {-2, 2}},
                                              {"lazysusan_twist", 0, {-2, 2}}};

template <class T>
void lazysusan(const Call<T>& c, Point<T>& sum) {
  T offset_x = c.p[0], offset_y = c.p[1], spin = c.p[2], space = c.p[3], twist = c.p[4], moved = c.dialect == Dialect::flam3 ? T(1) : c.w;
  Vec<T> x = c.in.x - offset_x, y = c.in.y + offset_y, r = sqrt(x * x + y * y), turned_x = x, turned_y = y;
  turn<T>(turned_x, turned_y, spin + twist * (c.w - r));
  Mask<T> inside = r < c.w;
  Vec<T> k = T(1) + space / c.nonzero(r);
  x = c.w * select<T>(inside, turned_x, k * x) + moved * offset_x;
  y = c.w * select<T>(inside, turned_y, k * y) - moved * offset_y;
  add_with_z(sum, x, y, c);
}

constexpr Parameter epispiral_parameters[] = {{"epispiral_n", 6, {1, 12}}, {"epispiral_thickness", 0, {0, 1}}, {"epispiral_holes", 1, {-1, 2}}};

template <class T>
void epispiral(const Call<T>& c, Point<T>& sum) {
  T n = c.p[0], thickness = c.p[1], holes = c.p[2];
  Vec<T> a = c.phi(), s, k, t, inverse = T(1) / c.nonzero(cos(n * a));
  if (c.dialect == Dialect::ember_1_0_0_14)
    t = c.w * (c.uniform() * thickness * inverse - holes);
  else
    t = (thickness == 0 ? Vec<T>(c.w) : c.w * thickness * c.uniform()) * inverse - c.w * holes;
  sincos(a, s, k);
  add_flat(sum, t * k, t * s);
}

constexpr Parameter z_shapes_parameters[] = {{"z_hypergon", 0, {-1, 1}},
                                             {"z_hypergon_n", 4, {3, 12}, ParameterKind::integer, {3, kUnlimited.high}},
                                             {"z_hypergon_r", 1, {0, 2}},
                                             {"z_star", 0, {-1, 1}},
                                             {"z_star_n", 5, {3, 12}, ParameterKind::integer, {3, kUnlimited.high}},
                                             {"z_star_slope", kHalfTurn / 2, {0.1, kHalfTurn / 2}, ParameterKind::real, {kSmallest, kHalfTurn / 2}},
                                             {"z_lituus", 0, {-1, 1}},
                                             {"z_lituus_a", 1, {-2, 2}},
                                             {"z_super", 0, {-1, 1}},
                                             {"z_super_m", 1, {0, 12}},
                                             {"z_super_n1", 1, {0.1, 10}, ParameterKind::real_nonzero},
                                             {"z_super_n2", 1, {0, 10}},
                                             {"z_super_n3", 1, {0, 10}}};

// Derived: the hypergon's distance, the star's slope, the super shape's outer exponent, half a corner of hypergon and star.
inline void prepare_z_shapes(double, Dialect, double* p) {
  double slope = p[5];
  p[13] = ::sqrt(1 + p[2] * p[2]);
  p[14] = ::tan(::fabs(slope - kPi<double> / 2) < 0.05 ? slope - 0.05 : slope);
  p[15] = -1 / p[10];
  p[16] = kPi<double> / p[1], p[17] = kPi<double> / p[4];
}

template <class T>
void z_shapes(const Call<T>& c, Point<T>& sum) {
  const T* p = c.p;
  Vec<T> a = c.phi(), r = c.radius(), total = r;
  if (p[0] != 0) {
    T d = p[13];
    Vec<T> v = tan(remainder(abs(a), Vec<T>(T(2) * p[16])) - p[16]), tau = v * v + T(1);
    total += p[0] * select<T>(tau >= d * d, Vec<T>(T(1)), (d - sqrt(nonnegative<T>(d * d - tau))) / sqrt(tau));
  }
  if (p[3] != 0) {
    T sigma = p[14];
    Vec<T> tau = abs(tan(remainder(abs(a), Vec<T>(T(2) * p[17])) - p[17]));
    total += p[3] * sqrt(sigma * sigma * (T(1) + tau * tau) / square<T>(tau + sigma));
  }
  if (p[6] != 0) total += p[6] * power_of<T>(abs(a * kInversePi<T> + T(1)), -p[7]);
  if (p[8] != 0) {
    Vec<T> s, k;
    sincos(T(0.25) * p[9] * a, s, k);
    total += p[8] * power_of<T>(power_of<T>(abs(k), p[11]) + power_of<T>(abs(s), p[12]), p[15]);
  }
  // On the x axis where the angle is that of a point at the origin.
  Vec<T> scale = c.w * total / select<T>(r == T(0), T(1), r);
  add_flat(sum, scale * select<T>(r == T(0), T(1), c.in.x), scale * c.in.y);
}

constexpr Parameter swirl3_parameters[] = {{"swirl3_shift", 0.5, {-2, 2}}};

template <class T>
void swirl3(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.w * c.in.x, y = c.w * c.in.y;
  turn<T>(x, y, T(0.5) * c.p[0] * log(c.square_radius()));
  add_flat(sum, x, y);
}

constexpr Parameter swirl3r_parameters[] = {{"swirl3r_shift", 0.5, {-2, 2}},
                                            {"swirl3r_min", 0.5, {0, 2}, ParameterKind::real, kNotNegative},
                                            {"swirl3r_max", 1, {0, 2}, ParameterKind::real, kNotNegative}};

// Derived: the radii between which the turn grows, and the turns within and beyond them.
inline void prepare_swirl3r(double, Dialect, double* p) {
  p[3] = fmin(p[1], p[2]), p[4] = fmax(p[1], p[2]);
  for (int i = 0; i < 2; ++i) p[5 + i] = p[3 + i] > 0 ? p[0] * ::log(p[3 + i]) : 0;
}

template <class T>
void swirl3r(const Call<T>& c, Point<T>& sum) {
  Vec<T> q = c.square_radius(), x = c.w * c.in.x, y = c.w * c.in.y, angle = T(0.5) * c.p[0] * log(q);
  angle = select<T>(q < c.p[3] * c.p[3], Vec<T>(c.p[5]), select<T>(q > c.p[4] * c.p[4], Vec<T>(c.p[6]), angle));
  turn<T>(x, y, angle);
  add_flat(sum, x, y);
}

}  // namespace bloom::BLOOM_ISA
