// Variations that take one of several branches of a root at random, and their kin: wedges and complex powers.
#pragma once
#include "variation_math.h"

namespace bloom::BLOOM_ISA {

// How many branches a root of a real power has. flam3 draws from all |power| of them, the last one in part; Ember from the
// whole ones, and from very many where there are none.
inline double branches(double power, Dialect dialect) {
  double magnitude = ::fabs(power);
  if (dialect == Dialect::flam3) return magnitude;
  return magnitude >= 1 ? ::floor(magnitude) : 1024;
}

constexpr Parameter julian_parameters[] = {{"julian_power", 1, {-6, 6}}, {"julian_dist", 1, {-2, 2}}};

// Derived: branches, a branch's angle, 1/power, the exponent of the squared radius.
inline void prepare_julian(double, Dialect dialect, double* p) {
  p[2] = branches(p[0], dialect), p[3] = 2 * kPi<double> / p[0], p[4] = 1 / p[0], p[5] = p[1] / (2 * p[0]);
}

template <class T>
void julian(const Call<T>& c, Point<T>& sum) {
  T power = c.p[0], dist = c.p[1];
  if (dist == 1 && (power == 2 || power == -2)) {
    Vec<T> r = c.radius(), re, im, w = c.w * c.sign();
    complex_root<T>(c.in.x, c.in.y, r, re, im);
    if (power < 0) w /= r, im = -im;
    add_with_z(sum, w * re, w * im, c);
    return;
  }
  Vec<T> s, k, r = c.w * power_of<T>(c.square_radius(), c.p[5]);
  sincos(c.phi() * c.p[4] + c.branch(c.p[2]) * c.p[3], s, k);
  add_with_z(sum, r * k, r * s, c);
}

constexpr Parameter juliascope_parameters[] = {{"juliascope_power", 1, {-6, 6}, ParameterKind::real_nonzero}, {"juliascope_dist", 1, {-2, 2}}};

// Its branches are flam3's in every program.
inline void prepare_juliascope(double w, Dialect, double* p) { prepare_julian(w, Dialect::flam3, p); }

template <class T>
void juliascope(const Call<T>& c, Point<T>& sum) {
  Vec<T> branch = c.branch(c.p[2]), half = T(0.5) * branch, phi = c.phi(), s, k, r = c.w * power_of<T>(c.square_radius(), c.p[5]);
  Mask<T> even = half == floor(half);
  sincos(select<T>(even, phi, -phi) * c.p[4] + branch * c.p[3], s, k);
  add_with_z(sum, r * k, r * s, c);
}

// The wedges fold the angle a: a whole number of times `angle` is cut out, and the rest drawn together.
template <class T>
inline Vec<T> wedge_angle(Vec<T> a, T angle, T count, T rest) {
  Vec<T> m = floor(count * a * (T(0.5) * kInversePi<T>) + T(0.5));
  return a * rest + m * angle;
}
inline double wedge_rest(double angle, double count) { return 1 - angle * count / (2 * kPi<double>); }

constexpr Parameter wedge_parameters[] = {{"wedge_angle", {kHalfTurn / 2, 0}, {0, kHalfTurn}},
                                          {"wedge_hole", 0, {-0.5, 0.5}},
                                          {"wedge_count", {2, 1}, {1, 5}, ParameterKind::integer, kAtLeastOne},
                                          {"wedge_swirl", 0, {0, 1}}};

// Derived: the share of the circle that is left.
inline void prepare_wedge(double, Dialect, double* p) { p[4] = wedge_rest(p[0], p[2]); }

template <class T>
void wedge(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), s, k, length = c.w * (r + c.p[1]);
  sincos(wedge_angle<T>(c.phi() + c.p[3] * r, c.p[0], c.p[2], c.p[4]), s, k);
  add_with_z(sum, length * k, length * s, c);
}

constexpr Parameter wedge_sph_parameters[] = {{"wedge_sph_angle", {kHalfTurn / 2, 0}, {0, kHalfTurn}},
                                              {"wedge_sph_hole", 0, {-0.5, 0.5}},
                                              {"wedge_sph_count", {2, 1}, {1, 5}, ParameterKind::integer, kAtLeastOne},
                                              {"wedge_sph_swirl", 0, {0, 1}}};
constexpr auto prepare_wedge_sph = prepare_wedge;

template <class T>
void wedge_sph(const Call<T>& c, Point<T>& sum) {
  Vec<T> rho = T(1) / c.guard(c.radius()), s, k, length = c.w * (rho + c.p[1]);
  sincos(wedge_angle<T>(c.phi() + c.p[3] * rho, c.p[0], c.p[2], c.p[4]), s, k);
  add_flat(sum, length * k, length * s);
}

constexpr Parameter wedge_julia_parameters[] = {{"wedge_julia_angle", 0, {0, kHalfTurn}},
                                                {"wedge_julia_count", 1, {1, 3}},
                                                {"wedge_julia_power", 1, {-6, 6}},
                                                {"wedge_julia_dist", 0, {-2, 2}}};

// Derived: branches, a branch's angle, 1/power, the exponent of the squared radius, the share of the circle that is left.
inline void prepare_wedge_julia(double, Dialect dialect, double* p) {
  double power = p[2];
  p[4] = branches(power, dialect), p[5] = 2 * kPi<double> / power, p[6] = 1 / power, p[7] = p[3] / (2 * power), p[8] = wedge_rest(p[0], p[1]);
}

template <class T>
void wedge_julia(const Call<T>& c, Point<T>& sum) {
  Vec<T> a = c.phi() * c.p[6] + c.branch(c.p[4]) * c.p[5], s, k, r = c.w * power_of<T>(c.square_radius(), c.p[7]);
  sincos(wedge_angle<T>(a, c.p[0], c.p[1], c.p[8]), s, k);
  add_flat(sum, r * k, r * s);
}

// A complex power c + id of the point, by way of its complex logarithm, turned by an angle.
template <class T>
inline void complex_power(const Call<T>& call, T c, T d, Vec<T> turn, Vec<T>& x, Vec<T>& y) {
  Vec<T> phi = call.phi(), length = T(0.5) * log(call.square_radius()), s, k, m = call.w * exp(c * length - d * phi);
  sincos(c * phi + d * length + turn, s, k);
  x = m * k, y = m * s;
}

constexpr Parameter cpow_parameters[] = {{"cpow_r", 1, {0, 3}},
                                         {"cpow_i", 0, {-0.5, 0.5}},
                                         {"cpow_power", 1, {1, 5}, ParameterKind::integer_nonzero}};

// Derived: the exponent's parts, a branch's angle.
inline void prepare_cpow(double, Dialect, double* p) { p[3] = p[0] / p[2], p[4] = p[1] / p[2], p[5] = 2 * kPi<double> / p[2]; }

template <class T>
void cpow(const Call<T>& c, Point<T>& sum) {
  Vec<T> x, y;
  complex_power<T>(c, c.p[3], c.p[4], floor(c.p[2] * c.uniform()) * c.p[5], x, y);
  add_flat(sum, x, y);
}

constexpr Parameter escher_parameters[] = {{"escher_beta", {3, 0}, {-kHalfTurn, kHalfTurn}}};

// Derived: the exponent's parts.
inline void prepare_escher(double, Dialect, double* p) { p[1] = 0.5 * (1 + ::cos(p[0])), p[2] = 0.5 * ::sin(p[0]); }

template <class T>
void escher(const Call<T>& c, Point<T>& sum) {
  Vec<T> x, y;
  complex_power<T>(c, c.p[1], c.p[2], Vec<T>(T(0)), x, y);
  add_with_z(sum, x, y, c);
}

constexpr Parameter julia3d_parameters[] = {{"julia3D_power", 2, {-6, 6}, ParameterKind::integer_nonzero}};

// Derived: 1/power, |power|, the exponent of the squared length, a branch's angle, 1/|power|.
inline void prepare_julia3d(double, Dialect, double* p) {
  double n = p[0];
  p[1] = 1 / n, p[2] = ::fabs(n), p[3] = (1 / n - 1) / 2, p[4] = 2 * kPi<double> / n, p[5] = 1 / ::fabs(n);
}

template <class T>
void julia3d(const Call<T>& c, Point<T>& sum) {
  T n = c.p[0];
  Vec<T> zeta = c.in.z * c.p[5], q = c.square_radius(), length = q + zeta * zeta, r = sqrt(q), rho, s, k;
  if (n == 2 || n == -2) {
    Vec<T> root = sqrt(length);
    rho = c.w / (n > 0 ? sqrt(root) : root * sqrt(root));
    complex_root<T>(c.in.x, c.in.y, r, k, s);
    r = sqrt(r) * c.sign();
    if (n < 0) s = -s;
  } else {
    rho = c.w * power_of<T>(length, c.p[3]);
    sincos(c.phi() * c.p[1] + c.branch(c.p[2]) * c.p[4], s, k);
  }
  r *= rho;
  add(sum, r * k, r * s, rho * zeta);
}

constexpr Parameter julia3dz_parameters[] = {{"julia3Dz_power", 2, {-6, 6}, ParameterKind::integer_nonzero}};
constexpr auto prepare_julia3dz = prepare_julia3d;

template <class T>
void julia3dz(const Call<T>& c, Point<T>& sum) {
  T n = c.p[0];
  Vec<T> r = c.radius(), rho, s, k;
  if (n == 2 || n == -2) {
    Vec<T> turned = c.w * c.sign(), root = sqrt(r);
    complex_root<T>(c.in.x, c.in.y, r, k, s);
    rho = c.w * (n > 0 ? root : T(1) / root);
    if (n < 0) turned /= r, s = -s;
    add_flat(sum, turned * k, turned * s);
  } else {
    rho = c.w * power_of<T>(r, c.p[1]);
    sincos(c.phi() * c.p[1] + c.branch(c.p[2]) * c.p[4], s, k);
    add_flat(sum, rho * k, rho * s);
  }
  sum.z += rho * c.in.z * c.p[5] / c.nonzero(r);
}

constexpr Parameter julia3dq_parameters[] = {{"julia3Dq_power", 3, {-6, 6}, ParameterKind::integer_nonzero},
                                             {"julia3Dq_divisor", 2, {-6, 6}, ParameterKind::integer_nonzero}};

// Derived: divisor/power, |power|, the exponent of the squared length, a branch's angle, |divisor/power|.
inline void prepare_julia3dq(double, Dialect, double* p) {
  double v = p[1] / p[0];
  p[2] = v, p[3] = ::fabs(p[0]), p[4] = (v - 1) / 2, p[5] = 2 * kPi<double> / p[0], p[6] = ::fabs(v);
}

template <class T>
void julia3dq(const Call<T>& c, Point<T>& sum) {
  Vec<T> zeta = c.in.z * c.p[6], q = c.square_radius(), s, k, rho = c.w * power_of<T>(q + zeta * zeta, c.p[4]), r = rho * sqrt(q);
  sincos(c.phi() * c.p[2] + c.branch(c.p[3]) * c.p[5], s, k);
  add(sum, r * k, r * s, rho * zeta);
}

constexpr Parameter julian3dx_parameters[] = {{"julian3Dx_dist", 1, {-2, 2}},
                                              {"julian3Dx_power", 2, {-6, 6}, ParameterKind::integer_nonzero},
                                              {"julian3Dx_a", 1, {-1, 1}},
                                              {"julian3Dx_b", 0, {-1, 1}},
                                              {"julian3Dx_c", 0, {-1, 1}},
                                              {"julian3Dx_d", 1, {-1, 1}},
                                              {"julian3Dx_e", 0, {-1, 1}},
                                              {"julian3Dx_f", 0, {-1, 1}}};

// Derived: 1/power, |power|, the exponent of the squared length, a branch's angle, 1/|power|.
inline void prepare_julian3dx(double, Dialect, double* p) {
  double n = p[1];
  p[8] = 1 / n, p[9] = ::fabs(n), p[10] = (p[0] / n - 1) / 2, p[11] = 2 * kPi<double> / n, p[12] = 1 / ::fabs(n);
}

template <class T>
void julian3dx(const Call<T>& c, Point<T>& sum) {
  const T* p = c.p;
  Vec<T> zeta = c.in.z * p[12], q = c.square_radius(), s, k, rho = c.w * power_of<T>(q + zeta * zeta, p[10]), r = rho * sqrt(q);
  Vec<T> a = atan2(p[4] * c.in.x + p[5] * c.in.y + p[7], p[2] * c.in.x + p[3] * c.in.y + p[6]);
  sincos(a * p[8] + c.branch(p[9]) * p[11], s, k);
  add(sum, r * k, r * s, rho * zeta);
}

}  // namespace bloom::BLOOM_ISA
